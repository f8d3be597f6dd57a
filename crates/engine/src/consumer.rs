//! Who reads a camera: a named handle with counters. Dropping it ends the consumer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Size;
use crate::error::{Error, ErrorKind};
use crate::history::History;
use crate::stream::Role;

/// Over how long a consumer's rate is measured.
const RATE_WINDOW: Duration = Duration::from_secs(3);

/// The way a consumer is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsumerKind {
    /// Pulls frames over HTTP.
    Http,
    /// Is pushed frames or packets over a WebSocket.
    WebSocket,
    /// Looks at frames in memory that it shares with the server.
    SharedMemory,
    /// A tile of the desktop window.
    Window,
    /// Another instance, which hands packets on to consumers of its own.
    Relay,
}

impl ConsumerKind {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::WebSocket => "websocket",
            Self::SharedMemory => "shared_memory",
            Self::Window => "window",
            Self::Relay => "relay",
        }
    }
}

/// How a consumer introduces itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerInfo {
    /// The way it is connected.
    pub kind: ConsumerKind,
    /// What it calls itself, such as its user agent; any text, shown as given.
    pub name: String,
    /// Its process, where it tells.
    pub pid: Option<u32>,
    /// What it is given, such as `bgr24` or `h264`.
    pub format: &'static str,
}

/// What a consumer got in one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// Frames or packets handed to it.
    pub delivered: u32,
    /// Those that it was too slow for.
    pub dropped: u32,
    /// How old the oldest of them was when it was handed over, in milliseconds.
    pub lag_ms: u32,
}

/// One consumer as it is now.
#[derive(Debug, Clone)]
pub struct ConsumerSnapshot {
    /// Its number at this camera; never used again.
    pub id: u64,
    /// How it introduced itself.
    pub info: ConsumerInfo,
    /// The size of its frames; none for one that takes packets.
    pub size: Option<Size>,
    /// The stream it reads.
    pub role: Role,
    /// When it joined.
    pub since: Timestamp,
    /// Frames handed to it.
    pub delivered: u64,
    /// Frames it was too slow for.
    pub dropped: u64,
    /// Frames a second, measured over the last seconds.
    pub fps: f64,
    /// How old its last frame was when it was handed over; none before the first.
    pub lag: Option<SignedDuration>,
}

/// One consumer and its counters.
#[derive(Debug)]
struct Consumer {
    info: ConsumerInfo,
    size: Option<Size>,
    since: Timestamp,
    counters: Mutex<Counters>,
    /// Cancelled when someone disconnects it.
    kicked: CancellationToken,
}

#[derive(Debug)]
struct Counters {
    role: Role,
    delivered: u64,
    dropped: u64,
    lag: Option<SignedDuration>,
    deliveries: VecDeque<Instant>,
    history: History<Deliveries>,
}

impl Consumer {
    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn snapshot(&self, id: u64) -> ConsumerSnapshot {
        let mut counters = self.counters();
        counters.forget_before(Instant::now());
        ConsumerSnapshot {
            id,
            info: self.info.clone(),
            size: self.size,
            role: counters.role,
            since: self.since,
            delivered: counters.delivered,
            dropped: counters.dropped,
            fps: counters.deliveries.len() as f64 / RATE_WINDOW.as_secs_f64(),
            lag: counters.lag,
        }
    }
}

impl Counters {
    fn forget_before(&mut self, now: Instant) {
        while self.deliveries.front().is_some_and(|at| now.duration_since(*at) > RATE_WINDOW) {
            self.deliveries.pop_front();
        }
    }
}

/// How many consumers there may be, and how many there are. All cameras of an engine share it.
#[derive(Debug)]
pub(crate) struct Quota {
    per_camera: usize,
    total: usize,
    present: AtomicUsize,
}

impl Quota {
    pub(crate) fn new(per_camera: usize, total: usize) -> Self {
        Self { per_camera, total, present: AtomicUsize::new(0) }
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Counts one in, unless there are too many at all or at its camera.
    fn enter(&self, at_camera: usize) -> Result<(), Error> {
        let refused = |whose: &str, most: usize, setting: &str| {
            let why = format!(
                "{whose} has {most} consumers, as many as it may have; disconnect some, or start Fanlight with a larger {setting}"
            );
            Err(Error::new(ErrorKind::QuotaExceeded, why))
        };
        if at_camera >= self.per_camera {
            return refused("this camera", self.per_camera, "--max-consumers-per-camera");
        }
        let entered = self.present.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |present| {
            (present < self.total).then_some(present + 1)
        });
        match entered {
            Ok(_) => Ok(()),
            Err(_) => refused("this server", self.total, "--max-consumers"),
        }
    }

    fn leave(&self) {
        self.present.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A camera's consumers.
#[derive(Debug)]
pub(crate) struct Consumers {
    register: Mutex<Register>,
    quota: Arc<Quota>,
    /// Tells whoever shows the cameras that somebody came or left.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Register {
    next_id: u64,
    present: BTreeMap<u64, Arc<Consumer>>,
    /// Frames dropped by consumers that are gone.
    dropped_before: u64,
}

impl Consumers {
    pub(crate) fn new(quota: Arc<Quota>, changes: watch::Sender<u64>) -> Self {
        Self { register: Mutex::default(), quota, changes }
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }

    /// Lets a consumer in until its handle is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::QuotaExceeded`].
    pub(crate) fn join(
        self: &Arc<Self>,
        info: ConsumerInfo,
        size: Option<Size>,
        role: Role,
    ) -> Result<ConsumerHandle, Error> {
        let counters = Counters {
            role,
            delivered: 0,
            dropped: 0,
            lag: None,
            deliveries: VecDeque::new(),
            history: History::new(Instant::now()),
        };
        let consumer = Arc::new(Consumer {
            info,
            size,
            since: Timestamp::now(),
            counters: Mutex::new(counters),
            kicked: CancellationToken::new(),
        });
        let mut register = self.register();
        self.quota.enter(register.present.len())?;
        register.next_id += 1;
        let id = register.next_id;
        register.present.insert(id, Arc::clone(&consumer));
        drop(register);
        self.changed();
        Ok(ConsumerHandle { id, consumer, consumers: Arc::clone(self) })
    }

    /// How many are connected.
    pub(crate) fn count(&self) -> usize {
        self.register().present.len()
    }

    /// Frames dropped because a consumer was too slow for them, over the camera's life.
    pub(crate) fn dropped(&self) -> u64 {
        let register = self.register();
        let present: u64 = register.present.values().map(|c| c.counters().dropped).sum();
        register.dropped_before + present
    }

    /// All of them, in the order they came.
    pub(crate) fn list(&self) -> Vec<ConsumerSnapshot> {
        self.register().present.iter().map(|(id, consumer)| consumer.snapshot(*id)).collect()
    }

    fn find(&self, id: u64) -> Result<Arc<Consumer>, Error> {
        self.register().present.get(&id).cloned().ok_or_else(|| {
            Error::new(ErrorKind::ConsumerNotFound, format!("there is no consumer {id}"))
        })
    }

    /// Ends one consumer's reading; it learns so at once.
    pub(crate) fn kick(&self, id: u64) -> Result<(), Error> {
        self.find(id)?.kicked.cancel();
        Ok(())
    }

    /// One consumer, what it got in each of the last minutes' seconds, oldest first, and how long
    /// ago the last of them ended.
    pub(crate) fn history(
        &self,
        id: u64,
    ) -> Result<(ConsumerSnapshot, Vec<Deliveries>, Duration), Error> {
        let consumer = self.find(id)?;
        let (seconds, ago) = consumer.counters().history.ended(Instant::now());
        Ok((consumer.snapshot(id), seconds, ago))
    }
}

/// A consumer's place at a camera.
#[derive(Debug)]
pub(crate) struct ConsumerHandle {
    id: u64,
    consumer: Arc<Consumer>,
    consumers: Arc<Consumers>,
}

impl ConsumerHandle {
    /// Counts one frame handed out, captured then, and those it skipped.
    pub(crate) fn count(&self, captured_at: Timestamp, dropped: u64) {
        let now = Instant::now();
        let mut counters = self.consumer.counters();
        counters.delivered += 1;
        counters.dropped += dropped;
        let lag = Timestamp::now().duration_since(captured_at);
        counters.lag = Some(lag);
        let second = counters.history.at(now);
        second.delivered += 1;
        second.dropped = second.dropped.saturating_add(dropped as u32);
        second.lag_ms = second.lag_ms.max(lag.as_millis().clamp(0, i128::from(u32::MAX)) as u32);
        counters.deliveries.push_back(now);
        counters.forget_before(now);
    }

    /// The frame that was counted last could not be handed out after all.
    pub(crate) fn undelivered(&self) {
        let mut counters = self.consumer.counters();
        counters.delivered = counters.delivered.saturating_sub(1);
        counters.dropped += 1;
        counters.deliveries.pop_back();
        let second = counters.history.at(Instant::now());
        second.delivered = second.delivered.saturating_sub(1);
        second.dropped = second.dropped.saturating_add(1);
    }

    /// The consumer reads another stream of the camera now.
    pub(crate) fn moved_to(&self, role: Role) {
        self.consumer.counters().role = role;
    }

    /// Cancelled once someone has disconnected this consumer.
    pub(crate) fn kicked(&self) -> &CancellationToken {
        &self.consumer.kicked
    }
}

impl Drop for ConsumerHandle {
    fn drop(&mut self) {
        let mut register = self.consumers.register();
        register.present.remove(&self.id);
        let gone = self.consumer.snapshot(self.id);
        register.dropped_before += gone.dropped;
        drop(register);
        self.consumers.quota.leave();
        self.consumers.changed();
        tracing::debug!(
            kind = gone.info.kind.name(),
            name = gone.info.name,
            since = %gone.since,
            delivered = gone.delivered,
            dropped = gone.dropped,
            "consumer left"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consumers() -> Arc<Consumers> {
        at(&Arc::new(Quota::new(10, 10)))
    }

    /// The consumers of one camera.
    fn at(quota: &Arc<Quota>) -> Arc<Consumers> {
        Arc::new(Consumers::new(Arc::clone(quota), watch::Sender::new(0)))
    }

    fn try_join(consumers: &Arc<Consumers>, name: &str) -> Result<ConsumerHandle, Error> {
        let info = ConsumerInfo {
            kind: ConsumerKind::Http,
            name: name.into(),
            pid: None,
            format: "bgr24",
        };
        consumers.join(info, Size::new(640, 480).ok(), Role::Main)
    }

    fn join(consumers: &Arc<Consumers>, name: &str) -> ConsumerHandle {
        try_join(consumers, name).expect("there is room")
    }

    #[test]
    fn everyone_has_counters_of_their_own() {
        let consumers = consumers();
        let (slow, fast) = (join(&consumers, "slow"), join(&consumers, "fast"));
        slow.count(Timestamp::now(), 7);
        fast.count(Timestamp::now(), 0);
        fast.count(Timestamp::now(), 0);
        let counted: Vec<_> =
            consumers.list().into_iter().map(|c| (c.info.name, c.delivered, c.dropped)).collect();
        assert_eq!(counted, [("slow".to_owned(), 1, 7), ("fast".to_owned(), 2, 0)]);
        drop(slow);
        assert_eq!((consumers.count(), consumers.dropped()), (1, 7));
    }

    #[test]
    fn a_frame_that_could_not_be_handed_out_is_a_loss() {
        let consumers = consumers();
        let script = join(&consumers, "script");
        script.count(Timestamp::now(), 0);
        script.count(Timestamp::now(), 2);
        script.undelivered();
        let told = &consumers.list()[0];
        assert_eq!((told.delivered, told.dropped), (1, 3));
    }

    #[test]
    fn there_is_room_for_so_many_at_a_camera_and_at_all() {
        let quota = Arc::new(Quota::new(2, 3));
        let (front, back) = (at(&quota), at(&quota));
        let first = join(&front, "a");
        let _stays = (join(&front, "b"), join(&back, "c"));
        let refusal = |consumers: &Arc<Consumers>| {
            let error = try_join(consumers, "one too many").expect_err("full");
            assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
            error.message().to_owned()
        };
        assert!(refusal(&front).starts_with("this camera has 2 consumers"));
        assert!(refusal(&back).starts_with("this server has 3 consumers"));
        drop(first);
        assert!(try_join(&back, "in its place").is_ok());
        assert_eq!(quota.present.load(Ordering::Relaxed), 2, "and it left again");
    }

    #[test]
    fn the_last_minutes_are_told() {
        let consumers = consumers();
        let script = join(&consumers, "script");
        script.count(Timestamp::now(), 3);
        let (snapshot, seconds, ago) = consumers.history(1).expect("is there");
        assert_eq!(snapshot.delivered, 1);
        assert!(seconds.len() <= 1 && ago < Duration::from_secs(1));
    }

    #[test]
    fn one_is_disconnected_and_the_others_are_not() {
        let consumers = consumers();
        let (first, second) = (join(&consumers, "a"), join(&consumers, "b"));
        consumers.kick(consumers.list()[0].id).expect("is there");
        assert!(first.kicked().is_cancelled());
        assert!(!second.kicked().is_cancelled());
        drop(first);
        let id = 1;
        assert_eq!(consumers.kick(id).unwrap_err().kind(), ErrorKind::ConsumerNotFound);
    }
}
