//! A consumer's own rate: which of a rendition's frames it takes, and which it lets pass.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// At most one frame in each period. Frames jitter, so one that comes a little early is taken, and
/// the next is due a period after the former was due: the rate holds on average.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    period: Option<SignedDuration>,
    due: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Pace {
    pub(crate) fn new(period: Option<Duration>) -> Self {
        let period = period.and_then(|period| SignedDuration::try_from(period).ok());
        Self { period, due: None, last: None }
    }

    /// Whether a frame that was captured then is wanted.
    pub(crate) fn wants(&self, captured_at: Timestamp) -> bool {
        match (self.period, self.due) {
            (Some(period), Some(due)) => due.duration_since(captured_at) <= early(period),
            _ => true,
        }
    }

    /// A frame was taken. `skipped` frames of the rendition were not; answers how many of them the
    /// consumer should have had.
    pub(crate) fn took(&mut self, captured_at: Timestamp, skipped: u64) -> u64 {
        let Some(period) = self.period else { return skipped };
        let missed = self.last.map_or(0, |last| {
            let since = captured_at.duration_since(last);
            let periods = (since + early(period)).as_secs_f64() / period.as_secs_f64();
            (periods as u64).saturating_sub(1).min(skipped)
        });
        self.last = Some(captured_at);
        // After a pause the rhythm begins anew.
        let regular = self.due.map(|due| due + period).filter(|due| *due > captured_at);
        self.due = Some(regular.unwrap_or(captured_at + period));
        missed
    }
}

/// How much too early a frame may be: half a camera's usual distance between two.
fn early(period: SignedDuration) -> SignedDuration {
    (period / 2).min(SignedDuration::from_millis(20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;

    fn at(ms: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + ms.milliseconds()
    }

    /// How many of ten seconds' frames, one every `every` ms, are taken at one every `period` ms.
    fn taken(every: i64, period: u64) -> usize {
        let mut pace = Pace::new(Some(Duration::from_millis(period)));
        let times =
            (0..).map(|n| n * every + [0, 3, -4][n as usize % 3]).take_while(|t| *t < 10_000);
        times
            .map(at)
            .filter(|frame| {
                let wants = pace.wants(*frame);
                if wants {
                    pace.took(*frame, 0);
                }
                wants
            })
            .count()
    }

    #[test]
    fn rates_hold_on_average() {
        assert_eq!(taken(40, 100), 100);
        assert_eq!(taken(40, 1000), 10);
        assert_eq!(taken(40, 40), 250);
        assert_eq!(taken(40, 10), 250);
    }

    #[test]
    fn without_a_rate_every_frame_is_wanted() {
        let mut pace = Pace::new(None);
        assert_eq!(pace.took(at(0), 3), 3);
        assert!(pace.wants(at(0)));
    }

    #[test]
    fn what_the_rate_leaves_out_is_no_loss() {
        let mut pace = Pace::new(Some(Duration::from_millis(200)));
        assert_eq!(pace.took(at(0), 0), 0);
        assert_eq!(pace.took(at(200), 4), 0);
        assert_eq!(pace.took(at(800), 14), 2);
    }

    #[test]
    fn a_pause_starts_no_burst() {
        let mut pace = Pace::new(Some(Duration::from_millis(100)));
        pace.took(at(0), 0);
        pace.took(at(5000), 0);
        assert!(!pace.wants(at(5040)));
        assert!(pace.wants(at(5100)));
    }
}
