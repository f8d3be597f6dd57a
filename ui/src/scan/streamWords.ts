// One stream of a device in few words: its name, size, codec and rate.
import type { TFunction } from 'i18next';
import { codecName } from '../cameras/codec';
import type { FoundStream } from './wire';

export function streamWords(
  { name, codec, width, height, fps }: FoundStream,
  at: number,
  t: TFunction,
  language: string,
): string {
  const rate = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  return [
    // Cameras give several streams the same name, and a choice has to tell them apart.
    `${at + 1}: ${name || t('scan.stream')}`,
    width !== null && height !== null && `${width} × ${height}`,
    codec !== null && codecName(codec),
    fps !== null && `${rate.format(fps)} fps`,
  ]
    .filter(Boolean)
    .join(' · ');
}
