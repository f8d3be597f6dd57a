//! The camera's own clock, from its RTCP sender reports (RFC 3550, 6.4.1): each ties an RTP
//! timestamp to wall-clock time.

use jiff::{SignedDuration, Timestamp};

use crate::packet::Clock;

/// A picture takes this long at most from the lens to us. A camera whose clock says otherwise has
/// a clock that is wrong, and then our own is the better one.
const LONGEST_WAY: SignedDuration = SignedDuration::from_millis(1500);
/// Two machines with good clocks still differ by a little.
const SKEW: SignedDuration = SignedDuration::from_millis(-50);

/// Seconds from 1900, where NTP begins, to 1970.
const NTP_TO_UNIX: i64 = 2_208_988_800;

/// Maps RTP timestamps to capture times. Sequences of times never run backwards.
#[derive(Debug, Default)]
pub(super) struct SenderClock {
    /// Wall-clock time and RTP time, in seconds from the session's start, of the last report.
    report: Option<(Timestamp, f64)>,
    last: Option<Timestamp>,
}

impl SenderClock {
    /// Takes in a sender report: its 32.32 fixed-point NTP time, and its RTP time in seconds.
    pub(super) fn reported(&mut self, ntp: u64, rtp_seconds: f64) {
        let seconds = (ntp >> 32) as i64 - NTP_TO_UNIX;
        let nanoseconds = (((ntp & 0xffff_ffff) * 1_000_000_000) >> 32) as i32;
        self.report = Timestamp::new(seconds, nanoseconds).ok().map(|at| (at, rtp_seconds));
    }

    /// When the picture with this RTP time was taken, if its first byte arrived then.
    pub(super) fn captured(&mut self, rtp_seconds: f64, arrived: Timestamp) -> (Timestamp, Clock) {
        let sent = self.report.and_then(|(at, reported)| {
            let offset = SignedDuration::try_from_secs_f64(rtp_seconds - reported).ok()?;
            at.checked_add(offset).ok()
        });
        let (captured, clock) = match sent {
            Some(sent) if plausible(arrived.duration_since(sent)) => {
                (sent.min(arrived), Clock::Camera)
            }
            _ => (arrived, Clock::Arrival),
        };
        let captured = self.last.map_or(captured, |last| captured.max(last));
        self.last = Some(captured);
        (captured, clock)
    }
}

fn plausible(way: SignedDuration) -> bool {
    (SKEW..=LONGEST_WAY).contains(&way)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;

    const ARRIVED: i64 = 1_700_000_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_second(ARRIVED).expect("valid") + ms.milliseconds()
    }

    fn ntp(at: Timestamp) -> u64 {
        let seconds = (at.as_second() + NTP_TO_UNIX) as u64;
        seconds << 32 | ((at.subsec_nanosecond() as u64) << 32).div_ceil(1_000_000_000)
    }

    #[test]
    fn without_reports_the_arrival_counts() {
        let mut clock = SenderClock::default();
        assert_eq!(clock.captured(3.0, at(0)), (at(0), Clock::Arrival));
    }

    #[test]
    fn reports_tell_when_the_camera_took_the_picture() {
        let mut clock = SenderClock::default();
        clock.reported(ntp(at(-1000)), 10.0);
        let (captured, from) = clock.captured(10.9, at(0));
        assert_eq!(from, Clock::Camera);
        assert!((captured.duration_since(at(-100))).as_micros().abs() < 10, "{captured}");
    }

    #[test]
    fn a_camera_with_a_wrong_clock_is_not_believed() {
        for wrong in [-3_600_000, 60_000] {
            let mut clock = SenderClock::default();
            clock.reported(ntp(at(wrong)), 10.0);
            assert_eq!(clock.captured(10.0, at(0)), (at(0), Clock::Arrival));
        }
        let mut clock = SenderClock::default();
        clock.reported(0, 10.0);
        assert_eq!(clock.captured(f64::MAX, at(0)).1, Clock::Arrival);
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut clock = SenderClock::default();
        clock.captured(1.0, at(0));
        clock.reported(ntp(at(-40)), 1.0);
        assert_eq!(clock.captured(1.01, at(10)).0, at(0));
    }
}
