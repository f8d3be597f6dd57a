// Feeds a `<video>` with the parts that a recording's playlist names.

/** Seconds that stay in memory behind the picture that is shown. */
const BEHIND = 30;
/** A recording that has just begun has no part yet: how long until it is asked for again. */
const AGAIN_MS = 1000;

/** Plays until the returned function ends it; `failed` is called when it cannot go on. */
export function playParts(
  video: HTMLVideoElement,
  playlist: string,
  failed: () => void,
): () => void {
  let left = false;
  let endPlayer = () => {};
  const end = () => {
    left = true;
    endPlayer();
  };
  const fail = (...why: unknown[]) => {
    if (left) return;
    console.error('a recording does not play', ...why);
    end();
    failed();
  };

  const begin = async () => {
    // It is large, and only needed here.
    const { default: Hls } = await import('hls.js/light');
    if (left) return;
    if (!Hls.isSupported()) {
      fail('no MediaSource');
      return;
    }
    // Parts are fed as they are, which is no work for a worker; the window's policy allows none of it.
    const hls = new Hls({ enableWorker: false, backBufferLength: BEHIND });
    let again: ReturnType<typeof setTimeout> | undefined;
    endPlayer = () => {
      clearTimeout(again);
      hls.destroy();
    };
    hls.on(Hls.Events.ERROR, (_, { fatal, details, error }) => {
      if (!fatal) return;
      if (details === Hls.ErrorDetails.LEVEL_EMPTY_ERROR)
        again = setTimeout(() => hls.loadSource(playlist), AGAIN_MS);
      else fail(details, error);
    });
    hls.attachMedia(video);
    hls.loadSource(playlist);
  };
  begin().catch(fail);
  return end;
}
