//! A decoded form of a stream, made once and shared by all who ask for the same. The first consumer
//! starts it; a linger after the last one left, it stops.
//!
//! A rendition has a decoder of its own, unless a larger one is being decoded for somebody: then it
//! is scaled from that one's pictures, which costs a quarter of a decoder or less.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::catch_up::CatchUp;
use crate::config::Size;
use crate::decoder::{self, Wants};
use crate::error::{Error, ErrorKind, Result};
use crate::frame::{Decoded, Frame, Pool};
use crate::freeze::Freeze;
use crate::packet_feed::PacketFeed;
use crate::pause::{self, Pause};
use crate::scale::Scaler;
use crate::slots::Slots;
use crate::source::Tools;

/// What tells one rendition of a stream from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// The size of its pictures.
    pub(crate) size: Size,
    /// For consumers that are content with a picture a second: the rest is not even decoded.
    pub(crate) keyframes_only: bool,
}

/// A rendition as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenditionSnapshot {
    /// The size of its pictures.
    pub size: Size,
    /// Whether only keyframes are decoded.
    pub keyframes_only: bool,
    /// How its pictures are made.
    pub decoder: Decoder,
}

/// How pictures are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoder {
    /// By a decoder of its own.
    Software,
    /// By a decoder of its own that uses the graphics hardware, in FFmpeg's name for it.
    Hardware(&'static str),
    /// From a larger rendition's pictures.
    Scaled,
}

/// The most renditions of one stream at a time: each may be a decoder.
const MAX_RENDITIONS: usize = 16;

/// A decoder that fails this often without a picture in between is in an error state.
const MAX_FAILURES: u32 = 5;
/// How long that state lasts before the next try.
const REST: Duration = Duration::from_secs(30);
/// The wait after a first failure; grows with each further one.
const RETRY: Duration = Duration::from_millis(100);

/// The one place where the newest frame waits.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) newest: Option<Arc<Frame>>,
    /// Why there are no frames, while waiting will not help.
    pub(crate) fault: Option<Error>,
}

/// One rendition, shared between its supervisor, its readers and the renditions scaled from it.
#[derive(Debug)]
struct Rendition {
    key: Key,
    slot: watch::Sender<Slot>,
    /// Readers, and renditions that are scaled from this one.
    users: watch::Sender<usize>,
    /// The readers among them.
    readers: watch::Sender<usize>,
    decoder: Mutex<Decoder>,
    /// Where the pixels of its frames are put.
    slots: Slots,
    /// Cancelled when all cameras are paused, which ends it.
    open: CancellationToken,
}

impl Rendition {
    fn decoder(&self) -> Decoder {
        *self.decoder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn how_is(&self, decoder: Decoder) {
        *self.decoder.lock().unwrap_or_else(PoisonError::into_inner) = decoder;
    }
}

/// What a supervisor works with.
#[derive(Debug, Clone)]
pub(crate) struct Workshop {
    pub(crate) feed: Arc<PacketFeed>,
    pub(crate) freeze: Arc<Freeze>,
    pub(crate) tools: Arc<Tools>,
    pub(crate) linger: Duration,
    pub(crate) span: tracing::Span,
}

/// All renditions of one stream.
#[derive(Debug)]
pub(crate) struct Renditions {
    running: Mutex<HashMap<Key, Arc<Rendition>>>,
    /// Rings whenever one of them starts, ends, or gives its first frame.
    changed: Notify,
    workshop: Workshop,
    pause: Arc<Pause>,
    /// Ends with the stream.
    cancelled: CancellationToken,
    tasks: TaskTracker,
}

/// One reader's place at a rendition.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) slot: watch::Receiver<Slot>,
    _user: User,
}

/// Keeps a rendition running.
#[derive(Debug)]
struct User {
    rendition: Arc<Rendition>,
    reads: bool,
}

impl User {
    fn new(rendition: &Arc<Rendition>, reads: bool) -> Self {
        rendition.users.send_modify(|users| *users += 1);
        if reads {
            rendition.readers.send_modify(|readers| *readers += 1);
        }
        Self { rendition: Arc::clone(rendition), reads }
    }
}

impl Drop for User {
    fn drop(&mut self) {
        if self.reads {
            self.rendition.readers.send_modify(|readers| *readers -= 1);
        }
        self.rendition.users.send_modify(|users| *users -= 1);
    }
}

impl Renditions {
    pub(crate) fn new(
        workshop: Workshop,
        pause: Arc<Pause>,
        cancelled: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        let (running, changed) = (Mutex::default(), Notify::new());
        Self { running, changed, workshop, pause, cancelled, tasks }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Key, Arc<Rendition>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are there now.
    pub(crate) fn list(&self) -> Vec<RenditionSnapshot> {
        let snapshot = |rendition: &Arc<Rendition>| RenditionSnapshot {
            size: rendition.key.size,
            keyframes_only: rendition.key.keyframes_only,
            decoder: rendition.decoder(),
        };
        self.running().values().map(snapshot).collect()
    }

    /// Takes a seat at this rendition, starting it when nobody else wants it yet. `rare`: frames a
    /// second or further apart are enough; then only keyframes are decoded, unless all are decoded
    /// for somebody else anyway.
    pub(crate) fn join(self: &Arc<Self>, size: Size, rare: bool) -> Result<Seat> {
        if self.cancelled.is_cancelled() {
            return Err(Error::new(ErrorKind::StreamNotRunning, "this camera was stopped"));
        }
        let open = self.pause.token();
        if open.is_cancelled() {
            return Err(pause::paused());
        }
        let mut running = self.running();
        // Those of before a pause may not have heard of it yet.
        running.retain(|_, rendition| !rendition.open.is_cancelled());
        let whole = Key { size, keyframes_only: false };
        let key = Key { size, keyframes_only: rare && !running.contains_key(&whole) };
        let rendition = if let Some(rendition) = running.get(&key) {
            Arc::clone(rendition)
        } else {
            if running.len() >= MAX_RENDITIONS {
                return Err(Error::new(
                    ErrorKind::QuotaExceeded,
                    format!(
                        "this camera is already decoded to {MAX_RENDITIONS} sizes; ask for one of them"
                    ),
                ));
            }
            let rendition = Arc::new(Rendition {
                key,
                slot: watch::Sender::new(Slot::default()),
                users: watch::Sender::new(0),
                readers: watch::Sender::new(0),
                decoder: Mutex::new(Decoder::Software),
                slots: Slots::new(crate::convert::packed_len(size)),
                open,
            });
            running.insert(key, Arc::clone(&rendition));
            let renditions = Arc::clone(self);
            let supervised = Arc::clone(&rendition);
            let span = tracing::info_span!(parent: &self.workshop.span, "rendition", %size);
            self.tasks
                .spawn(async move { renditions.supervise(&supervised).await }.instrument(span));
            rendition
        };
        // Under the lock, so that a rendition that is about to end sees it.
        let user = User::new(&rendition, true);
        drop(running);
        self.changed.notify_waiters();
        Ok(Seat { slot: rendition.slot.subscribe(), _user: user })
    }

    /// Runs the rendition until nobody has wanted it for the linger, or the stream ends.
    async fn supervise(&self, rendition: &Arc<Rendition>) {
        let mut producing = std::pin::pin!(self.produce(rendition));
        loop {
            tokio::select! {
                () = unwanted(rendition, self.workshop.linger) => {
                    let mut running = self.running();
                    // Joining happens under the same lock, so nobody slips in between.
                    if *rendition.users.borrow() == 0 {
                        forget(&mut running, rendition);
                        break;
                    }
                }
                () = &mut producing => {}
                () = self.cancelled.cancelled() => break,
                () = rendition.open.cancelled() => break,
            }
        }
        forget(&mut self.running(), rendition);
        self.workshop.freeze.forget(rendition.key.size);
        tracing::debug!("ended");
    }

    /// Makes frames for ever, in the cheapest way there is at each time.
    async fn produce(&self, rendition: &Arc<Rendition>) {
        let Workshop { linger, .. } = self.workshop;
        let mut decoding = Box::pin(self.decode(rendition));
        loop {
            let base = tokio::select! {
                () = &mut decoding => unreachable!("decodes for ever"),
                base = self.larger(rendition.key) => base,
            };
            tracing::debug!(from = %base.rendition.key.size, "scaling");
            rendition.how_is(Decoder::Scaled);
            // Ends our own decoder.
            decoding.set(self.decode(rendition));
            tokio::select! {
                () = self.scale(&base.rendition, rendition) => {}
                () = left(&base.rendition) => {}
            }
            // What we scale from is now decoded for nobody but us. It lingers on while our own
            // decoder starts.
            let handed_over = async {
                let first = rendition.slot.borrow().newest.as_ref().map_or(0, |f| f.index);
                let mut slot = rendition.slot.subscribe();
                let ours = |slot: &Slot| {
                    slot.newest.as_ref().is_some_and(|f| f.index > first && f.decoded)
                };
                let _ = tokio::time::timeout(linger, slot.wait_for(ours)).await;
            };
            tokio::select! {
                () = &mut decoding => unreachable!("decodes for ever"),
                () = handed_over => {}
                () = async {
                    self.scale(&base.rendition, rendition).await;
                    std::future::pending::<()>().await;
                } => {}
            }
        }
    }

    /// Waits for a rendition that this one can be scaled from: a larger one, with a decoder of its
    /// own that runs for a reader, and with a picture, so that nothing is missed on changing over.
    async fn larger(&self, key: Key) -> User {
        loop {
            let changed = self.changed.notified();
            let base = {
                let running = self.running();
                let fits = |base: &&Arc<Rendition>| {
                    let larger = base.key.size.width() >= key.size.width()
                        && base.key.size.height() >= key.size.height()
                        && base.key.size != key.size;
                    larger
                        && base.key.keyframes_only == key.keyframes_only
                        && base.decoder() != Decoder::Scaled
                        && *base.readers.borrow() > 0
                        && base.slot.borrow().newest.is_some()
                };
                // The smallest is the cheapest.
                let pixels =
                    |base: &&Arc<Rendition>| base.key.size.width() * base.key.size.height();
                running.values().filter(fits).min_by_key(pixels).map(|base| User::new(base, false))
            };
            if let Some(base) = base {
                return base;
            }
            changed.await;
        }
    }

    /// Starts decoders, one after the other, for ever.
    async fn decode(&self, rendition: &Rendition) {
        let Workshop { feed, freeze, tools, .. } = &self.workshop;
        let Key { size, keyframes_only } = rendition.key;
        let pool = Pool::default();
        let mut failures = 0;
        loop {
            let mut reader = feed.reader();
            let mut catch_up = CatchUp::new(Instant::now());
            let mut works = false;
            // Hardware that failed once is not trusted again.
            let hardware = failures == 0;
            rendition.how_is(match tools.sidecar.accelerator().filter(|_| hardware) {
                Some(accelerator) => Decoder::Hardware(accelerator.name),
                None => Decoder::Software,
            });
            let wants = Wants { size, keyframes_only, hardware };
            let error = decoder::run(&tools.sidecar, &mut reader, wants, &pool, |decoded| {
                works = true;
                freeze.picture(size, decoded.picture.luma(size), decoded.captured_at);
                if catch_up.shows(decoded.sequence, feed.newest(), Instant::now()) {
                    self.publish(rendition, decoded, true);
                }
            })
            .await;
            tracing::warn!(code = error.kind().code(), "{error}");
            failures = if works { 1 } else { failures + 1 };
            let hopeless = error.kind() == ErrorKind::FfmpegMissing || failures >= MAX_FAILURES;
            if hopeless {
                rendition.slot.send_modify(|slot| slot.fault = Some(error));
                tokio::time::sleep(REST).await;
            } else {
                tokio::time::sleep(RETRY * failures).await;
            }
        }
    }

    /// Scales the frames of a larger rendition, until that one ends.
    async fn scale(&self, base: &Rendition, rendition: &Rendition) {
        let size = rendition.key.size;
        let pool = Pool::default();
        let mut tool = Scaler::default();
        let mut slot = base.slot.subscribe();
        let mut last = 0;
        loop {
            let (newest, fault) = {
                let slot = slot.borrow_and_update();
                (slot.newest.clone().filter(|frame| frame.index > last), slot.fault.clone())
            };
            if let Some(fault) = fault {
                rendition.slot.send_modify(|slot| slot.fault = Some(fault));
            }
            if let Some(frame) = newest {
                last = frame.index;
                let mut picture = pool.take(crate::convert::yuv420p_len(size));
                // A millisecond at 1080p: long enough to keep off the threads that serve.
                let scaling = tokio::task::spawn_blocking(move || {
                    let scaled = frame.scale(&mut tool, size, &mut picture);
                    (tool, frame, scaled.map(|()| picture))
                });
                let Ok((returned, frame, scaled)) = scaling.await else { return };
                tool = returned;
                match scaled {
                    Ok(picture) => {
                        let Frame { sequence, captured_at, clock, .. } = *frame;
                        let scaled = Decoded { sequence, captured_at, clock, picture };
                        self.publish(rendition, scaled, false);
                    }
                    Err(error) => {
                        tracing::warn!("{error}");
                        return;
                    }
                }
            } else if slot.changed().await.is_err() {
                return;
            }
        }
    }

    /// Shows a frame, unless a newer one is shown already: while decoding is handed over, two make
    /// frames.
    fn publish(&self, rendition: &Rendition, decoded: Decoded, by_decoder: bool) {
        let mut first = false;
        rendition.slot.send_if_modified(|slot| {
            let (sequence, index) = slot.newest.as_ref().map_or((0, 0), |f| (f.sequence, f.index));
            // A decoder that starts anew may show a picture again.
            if decoded.sequence <= sequence {
                return false;
            }
            first = slot.newest.is_none();
            let (size, slots) = (rendition.key.size, rendition.slots.clone());
            let frame = Frame::new(decoded, size, index + 1, by_decoder, slots);
            slot.newest = Some(Arc::new(frame));
            slot.fault = None;
            true
        });
        if first {
            self.changed.notify_waiters();
        }
    }
}

/// Takes a rendition off the list, unless another has its place by now.
fn forget(running: &mut HashMap<Key, Arc<Rendition>>, ended: &Arc<Rendition>) {
    if running.get(&ended.key).is_some_and(|listed| Arc::ptr_eq(listed, ended)) {
        running.remove(&ended.key);
    }
}

/// Waits until a rendition has no readers any more.
async fn left(rendition: &Rendition) {
    // The sender lives in the rendition, so this cannot fail.
    let _ = rendition.readers.subscribe().wait_for(|readers| *readers == 0).await;
}

/// Waits until there have been no users for the whole linger.
async fn unwanted(rendition: &Rendition, linger: Duration) {
    let mut users = rendition.users.subscribe();
    loop {
        let _ = users.wait_for(|users| *users == 0).await;
        let wanted_again = users.wait_for(|users| *users > 0);
        if tokio::time::timeout(linger, wanted_again).await.is_err() {
            return;
        }
    }
}
