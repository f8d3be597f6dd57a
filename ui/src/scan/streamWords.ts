// One stream of a device in few words: size, codec, rate, and the name its maker gave it.
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
    width !== null && height !== null && `${width} × ${height}`,
    codec !== null && codecName(codec),
    fps !== null && `${rate.format(fps)} fps`,
    name || t('scan.stream', { number: at + 1 }),
  ]
    .filter(Boolean)
    .join(' · ');
}
