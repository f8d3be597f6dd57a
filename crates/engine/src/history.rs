//! What happened in each of the last seconds: cheap enough to be always on.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many seconds are kept.
const KEPT: usize = 300;

/// One value for each of the last five minutes' seconds.
#[derive(Debug, Clone)]
pub(crate) struct History<T> {
    began: Instant,
    /// The newest is at the back.
    seconds: VecDeque<T>,
    /// The number of the second at the back, from `began`.
    newest: u64,
}

impl<T: Default + Clone> History<T> {
    pub(crate) fn new(now: Instant) -> Self {
        Self { began: now, seconds: VecDeque::from([T::default()]), newest: 0 }
    }

    /// The second that `now` lies in.
    pub(crate) fn at(&mut self, now: Instant) -> &mut T {
        let second = now.saturating_duration_since(self.began).as_secs();
        // After a longer silence all that is kept is silence.
        let passed = second.saturating_sub(self.newest).min(KEPT as u64);
        for _ in 0..passed {
            if self.seconds.len() == KEPT {
                self.seconds.pop_front();
            }
            self.seconds.push_back(T::default());
        }
        self.newest = self.newest.max(second);
        self.seconds.back_mut().expect("one is always there")
    }

    /// The seconds that have ended, oldest first, and how long ago the last of them did.
    pub(crate) fn ended(&mut self, now: Instant) -> (Vec<T>, Duration) {
        self.at(now);
        let ended = self.seconds.iter().take(self.seconds.len() - 1).cloned().collect();
        let boundary = self.began + Duration::from_secs(self.newest);
        (ended, now.saturating_duration_since(boundary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    fn history() -> (History<u32>, Instant) {
        let began = Instant::now() + START;
        (History::new(began), began)
    }

    fn ms(began: Instant, ms: u64) -> Instant {
        began + Duration::from_millis(ms)
    }

    #[test]
    fn each_second_has_its_own_value_and_silence_is_told() {
        let (mut history, began) = history();
        for at in [0, 999, 1000, 3500] {
            *history.at(ms(began, at)) += 1;
        }
        let (ended, ago) = history.ended(ms(began, 4200));
        assert_eq!(ended, [2, 1, 0, 1]);
        assert_eq!(ago, Duration::from_millis(200));
    }

    #[test]
    fn what_is_older_is_forgotten() {
        let (mut history, began) = history();
        *history.at(began) = 7;
        *history.at(ms(began, 1_000_000)) = 8;
        let (ended, _) = history.ended(ms(began, 1_001_000));
        assert_eq!(ended.len(), KEPT - 1);
        assert_eq!(ended.iter().sum::<u32>(), 8);
    }

    #[test]
    fn a_clock_that_steps_back_changes_nothing() {
        let (mut history, began) = history();
        *history.at(ms(began, 5000)) += 1;
        *history.at(ms(began, 1000)) += 1;
        assert_eq!(history.ended(ms(began, 6000)).0.last(), Some(&2));
    }
}
