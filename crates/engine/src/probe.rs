//! A short look at a camera that is not added: what it sends, a picture, and what to mind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::codec::Codec;
use crate::config::Size;
use crate::convert::packed_len;
use crate::decoder::{self, Wants};
use crate::error::{Error, ErrorKind, Result};
use crate::frame::{Frame, Pool, Quality};
use crate::nal;
use crate::packet::{AccessUnit, StreamInfo};
use crate::packet_feed::PacketFeed;
use crate::sidecar::Sidecar;
use crate::slots::Slots;
use crate::source::{Opened, Source};
use crate::status::Session;

/// How long packets are measured.
const LOOK: Duration = Duration::from_secs(3);
/// How long to wait for a first keyframe and its picture beyond that.
const LONGEST_LOOK: Duration = Duration::from_secs(12);
/// A camera that sends nothing for this long is stalled; some wake up first.
const STALL: Duration = Duration::from_secs(5);
const FIRST_PACKET: Duration = Duration::from_secs(12);
/// Width of the picture.
const PICTURE_WIDTH: u32 = 640;
/// A keyframe every five seconds or less often makes late joiners wait.
const LONG_GOP: Duration = Duration::from_secs(5);
/// Pixels above which decoding for a tile is worth a substream.
const LARGE: u32 = 1280 * 720;
/// Looks at a time; each may hold a connection and a decoder.
pub(crate) const MAX_PROBES: usize = 4;

/// What a camera turned out to send.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The stream as it says of itself.
    pub stream: Arc<StreamInfo>,
    /// Frames a second, measured.
    pub fps: f64,
    /// Kilobits a second, measured.
    pub kbps: f64,
    /// Frames from one keyframe to the next; none when no second keyframe came in time.
    pub gop: Option<u32>,
    /// The profile of its codec, as it declares.
    pub profile: Option<&'static str>,
    /// Whether pictures come in another order than they are shown.
    pub b_frames: bool,
    /// Who reads it, and how; with the codec of its sound, which is not carried.
    pub session: Session,
    /// A JPEG of at most 640 pixels a row; none when no picture could be decoded.
    pub picture: Option<Bytes>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}

/// Something that works, but could work better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// H.265: many browsers cannot show it without decoding here.
    H265,
    /// Keyframes are far apart.
    LongGop,
    /// Pictures wait for later ones.
    BFrames,
    /// A large picture, which is expensive to decode for a small tile.
    LargeStream,
    /// FFmpeg could not make a picture of it.
    NoPicture,
}

impl Warning {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::H265 => "h265",
            Self::LongGop => "long_gop",
            Self::BFrames => "b_frames",
            Self::LargeStream => "large_stream",
            Self::NoPicture => "no_picture",
        }
    }

    /// What it means and what to do.
    pub fn message(self) -> &'static str {
        match self {
            Self::H265 => {
                "the camera sends H.265, which costs more to decode and which many browsers cannot show; H.264 is the safe choice"
            }
            Self::LongGop => {
                "keyframes are more than 5 s apart, so pictures start late; set the camera's keyframe interval to 1 or 2 s"
            }
            Self::BFrames => {
                "the camera sends B-frames, so every picture waits for later ones; switch them off in the camera (profile Baseline, or smart codec off)"
            }
            Self::LargeStream => {
                "this is a large stream; if the camera has a smaller one as well, add it as the substream, so that small pictures cost less"
            }
            Self::NoPicture => "the stream arrives, but no picture could be decoded from it",
        }
    }
}

/// What was counted while looking.
struct Measured {
    stream: Arc<StreamInfo>,
    session: Session,
    b_frames: bool,
    frames: u32,
    bytes: usize,
    span: Duration,
    gop: Option<u32>,
    /// From the first to the last keyframe, or to the end when there was one.
    since_keyframe: Duration,
}

/// Looks for a few seconds at what `open` opens: a connection of its own, or the feed of a camera
/// that is online already.
///
/// # Errors
/// Whatever keeps it from being opened or read, and [`ErrorKind::QuotaExceeded`] while too many
/// looks are under way. Cancelling closes the connection.
pub(crate) async fn probe(
    open: impl Future<Output = Result<Opened>>,
    sidecar: &Sidecar,
    running: &Semaphore,
) -> Result<Probe> {
    let _permit = running.try_acquire().map_err(|_| {
        Error::new(
            ErrorKind::QuotaExceeded,
            "other cameras are being tested; try again in a moment",
        )
    })?;
    let opened = open.await?;
    let feed = Arc::new(PacketFeed::new(1));
    let picture = async {
        let mut reader = feed.reader();
        let stream = feed.wait_stream().await;
        let size = picture_size(&stream)?;
        picture(sidecar, &mut reader, size).await
    };
    let (measured, picture) = tokio::join!(measure(opened, &feed), timeout(LONGEST_LOOK, picture));
    let measured = measured?;
    let picture = picture.ok().and_then(Result::ok);
    let mut warnings = Vec::new();
    if measured.stream.codec == Codec::H265 {
        warnings.push(Warning::H265);
    }
    if measured.since_keyframe >= LONG_GOP {
        warnings.push(Warning::LongGop);
    }
    if measured.b_frames {
        warnings.push(Warning::BFrames);
    }
    if measured.stream.width * measured.stream.height > LARGE {
        warnings.push(Warning::LargeStream);
    }
    if picture.is_none() {
        warnings.push(Warning::NoPicture);
    }
    let seconds = measured.span.as_secs_f64();
    let rate = |amount: f64| if seconds > 0.0 { amount / seconds } else { 0.0 };
    Ok(Probe {
        fps: rate(f64::from(measured.frames.saturating_sub(1))),
        kbps: rate(measured.bytes as f64 * 8.0 / 1000.0),
        profile: nal::profile(measured.stream.codec, &measured.stream.config_record),
        b_frames: measured.b_frames,
        stream: measured.stream,
        gop: measured.gop,
        session: measured.session,
        picture,
        warnings,
    })
}

fn picture_size(stream: &StreamInfo) -> Result<Size> {
    let camera = Size::new(stream.width, stream.height)?;
    if camera.width() <= PICTURE_WIDTH {
        Ok(camera)
    } else {
        Size::with_width(PICTURE_WIDTH, camera)
    }
}

/// Counts packets, and keeps them for the decoder, until there is enough to tell.
async fn measure(mut source: Opened, feed: &Arc<PacketFeed>) -> Result<Measured> {
    let started = Instant::now();
    // By the packets' own times: those of a feed that runs already come in a burst.
    let mut first: Option<Timestamp> = None;
    let mut last_keyframe: Option<(Timestamp, u32)> = None;
    let mut measured: Option<Measured> = None;
    let mut last_shown = i64::MIN;
    let mut patience = FIRST_PACKET;
    loop {
        let unit = timeout(patience, source.next()).await.map_err(|_| {
            Error::new(
                ErrorKind::Stalled,
                format!("the camera is connected but sent no picture for {} s", patience.as_secs()),
            )
        })??;
        patience = STALL;
        feed.push(unit.clone());
        let AccessUnit { stream, captured_at: now, keyframe, data, pts, .. } = unit;
        let first = *first.get_or_insert(now);
        let between = |from: Timestamp| now.duration_since(from).unsigned_abs();
        let so_far = measured.get_or_insert_with(|| Measured {
            session: source.session(),
            stream: Arc::clone(&stream),
            b_frames: false,
            frames: 0,
            bytes: 0,
            span: Duration::ZERO,
            gop: None,
            since_keyframe: Duration::ZERO,
        });
        so_far.stream = stream;
        so_far.b_frames |= pts < last_shown;
        last_shown = last_shown.max(pts);
        so_far.frames += 1;
        // What the first packet carries lies before the span.
        if so_far.frames > 1 {
            so_far.bytes += data.len();
        }
        so_far.span = between(first);
        if keyframe {
            if let Some((_, number)) = last_keyframe {
                so_far.gop = Some(so_far.frames - number);
            }
            last_keyframe = Some((now, so_far.frames));
        }
        let since = last_keyframe.map_or(first, |(at, _)| at);
        so_far.since_keyframe = so_far.since_keyframe.max(between(since));
        let enough = so_far.span >= LOOK
            && last_keyframe.is_some()
            && (so_far.gop.is_some() || so_far.since_keyframe >= LONG_GOP);
        if enough || started.elapsed() >= LONGEST_LOOK {
            break;
        }
    }
    measured.ok_or_else(|| Error::new(ErrorKind::Stalled, "the camera sent no picture"))
}

/// The first picture that can be decoded, as a JPEG.
pub(crate) async fn picture(
    sidecar: &Sidecar,
    reader: &mut crate::packet_feed::PacketReader,
    size: Size,
) -> Result<Bytes> {
    let (out, mut pictures) = tokio::sync::mpsc::unbounded_channel();
    let pool = Pool::default();
    let wants = Wants { size, keyframes_only: false, hardware: false };
    let decoding = decoder::run(sidecar, reader, wants, &pool, |decoded| drop(out.send(decoded)));
    let decoded = tokio::select! {
        Some(decoded) = pictures.recv() => decoded,
        error = decoding => return Err(error),
    };
    let slots = Slots::new(packed_len(size));
    Frame::new(decoded, size, 1, true, slots).jpeg(Quality::default())
}
