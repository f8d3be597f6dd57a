// A tile's figures, once a second. They are written past React: sixteen tiles would otherwise
// render each second for numbers alone.
import { type RefObject, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Stream } from '../backend';
import { type Figures, figures, type Look } from './figures';
import type { Picture } from './picture';

const EVERY_MS = 1000;
const ROWS = ['fps', 'resolution', 'codec', 'bitrate', 'latency', 'dropped', 'way'] as const;

interface OverlayProps {
  camera: Stream;
  picture: RefObject<Picture | null>;
}

export function Overlay({ camera, picture }: OverlayProps) {
  const { t } = useTranslation();
  const cells = useRef<Partial<Record<keyof Figures, HTMLElement | null>>>({});
  const current = useRef(camera);
  current.current = camera;

  useEffect(() => {
    let before: Look | null = null;
    const write = () => {
      const now: Look = { facts: picture.current?.facts() ?? null, at: performance.now() };
      const all = figures(current.current, before, now);
      for (const row of ROWS) {
        const cell = cells.current[row];
        if (cell && cell.textContent !== all[row]) cell.textContent = all[row];
      }
      before = now;
    };
    write();
    const timer = setInterval(() => document.visibilityState === 'visible' && write(), EVERY_MS);
    return () => clearInterval(timer);
  }, [picture]);

  return (
    <dl
      data-testid={`overlay-${camera.stream_id}`}
      className="pointer-events-none absolute top-2 left-2 grid grid-cols-[auto_auto] gap-x-2 rounded-lg bg-black/65 px-2 py-1.5 text-[11px] leading-4 text-white tabular-nums"
    >
      {ROWS.map((row) => (
        <div key={row} className="contents">
          <dt className="text-white/75">{t(`overlay.${row}`)}</dt>
          <dd
            data-figure={row}
            ref={(cell) => {
              cells.current[row] = cell;
            }}
          />
        </div>
      ))}
    </dl>
  );
}
