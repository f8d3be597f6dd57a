//! One stream of a camera: its ingest, its packet feed and its renditions. Connected while it is
//! wanted, and once.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::config::{CameraConfig, Size};
use crate::consumer::Quota;
use crate::freeze::Freeze;
use crate::ingest::{Ingest, Orders};
use crate::ownership::{Hold, Ownership};
use crate::packet::StreamInfo;
use crate::packet_feed::{PacketFeed, Totals};
use crate::pause::Pause;
use crate::recorder::Recordings;
use crate::rendition::{RenditionSnapshot, Renditions, Workshop};
use crate::source::{Place, Tools};
use crate::status::{State, Status};

/// Which of a camera's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The camera's full picture.
    Main,
    /// A smaller one, for those who ask for no more.
    Sub,
}

impl Role {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Sub => "sub",
        }
    }
}

/// Everything there is to tell about a stream at one moment.
#[derive(Debug, Clone)]
pub struct StreamSnapshot {
    /// The ingest's status.
    pub status: Status,
    /// What the camera sends, once known.
    pub info: Option<Arc<StreamInfo>>,
    /// Frames a second, measured over the last seconds.
    pub fps: f64,
    /// Kilobits a second, measured likewise.
    pub kbps: f64,
    /// What came and went since it was added.
    pub totals: Totals,
    /// When the newest picture was taken.
    pub last_packet_at: Option<Timestamp>,
    /// Packets held for late joiners.
    pub buffered: usize,
    /// Since when the picture has been the same, although packets arrive.
    pub frozen_since: Option<Timestamp>,
    /// The forms that it is decoded to.
    pub renditions: Vec<RenditionSnapshot>,
}

/// A running stream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) role: Role,
    pub(crate) feed: Arc<PacketFeed>,
    pub(crate) freeze: Arc<Freeze>,
    pub(crate) renditions: Arc<Renditions>,
    status: watch::Receiver<Status>,
    orders: watch::Sender<Orders>,
    readers: watch::Sender<usize>,
    cancelled: CancellationToken,
}

/// What every stream of an engine shares.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) tools: Arc<Tools>,
    pub(crate) recordings: Arc<Recordings>,
    /// How long a rendition goes on decoding after its last consumer left.
    pub(crate) linger: Duration,
    /// The room for consumers.
    pub(crate) consumers: Arc<Quota>,
    pub(crate) pause: Arc<Pause>,
    pub(crate) ownership: Arc<dyn Ownership>,
    pub(crate) changes: watch::Sender<u64>,
    pub(crate) tasks: TaskTracker,
}

impl Stream {
    /// Starts the ingest as one of the engine's tasks.
    pub(crate) fn start(
        config: &CameraConfig,
        role: Role,
        orders: Orders,
        hold: watch::Receiver<Hold>,
        around: &Surroundings,
        cancelled: CancellationToken,
        span: &tracing::Span,
    ) -> Self {
        let Surroundings { tools, linger, pause, ownership, changes, tasks, .. } = around;
        let feed = Arc::new(PacketFeed::new(config.frame_buffer_size));
        let freeze = Arc::<Freeze>::default();
        let first = match (&*hold.borrow(), orders.always) {
            _ if pause.is_on() => Status::paused(),
            (Hold::Nobody(why), _) => Status::held_by_nobody(why),
            (Hold::Here, true) => Status::connecting(),
            _ => Status::stopped(),
        };
        let (status_sender, status) = watch::channel(first);
        // What its owner tells of a camera is the main stream's.
        let reports = match role {
            Role::Main => ownership.reports(&config.id),
            Role::Sub => None,
        };
        let orders = watch::Sender::new(orders);
        let readers = watch::Sender::new(0);
        let ingest = Ingest {
            place: Place { camera: config.id.clone(), stream: role.name() },
            hold,
            reports: reports.unwrap_or_else(|| watch::channel(None).1),
            orders: orders.subscribe(),
            readers: readers.subscribe(),
            feed: Arc::clone(&feed),
            freeze: Arc::clone(&freeze),
            status: status_sender,
            tools: Arc::clone(tools),
            paused: pause.watch(),
            pause: Arc::clone(pause),
            changes: changes.clone(),
        };
        let span = tracing::info_span!(parent: span, "stream", role = role.name());
        tasks.spawn(ingest.run(cancelled.clone()).instrument(span.clone()));
        let workshop = Workshop {
            feed: Arc::clone(&feed),
            freeze: Arc::clone(&freeze),
            tools: Arc::clone(tools),
            linger: *linger,
            span,
        };
        let renditions =
            Renditions::new(workshop, Arc::clone(pause), cancelled.clone(), tasks.clone());
        let renditions = Arc::new(renditions);
        Self { role, feed, freeze, renditions, status, orders, readers, cancelled }
    }

    /// Changes how it is run; another source is connected at once.
    pub(crate) fn order(&self, change: impl FnOnce(&mut Orders)) {
        self.orders.send_modify(change);
    }

    /// Ends everything inside.
    pub(crate) fn stop(&self) {
        self.cancelled.cancel();
    }

    /// Whether it will never deliver anything again.
    pub(crate) fn is_ended(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&self) {
        self.cancelled.cancelled().await;
    }

    /// Follows the status.
    pub(crate) fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    pub(crate) fn is_online(&self) -> bool {
        self.status.borrow().state == State::Online
    }

    /// Everything there is to tell now.
    pub(crate) fn snapshot(&self) -> StreamSnapshot {
        let rate = self.feed.rate();
        StreamSnapshot {
            status: self.status.borrow().clone(),
            info: self.feed.stream(),
            fps: rate.fps,
            kbps: rate.kbps,
            totals: self.feed.totals(),
            last_packet_at: self.feed.last_captured_at(),
            buffered: self.feed.len(),
            frozen_since: self.freeze.since(),
            renditions: self.renditions.list(),
        }
    }

    /// Whether its pictures are at least as large, as far as is known.
    pub(crate) fn covers(&self, size: Size) -> Option<bool> {
        let stream = self.feed.stream()?;
        Some(stream.width >= size.width() && stream.height >= size.height())
    }

    /// Has the stream connected for as long as the answer lives.
    pub(crate) fn want(&self) -> Wanted {
        self.readers.send_modify(|readers| *readers += 1);
        Wanted(self.readers.clone())
    }
}

/// One reader's wish for a stream.
#[derive(Debug)]
pub(crate) struct Wanted(watch::Sender<usize>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.send_modify(|readers| *readers -= 1);
    }
}
