// Where recordings go, how much room they take, and how far back a clip goes.
import { useApi } from '../lib/useApi';

export const RECORDING_SETTINGS = '/api/settings/recordings';

export interface RecordingSettings {
  folder: string;
  quota_bytes: number | null;
  free_bytes: number;
  segment_seconds: number;
  /** How much of each camera is kept for clips; with 0, what has come since the last keyframe. */
  clip_seconds: number;
}

/** Undefined until it is known, and of a server that records nothing. */
export const useRecordingSettings = () => useApi<RecordingSettings>(RECORDING_SETTINGS).data;
