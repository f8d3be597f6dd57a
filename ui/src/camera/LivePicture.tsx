// The camera's picture as it is now, as large as its place in the page.
import { useLayoutEffect, useRef, useState } from 'react';
import type { Stream } from '../backend';
import { aspectOf, health } from '../cameras/health';
import { cn } from '../lib/cn';
import { TileStatus } from '../player/TileStatus';
import { useTilePicture } from '../player/useTilePicture';

const MOST_HEIGHT = '24rem';

export function LivePicture({ camera, now }: { camera: Stream; now: number }) {
  const [width, setWidth] = useState(0);
  const holder = useRef<HTMLDivElement>(null);
  const { picture, hasPicture, seenSince } = useTilePicture(
    camera,
    holder,
    { width, zoom: 1 },
    `page-picture-${camera.stream_id}`,
  );
  useLayoutEffect(() => {
    const element = holder.current;
    if (!element) return;
    const measure = () => setWidth(element.offsetWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const condition = health(camera, picture.current?.shown ?? null, seenSince.current, now);
  const aspect = aspectOf(camera) ?? 16 / 9;
  return (
    <div
      className="relative [container-type:size] w-full overflow-hidden rounded-xl bg-[#161e29]"
      // As high as this at most, and narrower then, so that nothing of the picture is cut off.
      style={{ aspectRatio: aspect, maxWidth: `calc(${MOST_HEIGHT} * ${aspect})` }}
    >
      <div
        ref={holder}
        className={cn('absolute inset-0', !condition.healthy && 'brightness-[0.4]')}
      />
      <TileStatus
        camera={{ ...camera, name: '' }}
        health={
          condition.healthy && !hasPicture ? { ...condition, state: 'connecting' } : condition
        }
        hasPicture={hasPicture}
      />
    </div>
  );
}
