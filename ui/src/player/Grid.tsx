// The live tiles, packed into whatever room there is; or one of them alone.
import {
  DragDropProvider,
  type DragEndEvent,
  type DragOverEvent,
  type DragStartEvent,
} from '@dnd-kit/react';
import { useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useHotkeys } from '../app/useHotkeys';
import type { Stream } from '../backend';
import { rememberedAspect } from '../cameras/health';
import { plugins, SENSORS } from './dragging';
import { LayoutBar } from './LayoutBar';
import { cells, placesOf, showsWhole, storedLayout, storeLayout } from './layout';
import { keepOrder, swapped } from './order';
import { toggleOverlay } from './overlayChoice';
import { type Box, pack } from './packing';
import { Tile } from './Tile';

/** Between tiles and around them, in CSS pixels; the same as --gap in tokens.css. */
const GAP = 4;

interface GridProps {
  cameras: Stream[];
  /** Pictures only, without the line to choose a layout. */
  bare: boolean;
  soloId: string | null;
  onSolo: (streamId: string | null) => void;
  onRemove: (camera: Stream) => void;
  apiUrl: string;
}

export function Grid({ cameras, bare, soloId, onSolo, onRemove, apiUrl }: GridProps) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLElement>(null);
  const [box, setBox] = useState<Box>({ width: 0, height: 0 });
  const [layout, setLayout] = useState(storedLayout);
  const [wantedPage, setPage] = useState(0);
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

  const places = placesOf(layout) ?? Math.max(1, cameras.length);
  const pages = Math.max(1, Math.ceil(cameras.length / places));
  const page = Math.min(wantedPage, pages - 1);
  const choosing = soloId === null && cameras.length > 1;
  useHotkeys(
    choosing && pages > 1
      ? {
          pageup: () => setPage(Math.max(0, page - 1)),
          pagedown: () => setPage(Math.min(pages - 1, page + 1)),
        }
      : {},
  );

  // One camera alone fills the window in every layout.
  const arranged = choosing ? layout : 'auto';
  const shown =
    soloId === null
      ? cameras.slice(page * places, (page + 1) * places)
      : cameras.filter((c) => c.stream_id === soloId);
  // A string, because each second brings new camera objects with the same shapes.
  const shape = shown.map((c) => rememberedAspect(memory.current, c)).join(' ');
  const packing = useMemo(() => {
    const aspects = shape === '' ? [] : shape.split(' ').map(Number);
    const room = { width: box.width - 2 * GAP, height: box.height - 2 * GAP };
    if (arranged === 'auto') return pack(aspects, room, GAP);
    return cells(arranged, aspects.length, room, GAP);
  }, [shape, box, arranged]);

  useHotkeys({ o: toggleOverlay });
  const howToMove = useId();
  const [said, say] = useState('');
  const nameOf = (id: unknown) => cameras.find((c) => c.stream_id === id)?.name ?? String(id);
  const onDragStart = ({ operation: { source } }: DragStartEvent) =>
    say(t('move.taken', { name: nameOf(source?.id) }));
  const onDragOver = ({ operation: { source, target } }: DragOverEvent) =>
    say(
      target
        ? t('move.over', { name: nameOf(target.id) })
        : t('move.home', { name: nameOf(source?.id) }),
    );
  const onDragEnd = ({ operation, canceled }: DragEndEvent) => {
    const { source, target, activatorEvent } = operation;
    if (!source) return;
    // Being lifted over all others and put down takes the focus away.
    const { element } = source;
    if (activatorEvent instanceof KeyboardEvent && element instanceof HTMLElement) {
      requestAnimationFrame(() => element.focus({ preventScroll: true }));
    }
    if (canceled || !target) {
      say(t('move.kept', { name: nameOf(source.id) }));
      return;
    }
    const ids = cameras.map((c) => c.stream_id);
    keepOrder(swapped(ids, String(source.id), String(target.id)));
    say(t('move.done', { name: nameOf(source.id), other: nameOf(target.id) }));
  };

  return (
    <DragDropProvider
      sensors={SENSORS}
      plugins={plugins}
      onDragStart={onDragStart}
      onDragOver={onDragOver}
      onDragEnd={onDragEnd}
    >
      <p id={howToMove} hidden>
        {t('move.how')}
      </p>
      <p role="status" data-testid="moved" className="sr-only">
        {said}
      </p>
      {choosing && !bare && (
        <LayoutBar
          layout={layout}
          onLayout={(next) => {
            setLayout(next);
            storeLayout(next);
            setPage(0);
          }}
          page={page}
          pages={pages}
          onPage={setPage}
        />
      )}
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
                whole={
                  arranged !== 'auto' &&
                  rect !== undefined &&
                  showsWhole(rect, rememberedAspect(memory.current, camera))
                }
                alone={soloId === camera.stream_id}
                movable={choosing}
                howToMove={howToMove}
                onSolo={onSolo}
                onRemove={onRemove}
                apiUrl={apiUrl}
              />
            );
          })}
        </div>
      </section>
    </DragDropProvider>
  );
}
