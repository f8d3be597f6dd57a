// How a tile gets its pictures from a server: which of the camera's streams, and whether it is
// decoded here or there. Pure.
import type { WatchedTile } from './backend';
import type { Stream } from './wire';

export interface Way {
  /** `auto` is what the camera sends, where this browser decodes it. */
  format: 'auto' | 'jpeg';
  stream: 'main' | 'sub';
}

type Asked = Pick<WatchedTile, 'width' | 'height'>;
type Known = Pick<Stream, 'video' | 'substream'>;

/** The largest picture that a substream of unknown size is trusted to cover, as in the engine. */
const LIKELY = { width: 704, height: 576 };
/** With more pixels than this for each one shown, the server decodes: once, for everybody. */
const WASTE = 4;

/** @param camera what the server told of it last */
export function wayOf(asked: Asked, camera: Known | undefined): Way {
  if (!camera) return { format: 'jpeg', stream: 'main' };
  const sub = camera.substream;
  const stream = sub && covers(sub.video ?? LIKELY, asked) ? 'sub' : 'main';
  const video = stream === 'sub' ? sub?.video : camera.video;
  const wasteful = video != null && pixels(video) > WASTE * pixels(asked);
  return { format: wasteful ? 'jpeg' : 'auto', stream };
}

const pixels = ({ width, height }: Asked) => width * height;
const covers = (video: Asked, asked: Asked) =>
  video.width >= asked.width && video.height >= asked.height;
