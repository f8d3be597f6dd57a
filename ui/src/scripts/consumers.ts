// Who reads a camera, and which of them are a person's own programs.

/** One entry of `GET /api/streams/{id}/consumers`. */
export interface Consumer {
  id: number | string;
  kind: string;
  /** The user agent. */
  name: string | null;
  pid: number | null;
  format: string;
  width: number;
  height: number;
  since: string;
  delivered_frames: number;
  dropped_frames: number;
  fps: number | null;
  lag_ms: number | null;
}

/** Readers that nobody wrote. */
const OURS = ['window', 'browser', 'recorder'];

const isBrowser = ({ name }: Consumer) => name?.startsWith('Mozilla/') ?? false;

/** @param pages web pages count, too: they are what the person is about to write */
export function programsOf(consumers: Consumer[], pages: boolean): Consumer[] {
  return consumers.filter((one) => !OURS.includes(one.kind) && (pages || !isBrowser(one)));
}

/** `edges.py` of `fanlight-python/0.1.0 (edges.py; pid 4711)`; else the program of the user agent. */
export function programName(consumer: Consumer): string | null {
  const { name } = consumer;
  if (!name) return null;
  const script = /\(([^;()]+); pid \d+\)/.exec(name)?.[1];
  if (script) return script;
  if (isBrowser(consumer)) return null;
  const program = name.split(/[/ ]/, 1)[0] ?? '';
  return program === 'Lavf' ? 'FFmpeg' : program || null;
}
