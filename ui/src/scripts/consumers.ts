// Who reads a camera, and which of them are a person's own programs.
import type { Consumer } from '../backend';

/** Readers that nobody wrote. */
const OURS = ['window', 'browser', 'recorder'];

const isBrowser = ({ name }: Consumer) => name.startsWith('Mozilla/');

/** @param pages web pages count, too: they are what the person is about to write */
export function programsOf(consumers: Consumer[], pages: boolean): Consumer[] {
  return consumers.filter((one) => !OURS.includes(one.kind) && (pages || !isBrowser(one)));
}

/** `edges.py` of `fanlight-python/0.1.0 (edges.py; pid 4711)`; else the program of the user agent. */
export function programName(consumer: Consumer): string | null {
  const { name } = consumer;
  const script = /\(([^;()]+); pid \d+\)/.exec(name)?.[1];
  if (script) return script;
  if (isBrowser(consumer)) return null;
  const program = name.split(/[/ ]/, 1)[0] ?? '';
  return program === 'Lavf' ? 'FFmpeg' : program || null;
}
