// Recordings by the day they began on, and their times, lengths and names in words.
import type { Recording } from './wire';

export interface Day {
  /** Midnight of it, local time. */
  start: number;
  recordings: Recording[];
}

/** Keeps the order; days begin at midnight where the person is. */
export function byDay(recordings: Recording[]): Day[] {
  const days: Day[] = [];
  for (const recording of recordings) {
    const start = new Date(recording.started_at).setHours(0, 0, 0, 0);
    const last = days.at(-1);
    if (last?.start === start) last.recordings.push(recording);
    else days.push({ start, recordings: [recording] });
  }
  return days;
}

/** "Today", "yesterday" or the date. */
export function dayWords(start: number, now: number, language: string): string {
  const today = new Date(now).setHours(0, 0, 0, 0);
  // Days of summer time's beginning and end have 23 and 25 hours.
  const ago = Math.round((today - start) / 86_400_000);
  if (ago === 0 || ago === 1) {
    const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-ago, 'day');
    return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
  }
  const sameYear = new Date(start).getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(language, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(!sameYear && { year: 'numeric' }),
  }).format(start);
}

export const timeWords = (time: string, language: string): string =>
  new Intl.DateTimeFormat(language, { timeStyle: 'medium' }).format(new Date(time));

export const momentWords = (time: string, language: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'medium' }).format(
    new Date(time),
  );

/** `1:02:03`, or `0:45`. */
export function lengthWords(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, at) => (at === 0 ? part : String(part).padStart(2, '0'))).join(':');
}

/**
 * `Front door 2026-05-02 10-00-00.mp4`: local time, so that files sort and say when. Without what
 * Windows forbids in names.
 */
export function fileName(name: string, time: Date, extension: 'mp4' | 'jpg' | 'png'): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join('-');
  const plain = name.replace(/[/\\:*?"<>|\p{Cc}\s]+/gu, ' ').trim() || 'camera';
  return `${plain} ${day} ${clock}.${extension}`;
}
