//! One consumer's view of a camera's pictures: always the newest frame, never a queue, from the
//! cheapest stream that covers the size it asks for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::config::Size;
use crate::consumer::ConsumerHandle;
use crate::error::{Error, ErrorKind, Result};
use crate::frame::Frame;
use crate::pace::Pace;
use crate::pause;
use crate::rendition::Seat;
use crate::stream::{Role, Stream, Wanted};
use crate::streams::Streams;

/// What a consumer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spec {
    /// The size of its frames.
    pub size: Size,
    /// The shortest time from one frame to the next; none for every frame.
    pub period: Option<Duration>,
}

impl Spec {
    /// Every frame in this size.
    pub fn new(size: Size) -> Self {
        Self { size, period: None }
    }

    /// Whether keyframes come often enough for it.
    fn is_rare(&self, stream: &Stream) -> bool {
        /// Below a frame a second, the time from one keyframe to the next is no matter.
        const RARE: Duration = Duration::from_secs(1);
        let keyframes = stream.feed.keyframe_interval();
        self.period.is_some_and(|period| {
            period >= RARE && keyframes.is_some_and(|interval| interval <= period.mul_f64(1.25))
        })
    }
}

/// A substream that is not online for this long is not waited for: the main stream stands in.
const PATIENCE: Duration = Duration::from_secs(3);
/// A substream that is back for this long is used again.
const TRUST: Duration = Duration::from_secs(10);
/// How often that is looked at while no frames come.
const RECONSIDER: Duration = Duration::from_millis(500);

/// One consumer's view of a camera. Dropping it ends the consumer.
#[derive(Debug)]
pub struct FrameReader {
    streams: Arc<Streams>,
    spec: Spec,
    place: Place,
    /// Kept connected while the main stream stands in for it.
    substitute: Option<Substitute>,
    /// Since when the substream has been away, while it is read.
    away: Option<Instant>,
    cancelled: CancellationToken,
    /// Cancelled when all cameras are paused.
    open: CancellationToken,
    consumer: ConsumerHandle,
    pace: Pace,
    last_index: u64,
    /// Frames it should have had between the last two, by its own rate.
    late: u64,
    /// Set until the first frame after a change of streams: sequence numbers count anew.
    moved: bool,
}

/// A seat at a rendition of a stream that is connected for it.
#[derive(Debug)]
struct Place {
    seat: Seat,
    stream: Arc<Stream>,
    _wanted: Wanted,
}

#[derive(Debug)]
struct Substitute {
    substream: Arc<Stream>,
    _wanted: Wanted,
    /// Since when the substream has been back.
    back: Option<Instant>,
}

impl Place {
    fn take(stream: Arc<Stream>, spec: Spec) -> Result<Self> {
        let wanted = stream.want();
        let seat = stream.renditions.join(spec.size, spec.is_rare(&stream))?;
        Ok(Self { seat, stream, _wanted: wanted })
    }
}

impl FrameReader {
    pub(crate) fn join(
        streams: &Arc<Streams>,
        spec: Spec,
        cancelled: CancellationToken,
        open: CancellationToken,
        enter: impl FnOnce(Role) -> Result<ConsumerHandle>,
    ) -> Result<Self> {
        let stream = streams.covering(spec.size);
        let consumer = enter(stream.role)?;
        Ok(Self {
            streams: Arc::clone(streams),
            spec,
            place: Place::take(stream, spec)?,
            substitute: None,
            away: None,
            cancelled,
            open,
            consumer,
            pace: Pace::new(spec.period),
            last_index: 0,
            late: 0,
            moved: false,
        })
    }

    /// Waits for the newest frame whose sequence number is above `after`. A number from the
    /// future (of a former run of the server) counts as none. Cancel safe.
    ///
    /// # Errors
    /// [`ErrorKind::StreamNotRunning`] once the camera is removed or all are paused, [`ErrorKind::ConsumerKicked`]
    /// once someone disconnected this consumer, and the decoder's error while waiting will not help.
    pub async fn next_after(&mut self, after: u64) -> Result<Arc<Frame>> {
        loop {
            if let Some(frame) = self.try_next_after(after)? {
                return Ok(frame);
            }
            self.changed().await;
        }
    }

    /// Whether this reader may still read.
    fn check(&self) -> Result<()> {
        if self.cancelled.is_cancelled() {
            return Err(stopped());
        }
        if self.open.is_cancelled() {
            return Err(pause::paused());
        }
        if self.consumer.kicked().is_cancelled() {
            return Err(Error::new(ErrorKind::ConsumerKicked, "you were disconnected"));
        }
        Ok(())
    }

    /// The newest frame above `after`, if it is here already.
    ///
    /// # Errors
    /// As [`FrameReader::next_after`].
    pub fn try_next_after(&mut self, after: u64) -> Result<Option<Arc<Frame>>> {
        self.check()?;
        if let Some(better) = self.better_stream(Instant::now()) {
            self.move_to(better)?;
        }
        let frame = self.newest_after(after)?;
        if let Some(frame) = &frame {
            self.count(frame);
        }
        Ok(frame)
    }

    /// Waits until something has changed since the last look.
    pub async fn changed(&mut self) {
        let reconsiders = self.substitute.is_some() || self.place.stream.role == Role::Sub;
        tokio::select! {
            // Our seat keeps the sender alive.
            _ = self.place.seat.slot.changed() => {}
            () = self.cancelled.cancelled() => {}
            () = self.open.cancelled() => {}
            () = self.consumer.kicked().cancelled() => {}
            () = tokio::time::sleep(RECONSIDER), if reconsiders => {}
        }
    }

    /// The newest sequence number of the camera, to be used as `after` by who wants only frames
    /// of the future.
    pub fn present(&self) -> u64 {
        self.place.seat.slot.borrow().newest.as_ref().map_or(0, |frame| frame.sequence)
    }

    /// Whether no frame will ever come: the camera is removed, all were paused, or this consumer was disconnected.
    pub fn is_ended(&self) -> bool {
        self.check().is_err()
    }

    /// Waits until no frame will ever come, and tells why; as the errors of
    /// [`FrameReader::next_after`].
    pub async fn ended(&self) -> Error {
        tokio::select! {
            () = self.cancelled.cancelled() => {}
            () = self.open.cancelled() => {}
            () = self.consumer.kicked().cancelled() => {}
        }
        self.check().err().unwrap_or_else(stopped)
    }

    /// How many pictures were missed between `after` and the frame just read; at a rate of its own,
    /// how many frames the consumer should have had.
    pub fn missed(&self, after: u64, frame: &Frame) -> u64 {
        match self.spec.period {
            Some(_) => self.late,
            None if after == 0 => 0,
            None => frame.sequence.saturating_sub(after + 1),
        }
    }

    /// The frame just read could not be handed out after all: it counts as lost.
    pub fn undelivered(&self) {
        self.consumer.undelivered();
    }

    /// Which of the camera's streams is read.
    pub fn role(&self) -> Role {
        self.place.stream.role
    }

    fn newest_after(&mut self, after: u64) -> Result<Option<Arc<Frame>>> {
        let feed = &self.place.stream.feed;
        let slot = self.place.seat.slot.borrow_and_update();
        let after = if self.moved || after > feed.newest() { 0 } else { after };
        match &slot.newest {
            Some(frame) if frame.sequence > after && feed.is_live(frame.sequence) => {
                Ok(self.pace.wants(frame.captured_at).then(|| Arc::clone(frame)))
            }
            _ => slot.fault.clone().map_or(Ok(None), Err),
        }
    }

    fn count(&mut self, frame: &Frame) {
        let skipped = match self.last_index {
            0 => 0,
            last => frame.index.saturating_sub(last + 1),
        };
        self.last_index = frame.index;
        self.moved = false;
        self.late = self.pace.took(frame.captured_at, skipped);
        self.consumer.count(frame.captured_at, self.late);
    }

    /// The stream to read instead of the one that is read, if there is a reason to.
    fn better_stream(&mut self, now: Instant) -> Option<Arc<Stream>> {
        let stream = &self.place.stream;
        if stream.is_ended() {
            return Some(self.streams.covering(self.spec.size));
        }
        if stream.role == Role::Sub {
            // Its size is known only once it was connected.
            if stream.covers(self.spec.size) == Some(false) {
                return Some(self.streams.main());
            }
            let away = self.away.get_or_insert(now);
            if stream.is_online() {
                self.away = None;
            } else if now.duration_since(*away) >= PATIENCE {
                return Some(self.streams.main());
            }
            return None;
        }
        let Substitute { substream, back, .. } = self.substitute.as_mut()?;
        if substream.is_ended() || substream.covers(self.spec.size) == Some(false) {
            self.substitute = None;
            return None;
        }
        if !substream.is_online() {
            *back = None;
            return None;
        }
        let trusted = now.duration_since(*back.get_or_insert(now)) >= TRUST;
        trusted.then(|| Arc::clone(substream))
    }

    fn move_to(&mut self, stream: Arc<Stream>) -> Result<()> {
        let place = Place::take(stream, self.spec)?;
        self.consumer.moved_to(place.stream.role);
        let before = std::mem::replace(&mut self.place, place);
        let stands_in = before.stream.role == Role::Sub
            && !before.stream.is_ended()
            && before.stream.covers(self.spec.size) != Some(false);
        self.substitute = stands_in.then(|| Substitute {
            _wanted: before.stream.want(),
            substream: Arc::clone(&before.stream),
            back: None,
        });
        tracing::debug!(
            from = before.stream.role.name(),
            to = self.place.stream.role.name(),
            "a reader changed streams"
        );
        (self.away, self.last_index, self.moved) = (None, 0, true);
        Ok(())
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::StreamNotRunning, "this camera was stopped")
}
