// How long to wait before the next connection attempt. Pure, so that it is tested as a table.

/** First delay, in milliseconds: a server restart is usually over by then. */
export const FIRST_DELAY_MS = 500;
/** Longest delay, in milliseconds: a person who mended the server should not wait longer. */
export const MAX_DELAY_MS = 10_000;

/**
 * Milliseconds before attempt number `attempt` (0 is the first retry): doubles up to
 * `maxMs`, then the upper half of it is drawn at random so that many clients of one
 * server do not come back in step.
 */
export function backoffDelay(
  attempt: number,
  firstMs: number = FIRST_DELAY_MS,
  maxMs: number = MAX_DELAY_MS,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
