// How tiles are taken, moved and let go: by a pointer that has moved far enough, or by keys.
// What a swap does is decided in Grid.tsx.
import {
  Accessibility,
  type defaultPreset,
  Feedback,
  KeyboardSensor,
  PointerActivationConstraints,
  PointerSensor,
} from '@dnd-kit/dom';
import { type Direction, middle, neighbour } from './neighbour';
import type { Rect } from './packing';

type Preset = (typeof defaultPreset)['plugins'];

/** A click moves less than this, in CSS pixels. */
const CLICK_MOVES = 8;
/** A finger that stays for this long takes the tile instead of scrolling, in milliseconds. */
const FINGER_STAYS_MS = 250;
/** What is pressed by itself and no part of the picture. */
const CONTROLS = 'button, a, input, select, textarea, [role=menu], [role=dialog]';

const isControl = (target: EventTarget | null) =>
  target instanceof Element && target.closest(CONTROLS) !== null;

/** Arrow keys go from tile to tile instead of pixel by pixel. */
class TileKeys extends KeyboardSensor {
  protected override handleMove(direction: Direction, event: KeyboardEvent): void {
    const { dragOperation, registry, actions } = this.manager;
    const { source, target, position } = dragOperation;
    event.preventDefault();
    const tiles: Rect[] = [];
    for (const { id, element } of registry.droppables) {
      if (element && id !== source?.id && element.getClientRects().length > 0) {
        tiles.push(element.getBoundingClientRect());
      }
    }
    // Its own place is left while it is dragged, and may be gone back to.
    tiles.push(at(position.initial));
    const here = target?.element?.getBoundingClientRect() ?? at(position.current);
    const next = neighbour(tiles, here, direction);
    if (next !== null) actions.move({ event, to: middle(tiles[next] as Rect) });
  }
}

const at = ({ x, y }: { x: number; y: number }): Rect => ({ left: x, top: y, width: 0, height: 0 });

export const SENSORS = [
  PointerSensor.configure({
    activationConstraints: ({ pointerType }) =>
      pointerType === 'touch'
        ? [new PointerActivationConstraints.Delay({ value: FINGER_STAYS_MS, tolerance: 5 })]
        : [new PointerActivationConstraints.Distance({ value: CLICK_MOVES })],
    preventActivation: ({ target, button }) => button !== 0 || isControl(target),
  }),
  TileKeys.configure({
    keyboardCodes: {
      // Enter shows the camera alone.
      start: ['Space'],
      end: ['Space', 'Enter', 'Tab'],
      cancel: ['Escape'],
      up: ['ArrowUp'],
      down: ['ArrowDown'],
      left: ['ArrowLeft'],
      right: ['ArrowRight'],
    },
    preventActivation: ({ target }) => isControl(target),
  }),
];

/**
 * The library's own words for screen readers take a tile for a button, and are English; Grid.tsx
 * says what happens. Tiles are placed absolutely, so nothing has to keep a dragged one's place.
 */
export function plugins(preset: Preset): Preset {
  const others = preset.filter((each) => each !== Accessibility && each !== Feedback);
  return [...others, Feedback.configure({ feedback: 'move', dropAnimation: null })];
}
