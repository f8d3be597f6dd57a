// Fetches the desktop's pictures and paints them. All tiles' pictures come in one JPEG that is decoded
// once; each tile has a canvas of its own, so that it can be dimmed, zoomed and moved by itself.
import type { GiveSurface, SurfacePlace } from './backend';
import { readSheet, type TilePart } from './packets';

interface Painting {
  place: SurfacePlace;
  context: CanvasRenderingContext2D;
  count: number;
  dropped: number;
  /** Of the last picture; counted anew when another rendition is read. */
  sequence: number | null;
}

export class Sheets {
  #give: GiveSurface | null = null;
  /** By the tile's key. A tile that is not watched for a while keeps its last picture. */
  #paintings = new Map<number, Painting>();
  /** One for all sheets: WebKitGTK's page grows with every ImageBitmap, although each is closed. */
  #pictures = new Image();
  #fetching = false;
  #newsWhileFetching = false;

  /** @param next asks for the pictures that are new since it was last asked */
  constructor(readonly next: () => Promise<ArrayBuffer>) {}

  onSurface(give: GiveSurface): () => void {
    this.#give = give;
    return () => {
      this.#give = null;
    };
  }

  /** There are new pictures. One call is in flight; news meanwhile leads to exactly one more. */
  async fetch(): Promise<void> {
    if (this.#fetching) {
      this.#newsWhileFetching = true;
      return;
    }
    this.#fetching = true;
    try {
      do {
        this.#newsWhileFetching = false;
        await this.#paint(await this.next());
      } while (this.#newsWhileFetching && this.#give);
    } catch (cause) {
      console.error('the pictures could not be fetched', cause);
    } finally {
      this.#fetching = false;
    }
  }

  async #paint(answer: ArrayBuffer): Promise<void> {
    const sheet = readSheet(answer);
    if (!sheet) return;
    const url = URL.createObjectURL(new Blob([sheet.jpeg], { type: 'image/jpeg' }));
    this.#pictures.src = url;
    // Broken ones are skipped: the last good ones stay, and their age tells the truth.
    const isWhole = await this.#pictures.decode().then(
      () => true,
      () => false,
    );
    if (isWhole) for (const part of sheet.parts) this.#draw(part);
    URL.revokeObjectURL(url);
  }

  #draw(part: TilePart): void {
    const painting = this.#painting(part.key);
    if (!painting) return;
    const { context, place } = painting;
    const { x, y, width, height, sequence, capturedAt } = part;
    const { canvas } = context;
    // Assigning a canvas size clears it, so only when it really changed.
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    context.drawImage(this.#pictures, x, y, width, height, 0, 0, width, height);
    const missed = painting.sequence === null ? 0 : sequence - painting.sequence - 1;
    painting.dropped += Math.max(0, missed);
    painting.sequence = sequence;
    painting.count += 1;
    const { count, dropped } = painting;
    const shownAt = Date.now();
    place.painted({ format: 'jpeg', count, dropped, width, height, capturedAt, shownAt });
  }

  #painting(key: number): Painting | null {
    const known = this.#paintings.get(key);
    if (known) return known;
    const place = this.#give?.(key, 'canvas');
    if (!(place?.surface instanceof HTMLCanvasElement)) return null;
    const context = place.surface.getContext('2d', { alpha: false });
    if (!context) return null;
    const painting = { place, context, count: 0, dropped: 0, sequence: null };
    this.#paintings.set(key, painting);
    place.onGone(() => this.#paintings.delete(key));
    return painting;
  }
}
