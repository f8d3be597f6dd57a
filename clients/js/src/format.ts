// What is asked of the server: decided from what the page wants, what the camera sends and what
// this browser decodes. Pure.

/** Codecs whose access units are sent as the camera made them, and decoded here. */
export type VideoCodec = 'h264' | 'h265';
/** What a message holds. */
export type FrameFormat = 'bgr24' | 'jpeg' | VideoCodec;
/** What a page may ask for: `auto` is the camera's own codec where it can be decoded, else JPEG. */
export type WantedFormat = 'auto' | FrameFormat;

/** The camera as the server tells of it. */
export interface Camera {
  /** Null while the camera has not been connected yet. */
  codec: string | null;
  /** The server is older than encoded streams and tells nothing of cameras. */
  silent: boolean;
}

export interface Choice {
  format: FrameFormat;
  /** Why it is not the camera's own codec although that was wished for; null otherwise. */
  fallback: string | null;
}

export function isEncoded(format: WantedFormat): format is VideoCodec {
  return format === 'h264' || format === 'h265';
}

/** Whether a choice depends on what the camera sends. */
export function dependsOnCamera(wanted: WantedFormat): wanted is 'auto' | VideoCodec {
  return wanted === 'auto' || isEncoded(wanted);
}

/**
 * @param obstacle why this codec cannot be decoded here, or null when it can
 */
export function choose(
  wanted: 'auto' | VideoCodec,
  camera: Camera,
  obstacle: (codec: VideoCodec) => string | null,
): Choice {
  if (camera.silent) {
    return { format: 'bgr24', fallback: 'the server sends raw pixels only' };
  }
  if (camera.codec === null) return jpeg('the camera has not told its codec yet');
  if (camera.codec !== 'h264' && camera.codec !== 'h265') {
    return jpeg(`the camera sends ${camera.codec}`);
  }
  if (wanted !== 'auto' && wanted !== camera.codec) return jpeg(`the camera sends ${camera.codec}`);
  const why = obstacle(camera.codec);
  return why === null ? { format: camera.codec, fallback: null } : jpeg(why);
}

function jpeg(fallback: string): Choice {
  return { format: 'jpeg', fallback };
}

/**
 * Credits to begin with. One picture: the next is asked for when this one is being drawn, so that
 * it is new then. Access units build on one another: several may be under way, so that a distant
 * server is not asked for each and waited for.
 */
export function credits(format: FrameFormat): number {
  return isEncoded(format) ? 8 : 1;
}

/** Which of a camera's two streams; `sub` is the smaller one. */
export type WhichStream = 'main' | 'sub';

export interface SocketRequest {
  format: FrameFormat;
  /** For access units; pictures come from the stream that fits their size. */
  stream?: WhichStream | undefined;
  width?: number | undefined;
  height?: number | undefined;
}

/** The WebSocket's URL. Raw pixels come without a header, which older servers do not know. */
export function socketUrl(serverUrl: string, streamId: string, request: SocketRequest): string {
  const { format, width, height } = request;
  const url = new URL(`${serverUrl}/ws/${encodeURIComponent(streamId)}`);
  if (format !== 'bgr24') {
    url.searchParams.set('format', format);
    url.searchParams.set('header', '1');
  }
  if (!isEncoded(format)) {
    if (width) url.searchParams.set('width', String(width));
    if (height) url.searchParams.set('height', String(height));
  } else if (request.stream === 'sub') url.searchParams.set('stream', 'sub');
  url.searchParams.set('credit', String(credits(format)));
  return url.href;
}
