//! The fan-out point of encoded packets: a ring that always holds the running GOP, and readers
//! with cursors into it. A reader never slows the ingest or another reader; one that falls behind
//! is told how much it missed and goes on at the newest keyframe.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::history::History;
use crate::packet::{AccessUnit, Packet, Relayed, StreamInfo};

/// A GOP larger than this is dropped and late joiners wait for the next keyframe: 10 s of a
/// 50 Mbit/s camera.
const MAX_BYTES: usize = 64 << 20;

/// Packets of the former GOP kept behind a fresh keyframe, so that a reader that is half a second late
/// loses nothing. One that is later is better off at the keyframe.
const TAIL: usize = 12;

/// Over how long rates are measured.
const RATE_WINDOW: Duration = Duration::from_secs(3);
/// Over less, a burst would pass for a rate.
const SHORTEST_SPAN: Duration = Duration::from_secs(1);

/// What a reader gets next.
#[derive(Debug, Clone)]
pub(crate) enum FeedItem {
    /// The next packet.
    Packet(Arc<Packet>),
    /// Packets were lost to this reader; the next packet is a keyframe.
    Gap {
        /// How many.
        missed: u64,
    },
}

/// One camera's packets. The ingest writes, readers follow.
#[derive(Debug)]
pub(crate) struct PacketFeed {
    ring: Mutex<Ring>,
    /// The sequence number of the newest packet; readers wait on it.
    newest: watch::Sender<u64>,
    /// Sequence numbers below this belong to sessions that ended.
    floor: AtomicU64,
    /// Tells this counter of sequence numbers from every other.
    id: u64,
}

#[derive(Debug)]
struct Ring {
    packets: VecDeque<Arc<Packet>>,
    bytes: usize,
    /// Sequence number of the newest keyframe in `packets`.
    keyframe: Option<u64>,
    next_sequence: u64,
    /// Upper bound on packets kept behind the newest keyframe.
    tail: usize,
    stream: Option<Arc<StreamInfo>>,
    totals: Totals,
    arrivals: VecDeque<(Instant, usize)>,
    last_captured_at: Option<Timestamp>,
    /// When the newest keyframe arrived, and how long after the one before.
    keyframe_at: Option<Instant>,
    keyframe_interval: Option<Duration>,
    history: History<Arrivals>,
}

/// What arrived in one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// Access units.
    pub frames: u32,
    /// Keyframes among them.
    pub keyframes: u32,
    /// Their bytes.
    pub bytes: u32,
    /// RTP packets that were missing.
    pub lost: u32,
    /// Sessions that ended.
    pub reconnects: u32,
}

/// What came and went over a stream's life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Access units, which the sequence numbers exceed by the sessions that ended.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// RTP packets that were missing.
    pub lost: u64,
    /// Sessions that failed.
    pub reconnects: u64,
}

/// What the camera really sends, measured over the last seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rate {
    pub(crate) fps: f64,
    pub(crate) kbps: f64,
}

impl PacketFeed {
    /// A feed that keeps at most `frame_buffer_size` packets behind the newest keyframe.
    pub(crate) fn new(frame_buffer_size: usize) -> Self {
        Self {
            ring: Mutex::new(Ring {
                packets: VecDeque::new(),
                bytes: 0,
                keyframe: None,
                next_sequence: 1,
                tail: frame_buffer_size.min(TAIL),
                stream: None,
                totals: Totals::default(),
                arrivals: VecDeque::new(),
                last_captured_at: None,
                keyframe_at: None,
                keyframe_interval: None,
                history: History::new(Instant::now()),
            }),
            newest: watch::Sender::new(0),
            floor: AtomicU64::new(1),
            id: fastrand::u64(..),
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one access unit and wakes the readers.
    pub(crate) fn push(&self, unit: AccessUnit) {
        let sequence = {
            let mut ring = self.ring();
            if let Some(Relayed { sequence, .. }) = unit.relayed
                && sequence != ring.next_sequence
            {
                // Readers go on at their own numbers: to them it is a gap, or nothing new yet.
                ring.clear();
                ring.next_sequence = sequence;
                self.floor.fetch_min(sequence, Ordering::AcqRel);
            }
            let sequence = ring.next_sequence;
            ring.next_sequence += 1;
            // What had been there for a while tells nothing of the rate.
            if unit.relayed.is_none_or(|relayed| !relayed.cached) {
                ring.record_arrival(&unit, Instant::now());
            }
            ring.last_captured_at = Some(unit.captured_at);
            if ring.stream.as_ref().is_none_or(|s| !Arc::ptr_eq(s, &unit.stream)) {
                ring.stream = Some(Arc::clone(&unit.stream));
            }
            ring.push(Packet::new(sequence, unit));
            sequence
        };
        self.newest.send_replace(sequence);
    }

    /// Forgets the packets of a session that ended: what they show is the past. Readers wait for
    /// the next session's first keyframe. `failed`: it was not ended by us.
    pub(crate) fn end_session(&self, failed: bool) {
        let mut ring = self.ring();
        ring.clear();
        ring.arrivals.clear();
        ring.keyframe_at = None;
        if failed {
            ring.totals.reconnects += 1;
            ring.history.at(Instant::now()).reconnects += 1;
        }
        // One number is left out, so that every reader sees a gap and asks for a keyframe.
        ring.next_sequence += 1;
        self.floor.store(ring.next_sequence, Ordering::Release);
    }

    /// Whether this packet belongs to the running session, and so shows the present.
    pub(crate) fn is_live(&self, sequence: u64) -> bool {
        sequence >= self.floor.load(Ordering::Acquire)
    }

    /// A reader that starts at the newest keyframe, or at the next one when none is here.
    pub(crate) fn reader(self: &Arc<Self>) -> PacketReader {
        let ring = self.ring();
        // None is below every number: the first keyframe may have any.
        let next = ring.keyframe.unwrap_or(0);
        drop(ring);
        PacketReader {
            newest: self.newest.subscribe(),
            feed: Arc::clone(self),
            next,
            needs_keyframe: true,
        }
    }

    /// The sequence number of the newest packet; 0 before the first.
    pub(crate) fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    /// What tells its sequence numbers from those of other feeds.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The sequence number of the next packet, unless it comes with another.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.ring().next_sequence
    }

    /// What the stream last said of itself.
    pub(crate) fn stream(&self) -> Option<Arc<StreamInfo>> {
        self.ring().stream.clone()
    }

    /// Waits until the stream has said what it is.
    pub(crate) async fn wait_stream(&self) -> Arc<StreamInfo> {
        let mut newest = self.newest.subscribe();
        loop {
            if let Some(stream) = self.stream() {
                return stream;
            }
            // The sender lives in self, so this cannot fail while we are here.
            let _ = newest.changed().await;
        }
    }

    /// What came and went over the stream's life.
    pub(crate) fn totals(&self) -> Totals {
        self.ring().totals
    }

    /// Packets waiting in the ring.
    pub(crate) fn len(&self) -> usize {
        self.ring().packets.len()
    }

    /// When the newest packet arrived.
    pub(crate) fn last_captured_at(&self) -> Option<Timestamp> {
        self.ring().last_captured_at
    }

    /// Changes how many packets are kept behind the newest keyframe.
    pub(crate) fn keep(&self, frame_buffer_size: usize) {
        self.ring().tail = frame_buffer_size.min(TAIL);
    }

    /// How far the last two keyframes were apart.
    pub(crate) fn keyframe_interval(&self) -> Option<Duration> {
        self.ring().keyframe_interval
    }

    /// What arrived in each of the last minutes' seconds, oldest first, and how long ago the last
    /// of them ended.
    pub(crate) fn history(&self) -> (Vec<Arrivals>, Duration) {
        self.ring().history.ended(Instant::now())
    }

    /// The measured rate; zero when nothing arrives.
    pub(crate) fn rate(&self) -> Rate {
        let mut ring = self.ring();
        ring.forget_old_arrivals(Instant::now());
        ring.rate()
    }
}

impl Ring {
    fn push(&mut self, packet: Packet) {
        if packet.keyframe {
            self.keyframe = Some(packet.sequence);
            while self.packets.len() > self.tail {
                self.drop_front();
            }
        }
        self.bytes += packet.data.len();
        self.packets.push_back(Arc::new(packet));
        // A GOP over the cap cannot be joined any more, so nothing of it is worth its memory.
        if self.bytes > MAX_BYTES {
            while self.packets.len() > 1 {
                self.drop_front();
            }
            if let Some(last) = self.packets.back() {
                self.keyframe = last.keyframe.then_some(last.sequence);
            }
        }
    }

    fn clear(&mut self) {
        self.packets.clear();
        self.bytes = 0;
        self.keyframe = None;
    }

    fn drop_front(&mut self) {
        if let Some(packet) = self.packets.pop_front() {
            self.bytes -= packet.data.len();
        }
    }

    fn record_arrival(&mut self, unit: &AccessUnit, now: Instant) {
        self.arrivals.push_back((now, unit.data.len()));
        self.forget_old_arrivals(now);
        if unit.keyframe {
            self.keyframe_interval =
                self.keyframe_at.map(|at| now.duration_since(at)).or(self.keyframe_interval);
            self.keyframe_at = Some(now);
        }
        self.totals.frames += 1;
        self.totals.bytes += unit.data.len() as u64;
        self.totals.lost += u64::from(unit.lost);
        let second = self.history.at(now);
        second.frames += 1;
        second.keyframes += u32::from(unit.keyframe);
        second.bytes = second.bytes.saturating_add(unit.data.len() as u32);
        second.lost = second.lost.saturating_add(unit.lost);
    }

    fn forget_old_arrivals(&mut self, now: Instant) {
        while self.arrivals.front().is_some_and(|(at, _)| now.duration_since(*at) > RATE_WINDOW) {
            self.arrivals.pop_front();
        }
    }

    fn rate(&self) -> Rate {
        let (Some((first, _)), Some((last, _))) = (self.arrivals.front(), self.arrivals.back())
        else {
            return Rate::default();
        };
        let span = last.duration_since(*first);
        if span < SHORTEST_SPAN {
            return Rate::default();
        }
        let seconds = span.as_secs_f64();
        // The first arrival opens the span; what it carried lies before it.
        let bytes: usize = self.arrivals.iter().skip(1).map(|(_, bytes)| bytes).sum();
        Rate {
            fps: (self.arrivals.len() - 1) as f64 / seconds,
            kbps: bytes as f64 * 8.0 / 1000.0 / seconds,
        }
    }
}

/// A cursor into one camera's packets.
#[derive(Debug)]
pub(crate) struct PacketReader {
    feed: Arc<PacketFeed>,
    newest: watch::Receiver<u64>,
    /// The sequence number wanted next.
    next: u64,
    /// Set until a keyframe was handed out: nothing before it can be decoded.
    needs_keyframe: bool,
}

impl PacketReader {
    /// Waits for the next packet or gap. Cancel safe: a dropped call loses nothing.
    pub(crate) async fn next(&mut self) -> FeedItem {
        loop {
            if let Some(item) = self.try_next() {
                return item;
            }
            // The feed owns the sender and we own the feed, so this cannot fail.
            let _ = self.newest.changed().await;
        }
    }

    /// What can be read at once.
    pub(crate) fn present(&mut self) -> Vec<Arc<Packet>> {
        let items = std::iter::from_fn(|| self.try_next());
        items
            .filter_map(|item| match item {
                FeedItem::Packet(packet) => Some(packet),
                FeedItem::Gap { .. } => None,
            })
            .collect()
    }

    fn try_next(&mut self) -> Option<FeedItem> {
        self.newest.borrow_and_update();
        let ring = self.feed.ring();
        loop {
            let front = ring.packets.front()?.sequence;
            if self.next < front {
                // Fell off the ring, or the session ended before we read its last packets.
                let resume = ring.keyframe.unwrap_or(ring.next_sequence);
                let missed = resume.saturating_sub(self.next);
                self.next = resume;
                if !self.needs_keyframe {
                    self.needs_keyframe = true;
                    return Some(FeedItem::Gap { missed });
                }
                continue;
            }
            let packet = ring.packets.get(usize::try_from(self.next - front).ok()?)?;
            self.next += 1;
            if self.needs_keyframe && !packet.keyframe {
                continue;
            }
            self.needs_keyframe = false;
            return Some(FeedItem::Packet(Arc::clone(packet)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use bytes::Bytes;

    struct Camera {
        feed: Arc<PacketFeed>,
        stream: Arc<StreamInfo>,
    }

    impl Camera {
        fn new() -> Self {
            Self { feed: Arc::new(PacketFeed::new(100)), stream: testing::stream() }
        }

        fn sends(&self, kinds: &str) {
            self.sends_sized(kinds, 1);
        }

        fn sends_sized(&self, kinds: &str, bytes: usize) {
            for kind in kinds.chars() {
                let data = Bytes::from(vec![0; bytes]);
                self.feed.push(testing::unit(&self.stream, kind == 'K', data));
            }
        }
    }

    /// Everything readable now: sequence numbers, and gaps as negative numbers.
    fn drain(reader: &mut PacketReader) -> Vec<i64> {
        std::iter::from_fn(|| reader.try_next())
            .map(|item| match item {
                FeedItem::Packet(p) => p.sequence as i64,
                FeedItem::Gap { missed } => -(missed as i64),
            })
            .collect()
    }

    #[test]
    fn a_late_joiner_starts_at_the_newest_keyframe() {
        let camera = Camera::new();
        camera.sends("KppKpp");
        assert_eq!(drain(&mut camera.feed.reader()), [4, 5, 6]);
    }

    #[test]
    fn a_joiner_before_any_keyframe_waits_for_one() {
        let camera = Camera::new();
        let mut reader = camera.feed.reader();
        camera.sends("ppKp");
        assert_eq!(drain(&mut reader), [3, 4]);
    }

    #[test]
    fn a_reader_that_keeps_up_loses_nothing_across_gops() {
        let camera = Camera::new();
        let mut reader = camera.feed.reader();
        camera.sends("Kpp");
        assert_eq!(drain(&mut reader), [1, 2, 3]);
        camera.sends("pKp");
        assert_eq!(drain(&mut reader), [4, 5, 6]);
    }

    #[test]
    fn a_slow_reader_is_told_its_gap_and_resumes_at_a_keyframe() {
        let camera = Camera::new();
        let mut reader = camera.feed.reader();
        camera.sends("K");
        assert_eq!(drain(&mut reader), [1]);
        camera.sends(&"p".repeat(60));
        camera.sends("K");
        camera.sends("p");
        // 60 packets were lost but for the tail, which cannot be decoded without them.
        assert_eq!(drain(&mut reader), [-60, 62, 63]);
    }

    #[test]
    fn the_running_gop_is_kept_whole_and_the_past_is_bounded() {
        let camera = Camera::new();
        camera.sends("K");
        camera.sends(&"p".repeat(500));
        assert_eq!(camera.feed.len(), 501);
        camera.sends("K");
        assert_eq!(camera.feed.len(), TAIL + 1);
    }

    #[test]
    fn a_gop_over_the_byte_cap_is_given_up() {
        let camera = Camera::new();
        camera.sends_sized("Kppp", MAX_BYTES / 2);
        assert!(camera.feed.ring().bytes <= MAX_BYTES);
        let mut reader = camera.feed.reader();
        assert!(drain(&mut reader).is_empty());
        camera.sends("K");
        assert_eq!(drain(&mut reader), [5]);
    }

    #[test]
    fn after_an_outage_readers_go_on_at_the_next_keyframe() {
        let camera = Camera::new();
        let mut reader = camera.feed.reader();
        camera.sends("Kp");
        assert_eq!(drain(&mut reader), [1, 2]);
        camera.feed.end_session(true);
        assert!(drain(&mut camera.feed.reader()).is_empty());
        camera.sends("pKp");
        assert_eq!(drain(&mut reader), [-2, 5, 6]);
    }

    impl Camera {
        /// Packets that another instance hands on, with their numbers there.
        fn relays(&self, kinds: &str, first: u64) {
            for (kind, sequence) in kinds.chars().zip(first..) {
                let unit = testing::unit(&self.stream, kind == 'K', Bytes::from_static(&[0]));
                let relayed = Some(Relayed { sequence, cached: false });
                self.feed.push(AccessUnit { relayed, ..unit });
            }
        }
    }

    #[test]
    fn relayed_packets_keep_their_numbers() {
        let camera = Camera::new();
        let mut early = camera.feed.reader();
        camera.relays("Kpp", 812);
        assert_eq!(drain(&mut early), [812, 813, 814]);
        assert_eq!(drain(&mut camera.feed.reader()), [812, 813, 814]);
        // Lost on the way from one instance to the other.
        camera.relays("Kp", 820);
        assert_eq!(drain(&mut early), [-5, 820, 821]);
        assert!(camera.feed.is_live(820));
    }

    #[test]
    fn what_is_relayed_again_after_a_break_is_no_news_and_no_gap() {
        let camera = Camera::new();
        let mut reader = camera.feed.reader();
        camera.relays("Kpp", 812);
        assert_eq!(drain(&mut reader), [812, 813, 814]);
        camera.feed.end_session(true);
        let mut meanwhile = camera.feed.reader();
        camera.relays("Kpp", 812);
        assert!(drain(&mut reader).is_empty());
        camera.relays("pK", 815);
        assert_eq!(drain(&mut reader), [815, 816]);
        assert!(camera.feed.is_live(815));
        assert_eq!(drain(&mut meanwhile), [816]);
    }

    #[test]
    fn an_instance_that_takes_a_camera_over_counts_on() {
        let camera = Camera::new();
        let mut reader = camera.feed.reader();
        camera.relays("Kp", 812);
        assert_eq!(drain(&mut reader), [812, 813]);
        camera.feed.end_session(false);
        camera.sends("Kp");
        assert_eq!(drain(&mut reader), [-1, 815, 816]);
    }

    #[test]
    fn what_came_is_counted() {
        let camera = Camera::new();
        camera.sends_sized("Kpp", 100);
        camera.feed.end_session(true);
        camera.feed.end_session(false);
        let expected = Totals { frames: 3, bytes: 300, lost: 0, reconnects: 1 };
        assert_eq!(camera.feed.totals(), expected);
    }

    #[tokio::test]
    async fn next_wakes_up_for_a_push() {
        let camera = Camera::new();
        let mut reader = camera.feed.reader();
        let waiting = tokio::spawn(async move { reader.next().await });
        tokio::task::yield_now().await;
        camera.sends("K");
        let item = waiting.await.expect("no panic");
        assert!(matches!(item, FeedItem::Packet(p) if p.sequence == 1));
    }
}
