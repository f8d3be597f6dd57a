// The worker's side: a session that draws on an OffscreenCanvas or feeds a video of
// the page. It is bundled into a string
// and started from a blob, so that the package is one file to whoever includes it.
import type { FromWorker, ToWorker } from './messages';
import { Session } from './session';

/** How often the page hears of the statistics. */
const STATS_INTERVAL_MS = 200;

interface Scope {
  postMessage: (message: FromWorker, transfer?: Transferable[]) => void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}

const page = globalThis as unknown as Scope;
let session: Session | null = null;
/** The page's number of the connection that is wanted now. */
let connect = 0;
/** Runs while a connection is wanted: a tile that nobody looks at costs nothing. */
let telling: ReturnType<typeof setInterval> | undefined;

page.onmessage = ({ data }) => {
  if (data.do === 'begin') {
    session = new Session(data.options, {
      onState: (state, attempts) =>
        page.postMessage({ is: 'state', state, attempts, number: connect, stats: stats() }),
      onFrame: (frame, stats) => {
        // The picture may not be drawn yet, so the page gets bytes of its own.
        const bytes = frame.bytes.slice();
        page.postMessage({ is: 'frame', frame: { ...frame, bytes }, stats }, [bytes.buffer]);
      },
      onError: (message) => page.postMessage({ is: 'error', message }),
    });
  } else if (session) obey(session, data);
};

function stats() {
  return (session as Session).stats();
}

function obey(session: Session, order: Exclude<ToWorker, { do: 'begin' }>): void {
  switch (order.do) {
    case 'connect':
      connect = order.number;
      clearInterval(telling);
      telling = setInterval(
        () => page.postMessage({ is: 'stats', stats: stats() }),
        STATS_INTERVAL_MS,
      );
      session.connect(order.streamId, order.size);
      break;
    case 'disconnect':
      clearInterval(telling);
      void session
        .disconnect()
        .then(() => page.postMessage({ is: 'closed', number: order.number }));
      break;
    case 'canvas':
      session.setCanvas(order.canvas);
      break;
    case 'feed':
      session.setFeed(order.pictures);
      break;
    case 'frames':
      session.wantFrames(order.wanted);
      break;
    case 'reset':
      session.resetStats();
      page.postMessage({ is: 'stats', stats: session.stats() });
      break;
  }
}

// From a data: URL, the last resort of some bundlers, we would be of no origin, and no server
// would have us. The page hears of the error and does the work itself.
if (globalThis.location?.protocol === 'data:') throw new Error('no worker without an origin');
page.postMessage({ is: 'ready' });
