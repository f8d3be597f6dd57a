// The order in which cameras are shown: swapped by hand, kept between starts. Cameras that are
// new to it come last.
import { useSyncExternalStore } from 'react';
import { isKeptAs, keep, kept } from '../lib/kept';

const KEPT_AS = 'order';
/** Cameras that are gone keep their place for a while, but the list does not grow for ever. */
const REMEMBERED = 500;

/** `items` in the order kept; those it does not know follow in the order they came in. */
export function arranged<T>(items: readonly T[], idOf: (item: T) => string, order: string[]): T[] {
  const places = new Map(order.map((id, place) => [id, place]));
  const placeOf = (item: T) => places.get(idOf(item)) ?? Number.POSITIVE_INFINITY;
  // `sort` is stable, and Infinity - Infinity is not a number.
  return [...items].sort((a, b) => {
    const [one, other] = [placeOf(a), placeOf(b)];
    return one === other ? 0 : one - other;
  });
}

/** The order after two cameras have changed places. */
export function swapped(ids: readonly string[], a: string, b: string): string[] {
  return ids.map((id) => (id === a ? b : id === b ? a : id));
}

let order = read();
const listeners = new Set<() => void>();

function read(): string[] {
  try {
    const stored: unknown = JSON.parse(kept(KEPT_AS) ?? '[]');
    return Array.isArray(stored) ? stored.filter((id) => typeof id === 'string') : [];
  } catch {
    // Damaged: then the order is the one in which cameras were added.
    return [];
  }
}

/** Keeps this order, in front of the places of cameras that are not there now. */
export function keepOrder(ids: readonly string[]): void {
  const gone = order.filter((id) => !ids.includes(id));
  order = [...ids, ...gone].slice(0, REMEMBERED);
  keep(KEPT_AS, JSON.stringify(order));
  for (const tell of listeners) tell();
}

/** Reads anew what is kept, as after another page of ours has changed it. */
export function reloadOrder(): void {
  order = read();
  for (const tell of listeners) tell();
}

export function useOrder(): string[] {
  return useSyncExternalStore(subscribe, () => order);
}

function subscribe(tell: () => void): () => void {
  const changedElsewhere = ({ key }: StorageEvent) => {
    if (isKeptAs(KEPT_AS, key) || key === null) reloadOrder();
  };
  listeners.add(tell);
  window.addEventListener('storage', changedElsewhere);
  return () => {
    listeners.delete(tell);
    window.removeEventListener('storage', changedElsewhere);
  };
}
