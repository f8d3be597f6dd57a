//! A stream's single live session. [`Ingest::run`] is the one loop that opens it when it is wanted
//! and retries it, and the only writer of the stream's status; [`Ingest::run_once`] is one session.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::backoff;
use crate::error::{Error, ErrorKind, Result};
use crate::freeze::Freeze;
use crate::packet_feed::PacketFeed;
use crate::pause::Pause;
use crate::source::{self, Route, Source, SourceConfig, Tools};
use crate::status::{Fault, State, Status};

/// A session without a packet for this long is given up.
const STALL: Duration = Duration::from_secs(5);
/// A camera that was just connected may take longer: some wake up first.
const FIRST_PACKET: Duration = Duration::from_secs(20);
/// A stream that showed no place to begin for this long begins anywhere: its picture heals as it
/// goes on. Longer than the keyframe interval of almost every camera.
const NO_KEYFRAME: Duration = Duration::from_secs(12);

/// How a stream is to be run, which may change while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Orders {
    pub(crate) source: SourceConfig,
    /// Connected even while nobody reads it.
    pub(crate) always: bool,
    /// How long an unread stream stays connected otherwise.
    pub(crate) leave_after: Duration,
    /// Counts the times that someone asked to connect anew.
    pub(crate) restarts: u64,
}

impl Orders {
    fn same_session(&self, other: &Self) -> bool {
        self.source == other.source && self.restarts == other.restarts
    }
}

/// What one stream's ingest works with.
pub(crate) struct Ingest {
    pub(crate) orders: watch::Receiver<Orders>,
    /// How many read the stream.
    pub(crate) readers: watch::Receiver<usize>,
    pub(crate) feed: Arc<PacketFeed>,
    pub(crate) freeze: Arc<Freeze>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) tools: Arc<Tools>,
    pub(crate) pause: Arc<Pause>,
    /// Follows it.
    pub(crate) paused: watch::Receiver<Option<Timestamp>>,
    /// Tells whoever shows the cameras that something changed.
    pub(crate) changes: watch::Sender<u64>,
}

/// Why a stream has to be left although nothing is wrong with it.
enum Dismissal {
    /// Nobody has read it for long enough, or all cameras are paused.
    Unwanted,
    /// Someone wants another session.
    NewOrders,
}

/// The wait after a failure.
struct Rest {
    error: Error,
    attempt: u32,
    until: Instant,
}

impl Ingest {
    /// Keeps the session alive while it is wanted, until cancelled.
    pub(crate) async fn run(mut self, cancelled: CancellationToken) {
        let _ = cancelled.clone().run_until_cancelled(self.supervise()).await;
        self.feed.end_session(false);
        self.update(|status| status.enter(State::Stopped));
    }

    async fn supervise(&mut self) {
        let mut attempt = 0;
        let mut last_online: Option<Instant> = None;
        let mut route = Route::default();
        let mut rest: Option<Rest> = None;
        // Whether the camera refused the password and has not been online since.
        let mut refused = false;
        loop {
            if self.pause.is_on() || !is_wanted(&self.orders.borrow(), *self.readers.borrow()) {
                let before = self.orders.borrow().clone();
                last_online = None;
                // A camera that refused the password is not asked again before its time, however
                // often somebody comes by.
                rest = rest.filter(|rest| rest.error.kind() == ErrorKind::AuthFailed);
                if !refused {
                    attempt = 0;
                }
                self.wanted().await;
                if !self.orders.borrow().same_session(&before) {
                    (attempt, rest, refused) = (0, None, false);
                    route.forget();
                }
                self.update(|status| *status = Status::connecting());
            }
            let orders = self.orders.borrow_and_update().clone();
            let dismissed =
                dismissed(self.orders.clone(), self.readers.clone(), self.paused.clone(), &orders);
            let dismissal = if let Some(pending) = &rest {
                self.resting(pending);
                tokio::select! {
                    () = tokio::time::sleep_until(pending.until) => {
                        rest = None;
                        self.update(|status| status.next_try = None);
                        continue;
                    }
                    dismissal = dismissed => dismissal,
                }
            } else {
                let opened = Instant::now();
                let ended = tokio::select! {
                    error = self.run_once(&orders.source, &mut route) => Err(error),
                    dismissal = dismissed => Ok(dismissal),
                };
                self.feed.end_session(ended.is_err());
                self.freeze.reset();
                match ended {
                    Ok(dismissal) => dismissal,
                    Err(error) => {
                        route.learn(&error, opened.elapsed());
                        if self.is_online() {
                            last_online = Some(Instant::now());
                            attempt = 0;
                            refused = false;
                        }
                        attempt += 1;
                        refused |= error.kind() == ErrorKind::AuthFailed;
                        let offline = last_online.map(|at| at.elapsed());
                        let wait = backoff::delay(error.kind(), attempt, offline, fastrand::f64());
                        tracing::warn!(code = error.kind().code(), attempt, ?wait, "{error}");
                        rest = Some(Rest { error, attempt, until: Instant::now() + wait });
                        continue;
                    }
                }
            };
            if let Dismissal::NewOrders = dismissal {
                (attempt, last_online, rest, refused) = (0, None, None, false);
                route.forget();
                self.update(|status| *status = Status::connecting());
            }
        }
    }

    /// Waits until somebody wants this stream, and it is its turn after a pause.
    async fn wanted(&mut self) {
        let mut was_paused = false;
        loop {
            let paused = self.paused.borrow_and_update().is_some();
            let wanted =
                is_wanted(&self.orders.borrow_and_update(), *self.readers.borrow_and_update());
            if !paused && wanted {
                if !was_paused {
                    return;
                }
                self.show(Status::connecting());
                tokio::select! {
                    () = tokio::time::sleep(self.pause.turn()) => was_paused = false,
                    Ok(()) = self.paused.changed() => {}
                }
                continue;
            }
            was_paused = paused;
            self.show(if paused { Status::paused() } else { Status::stopped() });
            // The senders live in the stream; once they are gone, so is this.
            tokio::select! {
                Ok(()) = self.orders.changed() => {}
                Ok(()) = self.readers.changed() => {}
                Ok(()) = self.paused.changed() => {}
                else => std::future::pending().await,
            }
        }
    }

    /// Shows this status, unless it says the same for longer already.
    fn show(&self, wanted: Status) {
        let is_news = {
            let status = self.status.borrow();
            (status.state, &status.fault) != (wanted.state, &wanted.fault)
        };
        if is_news {
            self.update(|status| *status = wanted);
        }
    }

    /// One session, from connecting to its end.
    async fn run_once(&self, config: &SourceConfig, route: &mut Route) -> Error {
        match source::open(config, route, &self.tools).await {
            Ok(opened) => match self.follow(opened).await {
                Ok(never) => match never {},
                Err(error) => error,
            },
            Err(error) => error,
        }
    }

    /// Moves packets from the source into the feed until the session ends.
    async fn follow(&self, mut source: impl Source) -> Result<std::convert::Infallible> {
        let session = source.session();
        self.update(|status| status.session = Some(session));
        let mut starts = Starts::new(Instant::now());
        let mut patience = FIRST_PACKET;
        loop {
            let mut unit = timeout(patience, source.next()).await.map_err(|_| {
                Error::new(
                    ErrorKind::Stalled,
                    format!(
                        "the camera is connected but sent no picture for {} s",
                        patience.as_secs()
                    ),
                )
            })??;
            patience = STALL;
            unit.keyframe = starts.at(unit.keyframe, Instant::now());
            self.freeze.packet(&unit);
            let stream = Arc::clone(&unit.stream);
            self.feed.push(unit);
            if !self.is_online() {
                tracing::info!(
                    codec = stream.codec.name(),
                    width = stream.width,
                    height = stream.height,
                    "online"
                );
                self.update(|status| {
                    status.enter(State::Online);
                    status.fault = None;
                    status.attempt = 0;
                    status.next_try = None;
                });
            }
        }
    }

    fn is_online(&self) -> bool {
        self.status.borrow().state == State::Online
    }

    fn resting(&self, rest: &Rest) {
        let Rest { error, attempt, until } = rest;
        let wait = until.saturating_duration_since(Instant::now());
        self.update(|status| {
            status.enter(State::after(error.kind()));
            status.fault = Some(Fault::from(error));
            status.attempt = *attempt;
            status.next_try = Some(Timestamp::now() + wait);
        });
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_modify(change);
        self.changes.send_modify(|version| *version += 1);
    }
}

fn is_wanted(orders: &Orders, readers: usize) -> bool {
    orders.always || readers > 0
}

/// Waits until the session that follows `running` has to end although nothing is wrong with it.
async fn dismissed(
    mut orders: watch::Receiver<Orders>,
    mut readers: watch::Receiver<usize>,
    mut paused: watch::Receiver<Option<Timestamp>>,
    running: &Orders,
) -> Dismissal {
    loop {
        if paused.borrow_and_update().is_some() {
            return Dismissal::Unwanted;
        }
        let unread_for = {
            let (orders, readers) = (orders.borrow_and_update(), readers.borrow_and_update());
            if !orders.same_session(running) {
                return Dismissal::NewOrders;
            }
            (!is_wanted(&orders, *readers)).then_some(orders.leave_after)
        };
        let unwanted = async {
            match unread_for {
                Some(unread_for) => tokio::time::sleep(unread_for).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = unwanted => return Dismissal::Unwanted,
            Ok(()) = orders.changed() => {}
            Ok(()) = readers.changed() => {}
            Ok(()) = paused.changed() => {}
            else => std::future::pending().await,
        }
    }
}

/// Decides where readers may begin.
struct Starts {
    /// When the last place to begin came by, or the session began.
    last: Instant,
    /// Whether the camera shows such places itself.
    regular: bool,
}

impl Starts {
    fn new(now: Instant) -> Self {
        Self { last: now, regular: false }
    }

    fn at(&mut self, keyframe: bool, now: Instant) -> bool {
        self.regular |= keyframe;
        let desperate = !self.regular && now.duration_since(self.last) >= NO_KEYFRAME;
        if keyframe || desperate {
            self.last = now;
        }
        keyframe || desperate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which readers may begin, of a packet a second.
    fn starts(keyframes: &[u64]) -> Vec<u64> {
        let began = Instant::now();
        let mut starts = Starts::new(began);
        let at = |second: &u64| {
            starts.at(keyframes.contains(second), began + Duration::from_secs(*second))
        };
        (0..60).filter(at).collect()
    }

    #[test]
    fn readers_begin_at_keyframes() {
        assert_eq!(starts(&[3, 40]), [3, 40]);
    }

    #[test]
    fn without_keyframes_they_begin_now_and_then() {
        assert_eq!(starts(&[]), [12, 24, 36, 48]);
        assert_eq!(starts(&[20]), [12, 20]);
    }
}
