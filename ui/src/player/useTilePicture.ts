// Ties one element on the page to the frames of one stream: size, visibility, first picture.
import { type RefObject, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/context';
import type { Stream } from '../backend';
import type { TileHandle } from './hub';
import { Picture } from './picture';
import { renditionSize } from './size';

export interface TilePicture {
  picture: RefObject<Picture | null>;
  hasPicture: boolean;
  /** When the tile last came on screen, milliseconds since 1970. */
  seenSince: RefObject<number>;
}

/**
 * @param holder the element that the picture is put into
 * @param tile its width in CSS pixels, 0 while unknown, and how many times larger the picture is
 */
export function useTilePicture(
  stream: Stream,
  holder: RefObject<HTMLElement | null>,
  { width: cssWidth, zoom }: { width: number; zoom: number },
  testId: string,
): TilePicture {
  const { hub } = useServices();
  const picture = useRef<Picture | null>(null);
  const handle = useRef<TileHandle | null>(null);
  const seenSince = useRef(Date.now());
  const [hasPicture, setHasPicture] = useState(false);
  const streamId = stream.stream_id;

  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const shown = new Picture(element, testId, () => setHasPicture(true));
    const tile = hub.add(streamId, shown);
    picture.current = shown;
    handle.current = tile;
    const comesIntoSight = () => {
      seenSince.current = Date.now();
    };
    const sight = new IntersectionObserver((entries) => {
      const visible = entries.at(-1)?.isIntersecting ?? false;
      if (visible) comesIntoSight();
      tile.setVisible(visible);
    });
    sight.observe(element);
    document.addEventListener('visibilitychange', comesIntoSight);
    return () => {
      document.removeEventListener('visibilitychange', comesIntoSight);
      sight.disconnect();
      tile.end();
      shown.end();
      picture.current = null;
      handle.current = null;
      setHasPicture(false);
    };
  }, [hub, streamId, holder, testId]);

  const camera = cameraSize(stream);
  const cameraWidth = camera?.width ?? 0;
  const cameraHeight = camera?.height ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new handle needs the size again
  useEffect(() => {
    if (cssWidth <= 0) return;
    const known = cameraWidth > 0 && cameraHeight > 0;
    const own = { width: cameraWidth, height: cameraHeight };
    const size = () => renditionSize(cssWidth, window.devicePixelRatio, own, zoom);
    handle.current?.setSize(known ? size() : null);
  }, [hub, streamId, testId, cssWidth, zoom, cameraWidth, cameraHeight]);

  return { picture, hasPicture, seenSince };
}

/** The camera's own size; while an online camera has not told, the stream's default one. */
function cameraSize(stream: Stream): { width: number; height: number } | null {
  if (stream.video) return stream.video;
  return stream.status.state === 'online' ? stream : null;
}
