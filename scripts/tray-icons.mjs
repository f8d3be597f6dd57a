// Draws the icons of the tray from the logo: for dark and for light panels, without a badge, with
// the one for "all well" and with the one for "look here". Needs ImageMagick; its output is committed.
//   node scripts/tray-icons.mjs

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LOGO = readFileSync(join(ROOT, 'ui/src/assets/logo.svg'), 'utf8');
const SIZE = 64;

/** The panes from the outermost on, and what is white in the logo. */
const COLOURS = {
  dark: { '#3d6d9e': '#9fb8d1', '#5596d2': '#c6dcf2', '#6cb8ff': '#ffffff', '#ffffff': '#ffffff' },
  light: { '#3d6d9e': '#24466b', '#5596d2': '#2f5f91', '#6cb8ff': '#162233', '#ffffff': '#162233' },
};
/** A badge tells by its shape, too: a disc, and a triangle with a stroke in it. */
const BADGES = {
  plain: [],
  ok: [
    '-fill',
    '#2fa864',
    '-stroke',
    '#ffffff',
    '-strokewidth',
    '2',
    '-draw',
    'circle 49,49 49,38',
  ],
  problem: [
    ...[
      '-fill',
      '#e0473c',
      '-stroke',
      '#ffffff',
      '-strokewidth',
      '2',
      '-draw',
      'polygon 48,34 62,62 34,62',
    ],
    ...[
      '-fill',
      '#ffffff',
      '-stroke',
      'none',
      '-draw',
      'rectangle 47,44 49,54',
      '-draw',
      'rectangle 47,57 49,59',
    ],
  ],
};

const folder = mkdtempSync(join(tmpdir(), 'tray-icons-'));
try {
  for (const [panel, colours] of Object.entries(COLOURS)) {
    const drawn = LOGO.replace(/<rect width="512"[^>]*>/, '')
      .replace(/#[0-9a-f]{6}/g, (colour) => colours[colour] ?? colour)
      .replace('viewBox="0 0 512 512"', `viewBox="56 56 400 400" width="${SIZE}" height="${SIZE}"`);
    const svg = join(folder, `${panel}.svg`);
    writeFileSync(svg, drawn);
    for (const [state, badge] of Object.entries(BADGES)) {
      const png = join(ROOT, `src-tauri/icons/tray/${panel}-${state}.png`);
      const size = ['-background', 'none', svg, '-resize', `${SIZE}x${SIZE}`];
      execFileSync('convert', [
        ...size,
        ...badge,
        '-strip',
        '-define',
        'png:exclude-chunks=date,time',
        `PNG32:${png}`,
      ]);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
