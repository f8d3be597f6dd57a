// The package's public surface. The React component lives in `fanlight-client/react`.
export { backoffDelay } from './backoff';
export {
  type ClientOptions,
  type ConnectionStatus,
  type FrameCallback,
  type FrameStats,
  RTSPStreamClient,
} from './client';
export type { ClientStats, ConnectionState, Drawn } from './events';
export { canFeedVideo } from './feed';
export type { FrameFormat, VideoCodec, WantedFormat, WhichStream } from './format';
export { bgrToRgba, type FrameHeader, HEADER_BYTES, parseHeader } from './pixels';
export type { StreamInfo } from './rest';
