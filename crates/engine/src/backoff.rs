//! When a failed session is tried again. Pure: the ingest owns the clock and the dice.

use std::time::Duration;

use crate::error::ErrorKind;

/// The first wait; doubles with each failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait for a camera that may come back by itself.
const LONGEST: Duration = Duration::from_secs(5);
/// The longest wait for a camera that was online a moment ago: it is probably rebooting, and its
/// watchers are looking at a frozen picture.
const LONGEST_WHEN_FRESH: Duration = Duration::from_secs(2);
/// How long a lost camera counts as fresh.
const FRESH: Duration = Duration::from_secs(60);
/// Sign-in failures before giving the camera a rest: many lock the account after a handful.
const SIGN_IN_TRIES: u32 = 3;
/// The rest after that.
const SIGN_IN_REST: Duration = Duration::from_secs(30 * 60);
/// The wait when a setting has to change first; it may change on the camera's side.
const NEEDS_A_PERSON: Duration = Duration::from_secs(30);
/// The first wait and the longest for the instance that has a camera open: it is near, and knocking at
/// it troubles no camera.
const FIRST_AT_OWNER: Duration = Duration::from_millis(200);
const LONGEST_AT_OWNER: Duration = Duration::from_secs(2);
/// Waits differ by up to this part, so that many cameras behind one switch do not return at once.
const JITTER: f64 = 0.2;

/// How long to wait before trying again.
///
/// `attempt` counts the failures since the camera was last online, from 1; `offline` is the time
/// since then, if it ever was; `dice` is a random number in 0..1.
pub(crate) fn delay(
    kind: ErrorKind,
    attempt: u32,
    offline: Option<Duration>,
    dice: f64,
) -> Duration {
    let longest = if offline.is_some_and(|t| t < FRESH) { LONGEST_WHEN_FRESH } else { LONGEST };
    let base = match kind {
        ErrorKind::AuthFailed if attempt >= SIGN_IN_TRIES => SIGN_IN_REST,
        kind if kind.needs_a_person() && kind != ErrorKind::AuthFailed && attempt >= 3 => {
            NEEDS_A_PERSON
        }
        _ => FIRST.saturating_mul(1 << (attempt.saturating_sub(1)).min(8)).min(longest),
    };
    jittered(base, dice)
}

/// How long to wait before asking the instance that has the camera open again.
pub(crate) fn relayed(attempt: u32, dice: f64) -> Duration {
    let doubled = FIRST_AT_OWNER.saturating_mul(1 << (attempt.saturating_sub(1)).min(8));
    jittered(doubled.min(LONGEST_AT_OWNER), dice)
}

fn jittered(base: Duration, dice: f64) -> Duration {
    base.mul_f64(1.0 + JITTER * (2.0 * dice - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::first(ErrorKind::CameraUnreachable, 1, None, 1)]
    #[case::doubles(ErrorKind::CameraUnreachable, 2, None, 2)]
    #[case::capped(ErrorKind::CameraUnreachable, 9, None, 5)]
    #[case::never_overflows(ErrorKind::CameraUnreachable, u32::MAX, None, 5)]
    #[case::fresh(ErrorKind::CameraUnreachable, 9, Some(10), 2)]
    #[case::no_longer_fresh(ErrorKind::CameraUnreachable, 9, Some(100), 5)]
    #[case::sign_in_again(ErrorKind::AuthFailed, 2, None, 2)]
    #[case::sign_in_rests(ErrorKind::AuthFailed, 3, None, 1800)]
    #[case::sign_in_rests_even_when_fresh(ErrorKind::AuthFailed, 3, Some(1), 1800)]
    #[case::wrong_path_soon(ErrorKind::CameraNotFound, 1, None, 1)]
    #[case::wrong_path_later(ErrorKind::CameraNotFound, 3, None, 30)]
    fn waits(
        #[case] kind: ErrorKind,
        #[case] attempt: u32,
        #[case] offline: Option<u64>,
        #[case] seconds: u64,
    ) {
        let offline = offline.map(Duration::from_secs);
        assert_eq!(delay(kind, attempt, offline, 0.5), Duration::from_secs(seconds));
    }

    #[rstest]
    #[case(1, 200)]
    #[case(3, 800)]
    #[case(u32::MAX, 2000)]
    fn owners_are_asked_soon(#[case] attempt: u32, #[case] milliseconds: u64) {
        assert_eq!(relayed(attempt, 0.5), Duration::from_millis(milliseconds));
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let wait = |dice| delay(ErrorKind::Stalled, 1, None, dice).as_secs_f64();
        assert!((wait(0.0) - 0.8).abs() < 1e-9);
        assert!((wait(1.0) - 1.2).abs() < 1e-9);
    }
}
