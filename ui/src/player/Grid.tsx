// The live tiles, packed into whatever room there is; or one of them alone.
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Stream } from '../backend';
import { rememberedAspect } from '../cameras/health';
import { type Box, pack } from './packing';
import { Tile } from './Tile';

/** Between tiles and around them, in CSS pixels; the same as --gap in tokens.css. */
const GAP = 4;

interface GridProps {
  cameras: Stream[];
  soloId: string | null;
  onSolo: (streamId: string | null) => void;
  onRemove: (camera: Stream) => void;
  apiUrl: string;
}

export function Grid({ cameras, soloId, onSolo, onRemove, apiUrl }: GridProps) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLElement>(null);
  const [box, setBox] = useState<Box>({ width: 0, height: 0 });
  const memory = useRef(new Map<string, number>());

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    // offset sizes include the scroll bar, so that its coming and going changes nothing.
    const measure = () => setBox({ width: element.offsetWidth, height: element.offsetHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const shown = soloId === null ? cameras : cameras.filter((c) => c.stream_id === soloId);
  // A string, because each second brings new camera objects with the same shapes.
  const shape = shown.map((c) => rememberedAspect(memory.current, c)).join(' ');
  const packing = useMemo(() => {
    const aspects = shape === '' ? [] : shape.split(' ').map(Number);
    return pack(aspects, { width: box.width - 2 * GAP, height: box.height - 2 * GAP }, GAP);
  }, [shape, box]);

  return (
    <section
      ref={scroller}
      aria-label={t('app.cameras')}
      className="relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto [scrollbar-width:thin]"
    >
      <div className="relative" style={{ height: packing.height + 2 * GAP }}>
        {cameras.map((camera) => {
          const at = shown.indexOf(camera);
          const rect = packing.tiles[at];
          return (
            <Tile
              key={camera.stream_id}
              camera={camera}
              rect={rect && { ...rect, left: rect.left + GAP, top: rect.top + GAP }}
              alone={soloId === camera.stream_id}
              onSolo={onSolo}
              onRemove={onRemove}
              apiUrl={apiUrl}
            />
          );
        })}
      </div>
    </section>
  );
}
