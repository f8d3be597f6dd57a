// Which size to ask the server for. Few steps, so that tiles share renditions and a window
// being resized does not ask for a new one at every pixel.

const WIDTH_STEPS = [160, 320, 480, 640, 960, 1280, 1920];

export interface Size {
  width: number;
  height: number;
}

const even = (value: number) => Math.max(2, Math.floor(value / 2) * 2);

/**
 * Size in device pixels for a tile `cssWidth` wide: the next step up, in the camera's own
 * shape, with even sides (4:2:0 needs them) and never above the camera's own size. Who looks
 * closer than the largest step gets all there is.
 *
 * @param zoom how many times larger than the tile the picture is
 */
export function renditionSize(cssWidth: number, pixelRatio: number, camera: Size, zoom = 1): Size {
  const needed = cssWidth * pixelRatio * zoom;
  const largest = zoom > 1 ? camera.width : (WIDTH_STEPS.at(-1) as number);
  const step = WIDTH_STEPS.find((width) => width >= needed) ?? largest;
  const width = even(Math.min(step, camera.width));
  const height = even(Math.min((width * camera.height) / camera.width, camera.height));
  return { width, height };
}
