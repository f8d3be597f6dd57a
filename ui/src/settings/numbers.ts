// Numbers as people type them, and back: pure, so that they are tested as tables.

const GB = 1e9;

/** A whole number in its bounds, or null. */
export function whole(text: string, least: number, most: number): number | null {
  if (!/^\d+$/.test(text.trim())) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

/** Gigabytes with a point or comma to bytes; null for what is no amount. */
export function bytesOf(text: string): number | null {
  if (!/^\d+([.,]\d+)?$/.test(text.trim())) return null;
  const value = Number(text.replace(',', '.'));
  return value > 0 ? Math.round(value * GB) : null;
}

/** Bytes as a field shows them, in gigabytes. */
export const gigabytes = (bytes: number): string => String(Math.round((bytes / GB) * 100) / 100);

/** Origins as typed, one a line or with spaces or commas between. */
export const originsOf = (text: string): string[] =>
  text.split(/[\s,]+/).filter((origin) => origin !== '');

/** `fanlight-diagnosis-20260105-0800.zip`, in local time. */
export function diagnosisName(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `fanlight-diagnosis-${day}-${two(at.getHours())}${two(at.getMinutes())}.zip`;
}
