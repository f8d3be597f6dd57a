//! H.264 and H.265: one FFmpeg process, fed FLV on stdin, read as yuv420p from stdout.
//!
//! Each picture is tied to its packet by the timestamp FFmpeg carries through and reports on
//! stderr just before it writes the picture, so a packet that yields no picture, or pictures in
//! another order, never shift the numbering.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ffmpeg_sidecar::command::FfmpegCommand;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::mpsc;

use super::{Packets, Wants, codec_changed, failed};
use crate::codec::Codec;
use crate::config::Size;
use crate::convert::yuv420p_len;
use crate::error::{Error, Result};
use crate::flv::{self, Content};
use crate::frame::{Decoded, Pool};
use crate::packet::{Clock, Packet, StreamInfo};
use crate::sidecar::{self, Sidecar};

/// A decoder with packets inside and no picture out for this long is replaced.
const HANG: Duration = Duration::from_millis(1500);
/// The first picture takes longer: the process starts and works through the cached GOP.
const HANG_AT_START: Duration = Duration::from_secs(5);
/// How often that is looked at.
const WATCH_PERIOD: Duration = Duration::from_millis(250);
/// Packets that must be waiting inside before silence counts as hanging: a camera may pause, and
/// a damaged packet may yield nothing.
const HANG_PACKETS: usize = 5;
/// The most pictures that H.264 and H.265 streams reorder.
const MAX_REORDER: u64 = 16;
/// The timestamp is written before its picture, so it is there or lost.
const PTS_WAIT: Duration = Duration::from_millis(500);

/// Packets that went in and did not come out yet.
#[derive(Default)]
struct InFlight(Mutex<Flight>);

/// A packet on its way.
#[derive(Clone, Copy)]
struct Entered {
    sequence: u64,
    captured_at: Timestamp,
    clock: Clock,
    at: Instant,
}

#[derive(Default)]
struct Flight {
    packets: VecDeque<Entered>,
    last_picture: Option<Instant>,
    /// The highest packet whose picture came out.
    last_out: u64,
    /// The number of the last picture handed on.
    last_number: u64,
    /// Set once pictures came out in another order than their packets went in.
    reorders: bool,
}

impl InFlight {
    fn lock(&self) -> MutexGuard<'_, Flight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entered(&self, packet: &Packet) {
        let Packet { sequence, captured_at, clock, .. } = *packet;
        let entered = Entered { sequence, captured_at, clock, at: Instant::now() };
        self.lock().packets.push_back(entered);
    }

    /// The picture of this packet came out: the number and the capture time it goes on with.
    ///
    /// Without B-frames these are the packet's own, and packets before it yielded nothing. With
    /// them, packets arrive in another order than their pictures are shown; numbers and times
    /// follow the order of showing, as a reader must never see them run backwards.
    fn left(&self, sequence: u64) -> Option<Entered> {
        let mut flight = self.lock();
        flight.last_picture = Some(Instant::now());
        flight.reorders |= sequence < flight.last_out;
        flight.last_out = flight.last_out.max(sequence);
        let number = if flight.reorders {
            (flight.last_number + 1).max(sequence.saturating_sub(MAX_REORDER))
        } else {
            sequence
        };
        while let Some(first) = flight.packets.front().copied() {
            if first.sequence > number {
                return None;
            }
            flight.packets.pop_front();
            if first.sequence == number {
                flight.last_number = number;
                return Some(first);
            }
        }
        None
    }

    fn hangs(&self) -> bool {
        let flight = self.lock();
        let (Some(Entered { at: entered, .. }), true) =
            (flight.packets.front(), flight.packets.len() >= HANG_PACKETS)
        else {
            return false;
        };
        match flight.last_picture {
            Some(last) => entered.elapsed() > HANG && last.elapsed() > HANG,
            None => entered.elapsed() > HANG_AT_START,
        }
    }
}

/// Decodes `first` and what `packets` delivers after it, until the process fails or hangs, or the
/// camera changes its codec.
pub(super) async fn run(
    sidecar: &Sidecar,
    first: Arc<Packet>,
    packets: &mut Packets<'_>,
    wants: Wants,
    pool: &Pool,
    mut publish: impl FnMut(Decoded),
) -> Error {
    let size = wants.size;
    let accelerator = sidecar.accelerator().filter(|_| wants.hardware);
    let build = |command: &mut FfmpegCommand| sidecar::args::decode(command, size, accelerator);
    let child = match sidecar.spawn(build).await {
        Ok(child) => child,
        Err(error) => return error,
    };
    // Held until the end of this function: dropping it kills the process.
    let _process = child.process;
    let in_flight = InFlight::default();
    let base = first.sequence;
    let (pts_out, pts_in) = mpsc::channel(1024);
    let last_words = Mutex::new(String::new());
    let ended = tokio::select! {
        ended = feed(first, packets, child.stdin, &in_flight) => ended,
        ended = read(child.stdout, pts_in, size, pool, &in_flight, base, &mut publish) => ended,
        ended = watch(&in_flight) => ended,
        never = listen(child.stderr, &pts_out, &last_words) => match never {},
    };
    let error = match ended {
        Ok(never) => match never {},
        Err(error) => error,
    };
    let words = last_words.into_inner().unwrap_or_else(PoisonError::into_inner);
    if words.is_empty() {
        error
    } else {
        Error::new(error.kind(), format!("{error} (FFmpeg said: {words})"))
    }
}

type Never = std::convert::Infallible;

/// Feeds packets, and the stream's configuration whenever it changes.
async fn feed(
    first: Arc<Packet>,
    packets: &mut Packets<'_>,
    mut stdin: ChildStdin,
    in_flight: &InFlight,
) -> Result<Never> {
    let base = first.sequence;
    let codec = first.stream.codec;
    let gone = |_| failed("its process stopped reading");
    stdin.write_all(flv::HEADER).await.map_err(gone)?;
    let mut configured: Option<Arc<StreamInfo>> = None;
    let mut packet = first;
    loop {
        if packet.stream.codec != codec {
            return Err(codec_changed());
        }
        // FLV timestamps are signed 32-bit milliseconds to FFmpeg; 2^31 packets are years.
        let timestamp = ((packet.sequence - base) & 0x7fff_ffff) as u32;
        let known = configured.as_ref().is_some_and(|s| Arc::ptr_eq(s, &packet.stream));
        if !known {
            let record = &packet.stream.config_record;
            write_tag(&mut stdin, codec, Content::Config, timestamp, record).await.map_err(gone)?;
            configured = Some(Arc::clone(&packet.stream));
        }
        in_flight.entered(&packet);
        let content = Content::AccessUnit { keyframe: packet.keyframe };
        write_tag(&mut stdin, codec, content, timestamp, &packet.data).await.map_err(gone)?;
        packet = packets.next().await;
    }
}

async fn write_tag(
    stdin: &mut ChildStdin,
    codec: Codec,
    content: Content,
    timestamp: u32,
    payload: &[u8],
) -> std::io::Result<()> {
    let (head, tail) = flv::envelope(codec, content, timestamp, payload.len());
    let mut parts = [IoSlice::new(&head), IoSlice::new(payload), IoSlice::new(&tail)];
    let mut left = &mut parts[..];
    while !left.is_empty() {
        match stdin.write_vectored(left).await? {
            0 => return Err(std::io::ErrorKind::WriteZero.into()),
            written => IoSlice::advance_slices(&mut left, written),
        }
    }
    Ok(())
}

/// Reads pictures and gives each its number.
async fn read(
    mut stdout: ChildStdout,
    mut pts: mpsc::Receiver<u64>,
    size: Size,
    pool: &Pool,
    in_flight: &InFlight,
    base: u64,
    publish: &mut impl FnMut(Decoded),
) -> Result<Never> {
    loop {
        let mut picture = pool.take(yuv420p_len(size));
        stdout.read_exact(picture.as_mut()).await.map_err(|_| failed("its process ended"))?;
        let pts = tokio::time::timeout(PTS_WAIT, pts.recv())
            .await
            .ok()
            .flatten()
            .ok_or_else(|| failed("a picture came without its timestamp"))?;
        if let Some(Entered { sequence, captured_at, clock, .. }) = in_flight.left(base + pts) {
            publish(Decoded { sequence, captured_at, clock, picture });
        }
    }
}

/// Notices a process that is stopped or stuck.
async fn watch(in_flight: &InFlight) -> Result<Never> {
    loop {
        tokio::time::sleep(WATCH_PERIOD).await;
        if in_flight.hangs() {
            return Err(failed("it takes packets but gives no pictures"));
        }
    }
}

/// Sorts stderr into timestamps and complaints. Its end says nothing: the reader of stdout tells
/// how the process ended.
async fn listen(stderr: ChildStderr, pts: &mpsc::Sender<u64>, last_words: &Mutex<String>) -> Never {
    let heard = |line: &str| {
        if let Some(number) = line.strip_prefix(sidecar::args::PTS_MARK) {
            if let Ok(number) = number.trim().parse() {
                // Never full while pictures are read; each has one timestamp.
                let _ = pts.try_send(number);
            }
        } else if !line.is_empty() {
            let text = sidecar::message(line);
            tracing::debug!("ffmpeg: {text}");
            *last_words.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }
    };
    sidecar::each_line(stderr, heard).await;
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet_feed::PacketFeed;
    use crate::testing::{self, Clip};
    use bytes::Bytes;
    use rstest::rstest;

    fn packet(sequence: u64) -> Packet {
        let mut unit = testing::unit(&testing::stream(), false, Bytes::new());
        unit.captured_at = Timestamp::from_second(sequence as i64).expect("in range");
        Packet::new(sequence, unit)
    }

    /// Decodes in the background and hands the pictures over.
    fn decoding(feed: &Arc<PacketFeed>, size: Size) -> mpsc::UnboundedReceiver<Decoded> {
        decoding_some(feed, size, false)
    }

    fn decoding_some(
        feed: &Arc<PacketFeed>,
        size: Size,
        keyframes_only: bool,
    ) -> mpsc::UnboundedReceiver<Decoded> {
        let (out, pictures) = mpsc::unbounded_channel();
        let mut reader = feed.reader();
        tokio::spawn(async move {
            let publish = |decoded| drop(out.send(decoded));
            let wants = Wants { size, keyframes_only, hardware: false };
            super::super::run(&testing::sidecar(), &mut reader, wants, &Pool::default(), publish)
                .await
        });
        pictures
    }

    async fn next(pictures: &mut mpsc::UnboundedReceiver<Decoded>) -> Option<Decoded> {
        tokio::time::timeout(Duration::from_secs(10), pictures.recv()).await.ok().flatten()
    }

    #[rstest]
    #[case::h264("libx264")]
    #[case::h265("libx265")]
    #[tokio::test(flavor = "multi_thread")]
    async fn no_frame_is_held_back(
        #[case] codec: &str,
        #[values((320, 180), (160, 120))] size: (u32, u32),
    ) {
        let clip = Clip::encode(&testing::sidecar(), codec, 25).await;
        let feed = Arc::new(PacketFeed::new(100));
        let size = Size::new(size.0, size.1).expect("valid");
        let mut pictures = decoding(&feed, size);
        for index in 0..clip.units.len() {
            clip.send(&feed, index);
            // The next goes in only once this one is out.
            let decoded = next(&mut pictures).await.expect("a picture for each access unit");
            assert_eq!(decoded.sequence, index as u64 + 1);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn keyframes_alone_are_not_held_back_either() {
        let clip = Clip::encode(&testing::sidecar(), "libx264", 41).await;
        let feed = Arc::new(PacketFeed::new(100));
        let size = Size::new(320, 180).expect("valid");
        let mut pictures = decoding_some(&feed, size, true);
        for index in 0..clip.units.len() {
            clip.send(&feed, index);
            if index % 10 == 0 {
                let decoded = next(&mut pictures).await.expect("a picture for each keyframe");
                assert_eq!(decoded.sequence, index as u64 + 1);
            }
        }
        assert!(pictures.is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn pictures_of_a_stream_with_b_frames_come_in_order() {
        let clip = Clip::encode_with(&testing::sidecar(), "libx264", 60, &["-bf", "2"]).await;
        let feed = Arc::new(PacketFeed::new(100));
        let mut pictures = decoding(&feed, Size::new(320, 180).expect("valid"));
        for index in 0..60 {
            clip.send(&feed, index);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut sequences = Vec::new();
        while sequences.len() < 50 {
            sequences.push(next(&mut pictures).await.expect("nearly all pictures").sequence);
        }
        assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_damaged_packet_costs_no_other_its_number() {
        let clip = Clip::encode(&testing::sidecar(), "libx264", 30).await;
        let feed = Arc::new(PacketFeed::new(100));
        let mut pictures = decoding(&feed, Size::new(320, 180).expect("valid"));
        for index in 0..30 {
            if index == 5 {
                feed.push(testing::unit(&clip.stream, false, Bytes::from_static(&[0; 64])));
            } else {
                clip.send(&feed, index);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut sequences = Vec::new();
        while sequences.last() != Some(&30) {
            sequences.push(next(&mut pictures).await.expect("pictures up to the last").sequence);
        }
        assert!(sequences.is_sorted());
        // From the next keyframe on, every packet has its picture.
        assert_eq!(sequences[sequences.len() - 20..], (11..=30).collect::<Vec<_>>());
    }

    #[test]
    fn a_packet_without_a_picture_does_not_shift_the_numbers() {
        let in_flight = InFlight::default();
        for sequence in 1..=3 {
            in_flight.entered(&packet(sequence));
        }
        assert_eq!(left(&in_flight, 1), Some(out(1)));
        assert_eq!(left(&in_flight, 3), Some(out(3)));
        assert!(in_flight.lock().packets.is_empty());
    }

    fn out(sequence: u64) -> (u64, Timestamp) {
        (sequence, Timestamp::from_second(sequence as i64).expect("in range"))
    }

    fn left(in_flight: &InFlight, sequence: u64) -> Option<(u64, Timestamp)> {
        in_flight.left(sequence).map(|entered| (entered.sequence, entered.captured_at))
    }

    #[test]
    fn with_b_frames_numbers_follow_the_order_of_showing() {
        let in_flight = InFlight::default();
        // I P B B, P B B: the P pictures come out after the B pictures that arrived behind them.
        for sequence in 1..=7 {
            in_flight.entered(&packet(sequence));
        }
        let shown = [1, 3, 4, 2, 6, 7, 5].map(|sequence| left(&in_flight, sequence));
        // One picture is spent on learning that the stream reorders.
        assert_eq!(shown.map(|s| s.map_or(0, |(number, _)| number)), [1, 3, 4, 5, 6, 7, 0]);
        assert_eq!(shown[3], Some(out(5)));
    }

    #[test]
    fn silence_with_nothing_inside_is_no_hang() {
        assert!(!InFlight::default().hangs());
    }
}
