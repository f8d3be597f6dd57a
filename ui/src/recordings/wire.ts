// The shapes of `/api/recordings` and of a camera's recorder, field for field.
import type { Video } from '../backend';

export interface Trouble {
  code: string;
  message: string;
}

/** Answer of `GET /api/streams/{id}/recording`. */
export interface Recorder {
  schedule: 'off' | 'always';
  /** `waiting`: wanted, but the camera sends nothing now. */
  state: 'off' | 'recording' | 'waiting' | 'failed';
  /** RFC 3339. */
  since: string | null;
  /** Id of the recording that is being written. */
  file: string | null;
  bytes: number;
  error: Trouble | null;
}

export interface Recording {
  id: string;
  stream_id: string;
  /** The camera's. */
  name: string;
  kind: 'recording' | 'clip';
  /** RFC 3339. */
  started_at: string;
  duration_seconds: number;
  bytes: number;
  codec: Video['codec'];
  width: number;
  height: number;
  in_progress: boolean;
  /** Absolute path. */
  file: string;
}

/** Answer of `GET /api/recordings`, newest first. */
export interface RecordingList {
  recordings: Recording[];
  folder: string;
  total_bytes: number;
  quota_bytes: number | null;
  free_bytes: number;
  error: Trouble | null;
}

export const recordingPath = (id: string): string => `/api/recordings/${encodeURIComponent(id)}`;
