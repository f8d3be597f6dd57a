// Zooming and panning of one tile by wheel, pointer and keys. The picture moves past React; only
// how large it is becomes state, for the indicator and the size to ask for.
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { type Hotkeys, useHotkeys } from '../app/useHotkeys';
import {
  KEY_FACTOR,
  KEY_STEP,
  type Point,
  panned,
  transformOf,
  type View,
  WHOLE,
  wheelFactor,
  zoomed,
} from './zoom';

/** A click moves less than this, in CSS pixels. */
const CLICK_MOVES = 3;
const MIDDLE: Point = { x: 0.5, y: 0.5 };

export interface Zoom {
  scale: number;
  reset: () => void;
}

/**
 * @param tile takes the wheel and the pointer
 * @param holder what the picture is in; moved and scaled
 * @param alone keys are for this tile, and nothing else wants the wheel
 */
export function useZoom(
  tile: RefObject<HTMLElement | null>,
  holder: RefObject<HTMLElement | null>,
  alone: boolean,
): Zoom {
  const view = useRef<View>(WHOLE);
  const [scale, setScale] = useState(1);
  const look = useCallback(
    (next: View) => {
      view.current = next;
      if (holder.current) holder.current.style.transform = transformOf(next);
      setScale(next.scale);
    },
    [holder],
  );
  const reset = useCallback(() => look(WHOLE), [look]);

  useEffect(() => {
    const element = tile.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      const grid = element.closest('section');
      const scrolls = grid !== null && grid.scrollHeight > grid.clientHeight;
      // A grid that scrolls keeps its wheel; pinching, and Ctrl with it, always zoom.
      if (scrolls && !alone && !event.ctrlKey && view.current.scale === 1) return;
      event.preventDefault();
      const factor = wheelFactor(event.deltaY, event.deltaMode);
      look(zoomed(view.current, factor, partOf(element, event)));
    };
    const onDown = (event: PointerEvent) => pan(element, event, view, look);
    // React's own wheel listeners are passive and could not keep the page from zooming.
    element.addEventListener('wheel', onWheel, { passive: false });
    element.addEventListener('pointerdown', onDown);
    return () => {
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('pointerdown', onDown);
    };
  }, [tile, alone, look]);

  const by = (factor: number) => () => look(zoomed(view.current, factor, MIDDLE));
  const move = (dx: number, dy: number) => () => look(panned(view.current, dx, dy));
  const sizes: Hotkeys = {
    '+': by(KEY_FACTOR),
    '=': by(KEY_FACTOR),
    '-': by(1 / KEY_FACTOR),
    0: reset,
  };
  const arrows: Hotkeys = {
    arrowleft: move(KEY_STEP, 0),
    arrowright: move(-KEY_STEP, 0),
    arrowup: move(0, KEY_STEP),
    arrowdown: move(0, -KEY_STEP),
  };
  useHotkeys(alone ? { ...sizes, ...(scale > 1 && arrows) } : {});
  return { scale, reset };
}

/** Follows a pointer that was pressed on a picture larger than its tile. */
function pan(
  element: HTMLElement,
  down: PointerEvent,
  view: RefObject<View>,
  look: (view: View) => void,
): void {
  const onControl = down.target instanceof Element && down.target.closest('button') !== null;
  if (down.button !== 0 || view.current.scale === 1 || onControl) return;
  let [x, y] = [down.clientX, down.clientY];
  let moves = false;
  const onMove = (event: PointerEvent) => {
    if (event.pointerId !== down.pointerId) return;
    const [dx, dy] = [event.clientX - x, event.clientY - y];
    if (!moves && Math.hypot(dx, dy) < CLICK_MOVES) return;
    if (!moves) element.setPointerCapture(event.pointerId);
    moves = true;
    [x, y] = [event.clientX, event.clientY];
    const { width, height } = element.getBoundingClientRect();
    look(panned(view.current, dx / width, dy / height));
  };
  const onEnd = () => {
    element.removeEventListener('pointermove', onMove);
    for (const end of ENDS) element.removeEventListener(end, onEnd);
  };
  element.addEventListener('pointermove', onMove);
  for (const end of ENDS) element.addEventListener(end, onEnd);
}

const ENDS = ['pointerup', 'pointercancel', 'pointerleave', 'lostpointercapture'] as const;

function partOf(element: HTMLElement, { clientX, clientY }: MouseEvent): Point {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: (clientX - left) / width, y: (clientY - top) / height };
}
