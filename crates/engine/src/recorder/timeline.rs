//! Where in a file a sample belongs. The camera's own times are even, but start anew with each
//! session; the clock on the wall goes on. So the clock places a session, and the camera's times
//! place what is in it.

use std::sync::Arc;

use jiff::Timestamp;

use super::mp4::TIMESCALE;
use super::sample::Sample;
use crate::packet::StreamInfo;

/// Within a session, a camera's times are believed unless they are this far from the clock: after
/// a jump of theirs, not after a network's hold-up.
const DISBELIEF: i64 = 10_000_000;
/// What a session that seems to begin before the last one ended comes after it.
const LEAST_STEP: i64 = 40_000;

/// One file's time, in microseconds from its first sample.
#[derive(Debug)]
pub(super) struct Timeline {
    started: Timestamp,
    session: Option<Session>,
    /// The latest time that was given.
    latest: i64,
}

#[derive(Debug)]
struct Session {
    stream: Arc<StreamInfo>,
    /// From the session's times to the file's.
    offset: i64,
}

impl Timeline {
    /// The time of a file that begins then.
    pub(super) fn new(started: Timestamp) -> Self {
        Self { started, session: None, latest: -LEAST_STEP }
    }

    /// The presentation time of the next sample, in ticks of [`TIMESCALE`]. Below zero only for
    /// pictures that are shown before the keyframe they follow.
    pub(super) fn place(&mut self, sample: &Sample) -> i64 {
        let clock = sample.captured_at.duration_since(self.started).as_micros() as i64;
        let session = self.session.take().filter(|session| {
            Arc::ptr_eq(&session.stream, &sample.stream)
                && (sample.pts + session.offset - clock).abs() < DISBELIEF
        });
        let session = session.unwrap_or_else(|| {
            let at = clock.max(self.latest + LEAST_STEP);
            Session { stream: Arc::clone(&sample.stream), offset: at - sample.pts }
        });
        let at = sample.pts + session.offset;
        self.session = Some(session);
        self.latest = self.latest.max(at);
        ticks(at)
    }
}

fn ticks(micros: i64) -> i64 {
    micros * i64::from(TIMESCALE) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use bytes::Bytes;
    use jiff::SignedDuration;

    struct Camera {
        began: Timestamp,
        stream: Arc<StreamInfo>,
    }

    impl Camera {
        /// A sample by the clock and by the camera, both in milliseconds.
        fn sends(&self, clock: i64, pts: i64) -> Sample {
            Sample {
                stream: Arc::clone(&self.stream),
                captured_at: self.began + SignedDuration::from_millis(clock),
                pts: pts * 1000,
                keyframe: true,
                data: Bytes::new(),
            }
        }

        fn connects_anew(&mut self) {
            self.stream = testing::stream();
        }
    }

    fn site() -> (Camera, Timeline) {
        let began = Timestamp::now();
        (Camera { began, stream: testing::stream() }, Timeline::new(began))
    }

    #[test]
    fn a_session_is_as_even_as_the_camera_says() {
        let (camera, mut timeline) = site();
        // The network held the third back, and brought the fourth with it.
        let placed = [(0, 500), (41, 540), (2000, 580), (2001, 620)]
            .map(|(clock, pts)| timeline.place(&camera.sends(clock, pts)));
        assert_eq!(placed, [0, 3600, 7200, 10800]);
    }

    #[test]
    fn the_next_session_is_where_the_clock_has_it() {
        let (mut camera, mut timeline) = site();
        timeline.place(&camera.sends(0, 90_000));
        timeline.place(&camera.sends(40, 90_040));
        camera.connects_anew();
        let placed = [(5000, 0), (5030, 40)].map(|(c, p)| timeline.place(&camera.sends(c, p)));
        assert_eq!(placed, [450_000, 453_600]);
    }

    #[test]
    fn time_never_runs_back_between_sessions() {
        let (mut camera, mut timeline) = site();
        timeline.place(&camera.sends(0, 0));
        let last = timeline.place(&camera.sends(10, 400));
        camera.connects_anew();
        assert!(timeline.place(&camera.sends(100, 0)) > last);
    }

    #[test]
    fn a_jump_of_the_cameras_times_is_not_believed() {
        let (camera, mut timeline) = site();
        timeline.place(&camera.sends(0, 0));
        assert_eq!(timeline.place(&camera.sends(40, 3_600_000)), 3600);
    }
}
