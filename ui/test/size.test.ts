import { expect, test } from 'vitest';
import { renditionSize } from '../src/player/size';

const HD = { width: 1920, height: 1080 };

test.each([
  ['the next step up', 300, 1, HD, { width: 320, height: 180 }],
  ['a step met exactly', 640, 1, HD, { width: 640, height: 360 }],
  ['sharp screens need more', 400, 2, HD, { width: 960, height: 540 }],
  ['never above the camera', 1500, 2, { width: 704, height: 576 }, { width: 704, height: 576 }],
  ['nor above the largest step', 3000, 2, { width: 3840, height: 2160 }, HD],
  ['sides are even', 150, 1, { width: 1000, height: 563 }, { width: 160, height: 90 }],
  ['also of odd cameras', 900, 1, { width: 641, height: 361 }, { width: 640, height: 360 }],
  ['portrait keeps its shape', 200, 1, { width: 1080, height: 1920 }, { width: 320, height: 568 }],
  ['who looks closer gets more', 400, 1, HD, { width: 1280, height: 720 }, 3],
  [
    'and all there is of a large camera',
    1500,
    1,
    { width: 3840, height: 2160 },
    { width: 3840, height: 2160 },
    2,
  ],
  ['but no more', 400, 1, HD, HD, 8],
] as const)('%s', (_name, css, ratio, camera, size, zoom: number = 1) => {
  expect(renditionSize(css, ratio, camera, zoom)).toEqual(size);
});
