// Durations in words short enough for a tile: the largest unit that fits.
import type { TFunction } from 'i18next';

export function duration(t: TFunction, ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return t('time.seconds', { count: seconds });
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return t('time.minutes', { count: minutes });
  const hours = Math.round(minutes / 60);
  if (hours < 48) return t('time.hours', { count: hours });
  return t('time.days', { count: Math.round(hours / 24) });
}
