// The package's public surface. The React component lives in `fanlight-client/react`.
export { backoffDelay } from './backoff';
export {
  type ClientOptions,
  type ClientStats,
  type ConnectionState,
  type ConnectionStatus,
  type FrameCallback,
  type FrameFormat,
  type FrameStats,
  RTSPStreamClient,
} from './client';
export { bgrToRgba, type FrameHeader, HEADER_BYTES, parseHeader } from './pixels';
export type { StreamInfo } from './rest';
