// The shapes of `/api/scans`, field for field.
import type { Video } from '../backend';

export interface FoundStream {
  name: string | null;
  /** Without the password. */
  rtsp_url: string;
  codec: Video['codec'] | null;
  width: number | null;
  height: number | null;
  fps: number | null;
}

export interface Device {
  address: string;
  name: string | null;
  manufacturer: string | null;
  model: string | null;
  seen_by: ('onvif' | 'mdns' | 'sweep')[];
  port: number | null;
  state: 'found' | 'asking' | 'needs_sign_in' | 'ready' | 'failed';
  error: { code: string; message: string } | null;
  streams: FoundStream[];
  /** The camera that it already is in Fanlight. */
  stream_id: string | null;
}

export interface Scan {
  id: string;
  state: 'running' | 'done' | 'cancelled';
  /** Every address of the networks is tried, too. */
  sweep: boolean;
  progress: { done: number; total: number };
  networks: string[];
  notes: { code: string; message: string }[];
  found: Device[];
}

/** One camera in the body of `POST /api/scans/{id}/add`; `main` and `sub` count `streams`. */
export interface NewCamera {
  address: string;
  stream_id: string;
  name: string;
  main: number;
  sub: number | null;
}

/** Answer of `POST /api/scans/{id}/add`. */
export interface Added {
  added: string[];
  refused: { address: string; code: string; error: string }[];
}

/** User and password that a person gave for a device. */
export interface SignIn {
  username: string;
  password: string;
}
