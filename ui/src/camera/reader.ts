// What to call one who reads a camera.

const BROWSERS: [RegExp, string][] = [
  [/\bEdg\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

/** The name it gave itself; of a browser's long one only which browser it is. */
export function readerName(name: string): string {
  if (!name.startsWith('Mozilla/')) return name;
  return BROWSERS.find(([pattern]) => pattern.test(name))?.[1] ?? name;
}
