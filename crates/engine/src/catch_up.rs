//! Which pictures are shown while a decoder is behind its camera.

use std::time::{Duration, Instant};

/// Packets that a decoder may be behind and still show the present: reordered pictures wait for a
/// few, and a busy machine delays some.
const BEHIND: u64 = 8;
/// How long a decoder that is further behind works silently, before a picture of the past is
/// better than none.
const CATCH_UP: Duration = Duration::from_millis(100);

/// Decides after a decoder's start, when it works through the cached GOP, and after a hold-up, when
/// packets come in a burst.
pub(crate) struct CatchUp {
    /// When a picture was last shown, or the decoder started.
    shown: Instant,
}

impl CatchUp {
    pub(crate) fn new(now: Instant) -> Self {
        Self { shown: now }
    }

    /// `sequence` came out while `newest` was the newest packet to go in.
    pub(crate) fn shows(&mut self, sequence: u64, newest: u64, now: Instant) -> bool {
        let shows = sequence + BEHIND >= newest || now.duration_since(self.shown) >= CATCH_UP;
        if shows {
            self.shown = now;
        }
        shows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows of a decoder that gives a picture each `period` of 50 that are there at once.
    fn shown(period: Duration) -> Vec<u64> {
        let start = Instant::now();
        let mut catch_up = CatchUp::new(start);
        (1..=50).filter(|n| catch_up.shows(*n, 50, start + period * *n as u32)).collect()
    }

    #[test]
    fn a_decoder_that_catches_up_fast_shows_only_the_present() {
        assert_eq!(shown(Duration::from_millis(2)), (42..=50).collect::<Vec<_>>());
    }

    #[test]
    fn a_slow_one_shows_a_picture_of_the_past_now_and_then() {
        let expected: Vec<_> = [10, 20, 30, 40].into_iter().chain(42..=50).collect();
        assert_eq!(shown(Duration::from_millis(10)), expected);
    }

    #[test]
    fn one_that_keeps_up_shows_everything() {
        let now = Instant::now();
        let mut catch_up = CatchUp::new(now);
        assert!((1..100).all(|n| catch_up.shows(n, n + 1, now)));
    }
}
