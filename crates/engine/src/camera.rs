//! One camera and all its parts: its streams and its consumers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::{CameraConfig, CameraId, Mode, Size, Transport};
use crate::consumer::{ConsumerInfo, ConsumerSnapshot, Consumers, Deliveries};
use crate::error::{Error, ErrorKind, Result};
use crate::frame_reader::{FrameReader, Spec};
use crate::handover::Handover;
use crate::ingest::Orders;
use crate::owner_report::OwnerReport;
use crate::ownership::Hold;
use crate::packet_consumer::PacketConsumer;
use crate::packet_feed::{Arrivals, PacketReader};
use crate::pause;
use crate::recorder::{Recorder, RecorderSnapshot, RecorderState, Recording};
use crate::relay_feed::{RelayFeed, not_here};
use crate::source::SourceConfig;
use crate::status::{State, Status};
use crate::stream::{Role, Stream, StreamSnapshot, Surroundings, Wanted};
use crate::streams::Streams;

/// A running camera. The engine holds it; handing out clones of the `Arc` is fine, as removal
/// ends what is inside.
pub struct Camera {
    id: CameraId,
    config: Mutex<Arc<CameraConfig>>,
    created_at: Timestamp,
    /// Which instance has it open.
    hold: watch::Receiver<Hold>,
    /// What that one tells of it.
    reports: Option<watch::Receiver<Option<OwnerReport>>>,
    streams: Arc<Streams>,
    recorder: Arc<Recorder>,
    consumers: Arc<Consumers>,
    around: Surroundings,
    cancelled: CancellationToken,
    span: tracing::Span,
}

/// Everything there is to tell about a camera at one moment.
#[derive(Debug, Clone)]
pub struct CameraSnapshot {
    /// As configured.
    pub config: Arc<CameraConfig>,
    /// When it was added to this engine.
    pub created_at: Timestamp,
    /// The camera's full picture.
    pub main: StreamSnapshot,
    /// Its smaller one.
    pub sub: Option<StreamSnapshot>,
    /// Consumers connected.
    pub consumers: usize,
    /// Frames dropped because a consumer was too slow for them.
    pub dropped: u64,
    /// What its recorder does.
    pub recorder: RecorderSnapshot,
    /// The instance that has it open, where that is another.
    pub owner: Option<Owner>,
}

/// Another instance that has a camera open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its name.
    pub name: String,
    /// What its recorder does.
    pub recorder: RecorderState,
}

impl CameraSnapshot {
    /// How the camera is: as the stream that somebody wants.
    pub fn status(&self) -> &Status {
        match &self.sub {
            Some(sub) if self.main.status.state == State::Stopped => &sub.status,
            _ => &self.main.status,
        }
    }
}

/// How each stream of a camera is to be run.
fn orders(config: &CameraConfig, role: Role, restarts: u64) -> Option<Orders> {
    let url = match role {
        Role::Main => config.url.clone(),
        Role::Sub => config.substream.clone()?,
    };
    Some(Orders {
        source: SourceConfig {
            // Only RTSP leaves the choice; otherwise a change of it is no reason to connect anew.
            transport: match url.scheme() {
                "rtsp" => config.transport,
                _ => Transport::Tcp,
            },
            url,
            accepted: config.tls_fingerprint,
        },
        always: role == Role::Main && config.mode == Mode::Always,
        leave_after: config.leave_after,
        restarts,
    })
}

impl Camera {
    /// Starts the camera's streams as tasks of the engine.
    pub(crate) fn start(
        config: CameraConfig,
        around: Surroundings,
        cancelled: CancellationToken,
    ) -> Self {
        let span = tracing::info_span!("camera", id = %config.id);
        let hold = around.ownership.follow(&config.id);
        let start = |role| start_stream(&config, role, &hold, &around, &cancelled, &span);
        let main = start(Role::Main).expect("every camera has a main stream");
        let streams = Arc::new(Streams::new(main, start(Role::Sub)));
        let recorder =
            Recorder::start(&config, streams.main(), hold.clone(), &around, &cancelled, &span);
        let recorder = Arc::new(recorder);
        let reports = around.ownership.reports(&config.id);
        if let Some(reports) = reports.clone() {
            let handover = Handover {
                camera: config.id.clone(),
                ownership: Arc::clone(&around.ownership),
                hold: hold.clone(),
                reports,
                status: streams.main().status(),
                recorder: Arc::clone(&recorder),
            };
            let end = cancelled.clone();
            around.tasks.spawn(async move {
                let _ = end.run_until_cancelled(handover.run()).await;
            });
        }
        Self {
            id: config.id.clone(),
            config: Mutex::new(Arc::new(config)),
            created_at: Timestamp::now(),
            hold,
            reports,
            streams,
            recorder,
            consumers: Arc::new(Consumers::new(
                Arc::clone(&around.consumers),
                around.changes.clone(),
            )),
            around,
            cancelled,
            span,
        }
    }

    /// Ends everything inside; readers get [`ErrorKind::StreamNotRunning`].
    pub(crate) fn stop(&self) {
        self.cancelled.cancel();
    }

    /// Takes over changed settings. Readers stay; a stream whose source changed connects anew.
    pub(crate) fn apply(&self, config: CameraConfig) {
        let change = |stream: &Stream| {
            stream.order(|current| {
                if let Some(changed) = orders(&config, stream.role, current.restarts) {
                    *current = changed;
                }
            });
            stream.feed.keep(config.frame_buffer_size);
        };
        self.recorder.apply(&config);
        change(&self.streams.main());
        match (self.streams.sub(), &config.substream) {
            (Some(sub), Some(_)) => change(&sub),
            (None, None) => {}
            _ => self.streams.replace_sub(start_stream(
                &config,
                Role::Sub,
                &self.hold,
                &self.around,
                &self.cancelled,
                &self.span,
            )),
        }
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    /// Connects anew, at once.
    pub(crate) fn restart(&self) {
        for stream in [Some(self.streams.main()), self.streams.sub()].into_iter().flatten() {
            stream.order(|orders| orders.restarts += 1);
        }
    }

    /// Its id.
    pub fn id(&self) -> &CameraId {
        &self.id
    }

    /// As configured.
    pub fn config(&self) -> Arc<CameraConfig> {
        Arc::clone(&self.config.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Follows the main stream's status.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.streams.main().status()
    }

    /// How many consumers are connected.
    pub fn consumer_count(&self) -> usize {
        self.consumers.count()
    }

    /// Who reads, in the order they came.
    pub fn consumers(&self) -> Vec<ConsumerSnapshot> {
        self.consumers.list()
    }

    /// One consumer, what it got in each of the last minutes' seconds, oldest first, and how long
    /// ago the last of them ended.
    ///
    /// # Errors
    /// [`ErrorKind::ConsumerNotFound`].
    pub fn consumer_history(
        &self,
        consumer: u64,
    ) -> Result<(ConsumerSnapshot, Vec<Deliveries>, Duration)> {
        self.consumers.history(consumer)
    }

    /// Disconnects one consumer: its reader ends with [`ErrorKind::ConsumerKicked`].
    ///
    /// # Errors
    /// [`ErrorKind::ConsumerNotFound`].
    pub fn kick(&self, consumer: u64) -> Result<()> {
        self.consumers.kick(consumer)
    }

    /// Reads pictures, from the cheapest stream that covers their size.
    ///
    /// # Errors
    /// [`ErrorKind::StreamNotRunning`] once the camera is removed or while all are paused, [`ErrorKind::QuotaExceeded`]
    /// when it is decoded to too many sizes or has too many consumers.
    pub fn frames(&self, spec: Spec, consumer: ConsumerInfo) -> Result<FrameReader> {
        let enter = |role| self.consumers.join(consumer, Some(spec.size), role);
        FrameReader::join(&self.streams, spec, self.cancelled.clone(), self.open()?, enter)
    }

    /// Reads packets, from the newest keyframe of a stream on; of the main stream where there is
    /// no other.
    ///
    /// # Errors
    /// [`ErrorKind::StreamNotRunning`] while all cameras are paused, [`ErrorKind::QuotaExceeded`] when
    /// there are too many consumers.
    pub fn packets(&self, role: Role, consumer: ConsumerInfo) -> Result<PacketConsumer> {
        let open = self.open()?;
        let stream = match role {
            Role::Main => self.streams.main(),
            Role::Sub => self.streams.sub().unwrap_or_else(|| self.streams.main()),
        };
        let consumer = self.consumers.join(consumer, None, stream.role)?;
        Ok(PacketConsumer::join(stream, self.cancelled.clone(), open, consumer))
    }

    /// Reads a stream for another instance, which hands it on to readers of its own.
    ///
    /// # Errors
    /// [`ErrorKind::NotOwner`] where another instance has the camera open, or why nobody has, and
    /// the errors of [`Camera::packets`].
    pub fn relay(&self, role: Role, consumer: ConsumerInfo) -> Result<RelayFeed> {
        self.here()?;
        let stream = match role {
            Role::Main => self.streams.main(),
            Role::Sub => self.streams.sub().ok_or_else(|| {
                Error::new(ErrorKind::StreamNotRunning, "this camera has no substream here yet")
            })?,
        };
        let packets = self.packets(role, consumer)?;
        Ok(RelayFeed::new(packets, stream.status(), self.hold.clone()))
    }

    /// Which instance has it open.
    pub fn hold(&self) -> Hold {
        self.hold.borrow().clone()
    }

    /// # Errors
    /// Where this instance does not have it open.
    fn here(&self) -> Result<()> {
        match &*self.hold.borrow() {
            Hold::Here => Ok(()),
            elsewhere => Err(not_here(elsewhere)),
        }
    }

    /// What ends readers when all cameras are paused.
    fn open(&self) -> Result<CancellationToken> {
        let open = self.around.pause.token();
        if open.is_cancelled() { Err(pause::paused()) } else { Ok(open) }
    }

    /// Looks at the packets of the main stream, kept connected meanwhile, without counting as a consumer.
    pub(crate) fn look(&self) -> (PacketReader, Wanted) {
        let main = self.streams.main();
        (main.feed.reader(), main.want())
    }

    /// Starts recording, until somebody ends it.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingsOff`], [`ErrorKind::UnsupportedCodec`]; [`ErrorKind::NotOwner`] where
    /// another instance has it open.
    pub fn record(&self) -> Result<()> {
        self.here()?;
        self.recorder.want()
    }

    /// Ends recording; the file is finished then.
    pub(crate) async fn stop_recording(&self) {
        self.recorder.end().await;
    }

    /// What its recorder does.
    pub fn recorder(&self) -> RecorderSnapshot {
        self.recorder.snapshot()
    }

    /// Saves what the camera sent in the last seconds, or what is there of it.
    ///
    /// # Errors
    /// [`ErrorKind::NothingBuffered`], [`ErrorKind::RecordingsOff`], [`ErrorKind::DiskFull`],
    /// [`ErrorKind::FolderUnwritable`]; [`ErrorKind::NotOwner`] where another instance has it open.
    pub async fn clip(&self, seconds: u32) -> Result<Recording> {
        self.here()?;
        self.recorder.clip(seconds).await
    }

    /// The size of the camera's own picture; connects and waits until the camera has told it.
    pub async fn native_size(&self) -> Result<Size> {
        let main = self.streams.main();
        let _wanted = main.want();
        let stream = tokio::select! {
            stream = main.feed.wait_stream() => stream,
            () = async { self.around.pause.token().cancelled().await } => return Err(pause::paused()),
        };
        Size::new(stream.width, stream.height)
    }

    /// Why there will be no frames until someone changes something, if that is so.
    pub fn lasting_fault(&self) -> Option<Error> {
        if self.cancelled.is_cancelled() {
            return Some(Error::new(ErrorKind::StreamNotRunning, "this camera was stopped"));
        }
        if self.around.pause.is_on() {
            return Some(pause::paused());
        }
        if self.streams.sub().is_some_and(|sub| sub.is_online()) {
            return None;
        }
        let status = self.streams.main().status();
        let status = status.borrow();
        match (status.state, &status.fault) {
            (State::AuthFailed | State::Error, Some(fault)) => {
                Some(Error::new(fault.kind, &fault.message))
            }
            _ => None,
        }
    }

    /// Waits until there will be no frames unless someone changes something; why.
    pub async fn until_lasting_fault(&self) -> Error {
        let mut status = self.status();
        loop {
            if let Some(fault) = self.lasting_fault() {
                return fault;
            }
            if status.changed().await.is_err() {
                return Error::new(ErrorKind::StreamNotRunning, "this camera was stopped");
            }
        }
    }

    /// What arrived of the main stream in each of the last minutes' seconds, oldest first, and how
    /// long ago the last of them ended.
    pub fn history(&self) -> (Vec<Arrivals>, Duration) {
        self.streams.main().feed.history()
    }

    /// Everything there is to tell now.
    pub fn snapshot(&self) -> CameraSnapshot {
        CameraSnapshot {
            config: self.config(),
            created_at: self.created_at,
            main: self.streams.main().snapshot(),
            sub: self.streams.sub().map(|sub| sub.snapshot()),
            consumers: self.consumers.count(),
            dropped: self.consumers.dropped(),
            recorder: self.recorder.snapshot(),
            owner: match &*self.hold.borrow() {
                Hold::There(peer) => {
                    let told = self.reports.as_ref().and_then(|reports| reports.borrow().clone());
                    let recorder = told.map(|report| report.recorder).unwrap_or_default();
                    Some(Owner { name: peer.name.clone(), recorder })
                }
                _ => None,
            },
        }
    }
}

fn start_stream(
    config: &CameraConfig,
    role: Role,
    hold: &watch::Receiver<Hold>,
    around: &Surroundings,
    cancelled: &CancellationToken,
    span: &tracing::Span,
) -> Option<Stream> {
    let orders = orders(config, role, 0)?;
    let cancelled = cancelled.child_token();
    Some(Stream::start(config, role, orders, hold.clone(), around, cancelled, span))
}
