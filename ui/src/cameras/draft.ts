// What the add form holds, and the body of `POST /api/streams` that it becomes.
import type { NewStream, Stream } from '../backend';
import { joinAddress, splitAddress } from './address';

export interface Advanced {
  /** Address of the smaller stream, without user and password. */
  substream: string;
  transport: 'tcp' | 'udp';
  mode: 'always' | 'on_demand';
  /** As typed; empty for the server's own. */
  width: string;
  height: string;
}

export interface Draft extends Advanced {
  url: string;
  user: string;
  password: string;
  name: string;
}

export const EMPTY_DRAFT: Draft = {
  url: '',
  user: '',
  password: '',
  name: '',
  substream: '',
  transport: 'tcp',
  mode: 'always',
  width: '',
  height: '',
};

/** Smallest and largest side of a picture that the API takes. */
export const SIDE = { min: 16, max: 8192 };

/** What differs from the server's own settings. A substream has the sign-in of its camera. */
export function settingsOf(draft: Draft): Partial<NewStream> {
  const { substream, transport, mode, user, password } = draft;
  const width = Number(draft.width);
  const height = Number(draft.height);
  const small = substream.trim() === '' ? null : splitAddress(substream);
  return {
    ...(small && { substream_url: joinAddress(small.user ? small : { ...small, user, password }) }),
    ...(transport !== 'tcp' && { transport }),
    ...(mode !== 'always' && { mode }),
    ...(width > 0 && height > 0 && { width, height }),
  };
}

/** The settings of another camera that a new one may share; addresses are its own. */
export function copiedFrom(camera: Stream): Omit<Advanced, 'substream'> {
  return {
    transport: camera.transport ?? 'tcp',
    mode: camera.mode ?? 'always',
    width: String(camera.width),
    height: String(camera.height),
  };
}
