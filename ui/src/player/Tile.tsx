// One camera's live picture. Quiet while healthy; a sick one keeps its last picture, dimmed,
// and explains itself.
import { useDraggable, useDroppable } from '@dnd-kit/react';
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Stream } from '../backend';
import { codecName } from '../cameras/codec';
import { health } from '../cameras/health';
import { TileMenu } from '../cameras/TileMenu';
import { cn } from '../lib/cn';
import { useNow } from '../lib/useNow';
import { Overlay } from './Overlay';
import { useOverlay } from './overlayChoice';
import type { Rect } from './packing';
import { TileStatus } from './TileStatus';
import { useTilePicture } from './useTilePicture';
import { useZoom } from './useZoom';
import { ZoomIndicator } from './ZoomIndicator';

/** How long a healthy tile shows its name before it goes quiet. */
const NAME_STAYS_MS = 4000;

interface TileProps {
  camera: Stream;
  /** Where it is; none while another camera is shown alone. */
  rect: Rect | undefined;
  /** Shows the whole picture on the tile's own ground instead of filling the tile. */
  whole: boolean;
  alone: boolean;
  /** Whether it can change places with another. */
  movable: boolean;
  /** Id of the element that says how. */
  howToMove: string;
  onSolo: (streamId: string | null) => void;
  onRemove: (camera: Stream) => void;
  apiUrl: string;
}

export function Tile(props: TileProps) {
  const { camera, rect, whole, alone, movable, howToMove, onSolo, onRemove, apiUrl } = props;
  const { t } = useTranslation();
  const id = camera.stream_id;
  const tile = useRef<HTMLElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const zoom = useZoom(tile, holder, alone);
  // A drag moves the picture while it is larger than the tile.
  const disabled = !movable || rect === undefined || zoom.scale > 1;
  const { ref: dragged, isDragging } = useDraggable({ id, disabled });
  const accept = useCallback((source: { id: unknown }) => source.id !== id, [id]);
  const { ref: target, isDropTarget } = useDroppable({ id, disabled, accept });
  const element = useCallback(
    (node: HTMLElement | null) => {
      tile.current = node;
      dragged(node);
      target(node);
    },
    [dragged, target],
  );
  const { picture, hasPicture, seenSince } = useTilePicture(
    camera,
    holder,
    { width: rect?.width ?? 0, zoom: zoom.scale },
    `tile-img-${id}`,
  );
  const overlay = useOverlay();
  const now = useNow(rect !== undefined);
  const condition = health(camera, picture.current?.shown ?? null, seenSince.current, now);
  const introduced = useIntroduction(condition.healthy && hasPicture);
  const toggle = () => onSolo(alone ? null : id);
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys of the menu button inside are its own.
    if (event.key !== 'Enter' || event.target !== event.currentTarget) return;
    // It has put down a tile that was moved.
    if (event.defaultPrevented) return;
    event.preventDefault();
    toggle();
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div
      ref={element}
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: Enter shows the camera alone
      tabIndex={0}
      aria-describedby={movable ? howToMove : undefined}
      aria-label={t('tile.label', { name: camera.name, state: t(`state.${condition.state}`) })}
      data-testid={`tile-${id}`}
      data-state={condition.state}
      hidden={rect === undefined}
      style={rect}
      onDoubleClick={toggle}
      onKeyDown={onKeyDown}
      className={cn(
        'group absolute [container-type:size] overflow-hidden rounded-md bg-[#161e29] text-white focus-visible:z-10 focus-visible:-outline-offset-2',
        isDragging && 'opacity-80 shadow-float',
        isDropTarget && 'outline-3 outline-accent -outline-offset-3',
      )}
    >
      <div
        ref={holder}
        className={cn(
          'absolute inset-0 origin-top-left transition-[filter] duration-300',
          whole && '[&_canvas]:object-contain [&_video]:object-contain',
          !condition.healthy && 'brightness-[0.4] saturate-50',
        )}
      />
      {condition.healthy && (
        <div
          className={cn(
            'pointer-events-none absolute inset-x-0 bottom-0 bg-linear-to-t from-black/75 to-transparent px-3 pt-8 pb-2.5 opacity-0 transition-opacity duration-300 group-hover:opacity-100 group-focus-within:opacity-100 group-focus-visible:opacity-100 pointer-coarse:opacity-100',
            introduced && 'opacity-100',
          )}
        >
          <p className="truncate text-sm font-medium">{camera.name}</p>
          <p className="truncate text-xs text-white/80 @max-[220px]:hidden">{details(camera)}</p>
        </div>
      )}
      {overlay && rect && <Overlay camera={camera} picture={picture} />}
      <ZoomIndicator streamId={id} name={camera.name} scale={zoom.scale} onReset={zoom.reset} />
      <TileStatus camera={camera} health={condition} hasPicture={hasPicture} />
      <div
        className={cn(
          'absolute top-2 right-2 opacity-0 transition-opacity group-hover:opacity-100 group-focus-within:opacity-100 group-focus-visible:opacity-100 has-data-[state=open]:opacity-100 pointer-coarse:opacity-100',
          !condition.healthy && 'opacity-100',
        )}
      >
        <TileMenu
          camera={camera}
          alone={alone}
          onToggleSolo={toggle}
          onRemove={onRemove}
          apiUrl={apiUrl}
        />
      </div>
    </div>
  );
}

/** True for a few seconds from the moment it becomes healthy. */
function useIntroduction(healthy: boolean): boolean {
  const [introducing, setIntroducing] = useState(false);
  useEffect(() => {
    if (!healthy) return;
    setIntroducing(true);
    const timer = setTimeout(() => setIntroducing(false), NAME_STAYS_MS);
    return () => clearTimeout(timer);
  }, [healthy]);
  return introducing;
}

function details({ video }: Stream): string {
  if (!video) return '';
  const parts = [`${video.width}×${video.height}`, codecName(video.codec)];
  if (video.fps) parts.push(`${Math.round(video.fps * 10) / 10} fps`);
  if (video.bitrate_kbps) parts.push(`${(video.bitrate_kbps / 1000).toFixed(1)} Mbit/s`);
  return parts.join(' · ');
}
