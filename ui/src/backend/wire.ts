// The shapes that the HTTP API and the desktop's commands answer with, field for field.

export type StreamState =
  | 'connecting'
  | 'online'
  | 'stalled'
  | 'reconnecting'
  | 'auth_failed'
  | 'error'
  | 'stopped';

export interface StreamStatus {
  state: StreamState;
  /** RFC 3339. */
  since: string;
  /** `certificate`: its fingerprint, when accepting it would mend the failure. */
  error: { code: string; message: string; certificate: string | null } | null;
  attempt: number;
  /** RFC 3339, null when no further try is planned. */
  next_try: string | null;
  /** Since when the picture has been the same, although packets arrive. */
  frozen_since?: string | null;
}

export interface Video {
  codec: 'h264' | 'h265' | 'mjpeg';
  width: number;
  height: number;
  fps: number | null;
  bitrate_kbps: number | null;
}

export interface Rendition {
  width: number;
  height: number;
}

/** How a camera is read. */
export interface Ingest {
  path: 'rtsp' | 'ffmpeg' | 'relay';
  /** Why FFmpeg has to read an RTSP camera. */
  reason: string | null;
  transport: 'tcp' | 'udp' | null;
  /** Codec of the sound, which is not carried. */
  audio: string | null;
}

export interface Stream {
  stream_id: string;
  name: string;
  /** With the password masked. */
  rtsp_url: string;
  transport?: 'tcp' | 'udp';
  mode?: 'always' | 'on_demand';
  tls_fingerprint?: string | null;
  /** The smaller stream, with its password masked. */
  substream?: { rtsp_url: string; video?: Video | null } | null;
  width: number;
  height: number;
  is_running: boolean;
  client_count: number;
  frame_count: number;
  frame_buffer_size: number;
  client_buffer_size: number;
  dropped_frames: number;
  /** RFC 3339. */
  created_at: string;
  status: StreamStatus;
  video: Video | null;
  ingest?: Ingest | null;
  /** When it is recorded, and what its recorder does now; absent where nothing records. */
  record?: 'off' | 'always';
  recording?: 'off' | 'recording' | 'waiting' | 'failed';
  renditions: Rendition[];
}

/** Answer of `GET /api/streams` and payload of the desktop's `streams` event. */
export interface StreamList {
  streams: Stream[];
}

/** Answer of `GET /api/streams/{id}/history`: one number a second, oldest first. */
export interface History {
  until: string;
  step_seconds: number;
  frames: number[];
  kbit: number[];
  keyframes: number[];
  /** RTP packets. */
  lost: number[];
  reconnects: number[];
}

/** One who reads a stream. */
export interface Consumer {
  id: number;
  kind: string;
  name: string;
  pid: number | null;
  format: string;
  stream: 'main' | 'sub';
  width: number | null;
  height: number | null;
  since: string;
  delivered_frames: number;
  dropped_frames: number;
  fps: number;
  lag_ms: number | null;
}

/** Answer of `GET /api/streams/{id}/consumers/{consumer}`. */
export interface ConsumerHistory extends Consumer {
  until: string;
  step_seconds: number;
  delivered: number[];
  dropped: number[];
  lag_ms_most: number[];
}

/** Body of `PATCH /api/streams/{id}`; what is absent stays. */
export type StreamChange = Partial<
  Omit<NewStream, 'stream_id' | 'substream_url' | 'tls_fingerprint'>
> & { substream_url?: string | null; tls_fingerprint?: string | null };

/** Body of `POST /api/streams`. */
export interface NewStream {
  stream_id: string;
  name?: string;
  rtsp_url: string;
  tls_fingerprint?: string;
  substream_url?: string;
  transport?: 'tcp' | 'udp';
  mode?: 'always' | 'on_demand';
  width?: number;
  height?: number;
}

export interface FfmpegInfo {
  path: string;
  version: string;
}

/** Answer of `GET /api/info`. */
export interface ApiInfo {
  name: string;
  version: string;
  api: string;
  ffmpeg: FfmpegInfo | null;
  /** What to do about a missing FFmpeg. */
  ffmpeg_error: string | null;
  /** What a person should know about the start, such as a damaged camera list. */
  notice: string | null;
}

/** Answer of the desktop's `app_info` command. */
export interface DesktopInfo {
  version: string;
  api_url: string;
  api_error: string | null;
  ffmpeg: FfmpegInfo | null;
  ffmpeg_error: string | null;
  tray: boolean;
  cameras_notice: string | null;
}

export interface DesktopNotifications {
  enabled: boolean;
  down_longer_than_seconds: number;
  cooldown_seconds: number;
  /** `HH:MM` in local time; both or neither. */
  quiet_from: string | null;
  quiet_to: string | null;
}

/** Answer of the desktop's `desktop_settings` and `change_settings` commands. */
export interface DesktopSettings {
  /** Null: from the environment, or the default. */
  port: number | null;
  port_in_use: number;
  token_required: boolean;
  allowed_origins: string[];
  start_at_login: boolean;
  start_hidden: boolean;
  close_to_tray: boolean;
  notifications: DesktopNotifications;
  ffmpeg_path: string | null;
  secrets: 'keyring' | 'file';
  tray: boolean;
  log_folder: string;
  data_folder: string;
}

/** What `change_settings` takes; what is absent stays. */
export type DesktopSettingsPatch = Partial<
  Omit<DesktopSettings, 'port_in_use' | 'secrets' | 'tray' | 'log_folder' | 'data_folder'>
> & {
  /** The page's language, for the tray and notifications. */
  language?: string;
};

/** `application/problem+json`. */
export interface Problem {
  status: number;
  code: string;
  error: string;
  title?: string;
  detail?: string;
}
