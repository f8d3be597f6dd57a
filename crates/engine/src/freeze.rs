//! Notices a camera that goes on sending one and the same picture. It is told, never acted upon:
//! a restart does not mend a frozen sensor, and a dark room may really not change.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::fast::FixedState;
use jiff::Timestamp;

use crate::config::Size;
use crate::packet::AccessUnit;

/// How long a picture has to stay the same.
const FROZEN: Duration = Duration::from_secs(10);
/// A picture that does not change costs its encoder almost nothing between two keyframes: at most
/// this part of a keyframe.
const STILL: usize = 10;
/// Bytes of a packet that says nothing but "no change".
const EMPTY: usize = 64;
/// One row in so many is compared: noise shows in every row.
const ROWS: usize = 16;

/// What is known of a stream's pictures, from its packets and from whoever decodes it.
#[derive(Debug, Default)]
pub(crate) struct Freeze(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    packets: Packets,
    /// By the size decoded to.
    pictures: HashMap<Size, Picture>,
}

#[derive(Debug)]
struct Picture {
    digest: u64,
    /// Since when it has been the same.
    since: Timestamp,
    /// Whether it was ever another.
    moved: bool,
}

#[derive(Debug, Default)]
struct Packets {
    /// Digest of the last access unit, and since when they have all been the same.
    last: Option<(u64, Timestamp)>,
    /// Digests of the last two keyframes: encoders number them in turns.
    keyframes: [Option<u64>; 2],
    keyframe_bytes: usize,
    /// Bytes since the last keyframe.
    delta_bytes: usize,
    /// Since when every keyframe was one of the two before, with almost nothing in between.
    still_since: Option<Timestamp>,
    newest: Option<Timestamp>,
}

/// Without the last byte: entropy coders fill it up as they like.
fn digest(bytes: &[u8]) -> u64 {
    FixedState::with_seed(0).hash_one(&bytes[..bytes.len().saturating_sub(1)])
}

impl Freeze {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An access unit arrived.
    pub(crate) fn packet(&self, unit: &AccessUnit) {
        self.state().packets.arrived(digest(&unit.data), unit);
    }

    /// A picture of this size was decoded; `luma` is its Y plane.
    pub(crate) fn picture(&self, size: Size, luma: &[u8], captured_at: Timestamp) {
        let row = size.width() as usize;
        let sampled = luma.chunks(row).step_by(ROWS);
        let digest = sampled.fold(0, |seed, row| FixedState::with_seed(seed).hash_one(row));
        let mut state = self.state();
        let first = Picture { digest, since: captured_at, moved: false };
        let known = state.pictures.entry(size).or_insert(first);
        if known.digest != digest {
            *known = Picture { digest, since: captured_at, moved: true };
        }
    }

    /// Pictures of this size are not decoded any more.
    pub(crate) fn forget(&self, size: Size) {
        self.state().pictures.remove(&size);
    }

    /// The session ended.
    pub(crate) fn reset(&self) {
        *self.state() = State::default();
    }

    /// Since when the picture has been the same, if that is long.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        let state = self.state();
        let newest = state.packets.newest?;
        let long = |since: &Timestamp| newest.duration_since(*since).unsigned_abs() >= FROZEN;
        let seen = |moved: bool| {
            let pictures = state.pictures.values().filter(|picture| picture.moved == moved);
            pictures.map(|picture| picture.since).max()
        };
        // Whoever saw movement knows better than the packets.
        if let Some(since) = seen(true) {
            return Some(since).filter(long);
        }
        let packets = state.packets.last.map(|(_, since)| since).filter(long);
        let still = state.packets.still_since.filter(long);
        packets.or(still).or_else(|| seen(false).filter(long))
    }
}

impl Packets {
    fn arrived(&mut self, digest: u64, unit: &AccessUnit) {
        let now = unit.captured_at;
        self.newest = Some(now);
        if self.last.is_none_or(|(last, _)| last != digest) {
            self.last = Some((digest, now));
        }
        if !unit.keyframe {
            self.delta_bytes += unit.data.len().saturating_sub(EMPTY);
            if self.delta_bytes > self.keyframe_bytes / STILL {
                self.still_since = None;
            }
            return;
        }
        let repeated = self.keyframes.contains(&Some(digest));
        let still = self.delta_bytes <= self.keyframe_bytes / STILL;
        if !(repeated && still) {
            self.still_since = None;
        } else if self.still_since.is_none() {
            self.still_since = Some(now);
        }
        self.keyframes = [Some(digest), self.keyframes[0]];
        self.keyframe_bytes = unit.data.len();
        self.delta_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use bytes::Bytes;
    use jiff::ToSpan as _;

    /// Sends `gop` again and again for so many seconds, five packets a second: a capital letter is
    /// a keyframe of 1000 bytes, `.` a packet of 70, `x` one of 500.
    fn watched(gop: &str, seconds: usize) -> Freeze {
        let freeze = Freeze::default();
        for number in 0..seconds * 5 {
            let kind = gop.as_bytes()[number % gop.len()];
            let len = match kind {
                b'.' => 70,
                b'x' => 500,
                _ => 1000,
            };
            let mut data = vec![kind; len];
            if !kind.is_ascii_uppercase() {
                // Packets between keyframes differ at least by their number.
                data[0] = (number % 250) as u8;
            }
            let mut unit =
                testing::unit(&testing::stream(), kind.is_ascii_uppercase(), Bytes::from(data));
            unit.captured_at = Timestamp::UNIX_EPOCH + ((number * 200) as i64).milliseconds();
            freeze.packet(&unit);
        }
        freeze
    }

    #[test]
    fn the_same_packet_again_and_again_is_frozen() {
        assert!(watched("A", 12).since().is_some());
        assert!(watched("A", 8).since().is_none());
    }

    #[test]
    fn keyframes_numbered_in_turns_with_nothing_between_are_frozen() {
        assert!(watched("A....B....", 14).since().is_some());
    }

    #[test]
    fn a_looped_clip_of_a_moving_picture_is_not() {
        assert!(watched("Axxxx", 20).since().is_none());
        assert!(watched("A....B....C....", 20).since().is_none());
    }

    #[test]
    fn pictures_tell_what_packets_hide() {
        let size = Size::new(32, 32).expect("valid");
        let freeze = watched("Axxxx", 20);
        let at = |seconds: i64| Timestamp::UNIX_EPOCH + seconds.seconds();
        freeze.picture(size, &[7; 1024], at(2));
        freeze.picture(size, &[7; 1024], at(15));
        assert_eq!(freeze.since(), Some(at(2)));
        freeze.picture(size, &[8; 1024], at(16));
        assert_eq!(freeze.since(), None);
    }
}
