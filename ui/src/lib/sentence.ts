// The server's errors are clauses that fit into logs; alone on a screen they are sentences.

/** Begins with a capital (unless the first word is no plain word) and ends with a stop. */
export function sentence(clause: string): string {
  const text = clause.trim();
  if (text === '') return text;
  const start = /^[a-z]+(?=[\s,])/.test(text) ? text[0]?.toUpperCase() + text.slice(1) : text;
  return /[.!?…]$/.test(start) ? start : `${start}.`;
}
