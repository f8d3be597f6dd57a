//! Which cameras to tell of, and when. Pure: the time and the cameras are told from outside.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::settings::{ClockTime, Notifications};

/// Cameras that fail together do so within seconds; so long is one waited for, to be told at once.
const GATHER: Duration = Duration::from_secs(5);

/// A camera as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) condition: Condition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Up,
    Down,
    /// Nobody wants it to run, or it has not been tried yet: nothing to tell.
    Idle,
}

/// What to tell, with the cameras' names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Down(Vec<String>),
    Back(Vec<String>),
}

/// What is remembered of each camera.
#[derive(Debug, Default)]
pub(crate) struct Decision(BTreeMap<String, Memory>);

#[derive(Debug, Default)]
struct Memory {
    down_since: Option<Duration>,
    /// The person knows that it is down.
    told: bool,
    /// When that was last told.
    last_told: Option<Duration>,
}

impl Decision {
    /// What to tell now. `now` runs steadily from any start, `clock` is the local time.
    pub(crate) fn at(
        &mut self,
        now: Duration,
        clock: ClockTime,
        settings: &Notifications,
        cameras: &[Seen],
    ) -> Vec<Notice> {
        let silent = !settings.enabled || is_quiet(clock, settings);
        self.0.retain(|id, _| cameras.iter().any(|camera| camera.id == *id));
        let wait = Duration::from_secs(settings.down_longer_than_seconds);
        let cooldown = Duration::from_secs(settings.cooldown_seconds);
        let (mut back, mut due, mut waited) = (Vec::new(), Vec::new(), false);
        for camera in cameras {
            let memory = self.0.entry(camera.id.clone()).or_default();
            match camera.condition {
                Condition::Down => {
                    let since = *memory.down_since.get_or_insert(now);
                    let cool = memory.last_told.map_or(Duration::ZERO, |told| told + cooldown);
                    let from = (since + wait).max(cool);
                    if !silent && !memory.told && now >= from {
                        due.push(camera);
                        waited |= now >= from + GATHER;
                    }
                }
                condition => {
                    memory.down_since = None;
                    if std::mem::take(&mut memory.told) && condition == Condition::Up && !silent {
                        back.push(camera.name.clone());
                    }
                }
            }
        }
        let mut notices = Vec::new();
        if waited {
            for camera in &due {
                if let Some(memory) = self.0.get_mut(&camera.id) {
                    (memory.told, memory.last_told) = (true, Some(now));
                }
            }
            notices.push(Notice::Down(due.iter().map(|camera| camera.name.clone()).collect()));
        }
        if !back.is_empty() {
            notices.push(Notice::Back(back));
        }
        notices
    }
}

/// Whether the clock is between the quiet hours' beginning and end, which may lie after midnight.
fn is_quiet(clock: ClockTime, settings: &Notifications) -> bool {
    match (settings.quiet_from, settings.quiet_to) {
        (Some(from), Some(to)) if from <= to => (from..to).contains(&clock),
        (Some(from), Some(to)) => clock >= from || clock < to,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(text: &str) -> ClockTime {
        text.parse().expect("a time")
    }

    fn settings() -> Notifications {
        Notifications { down_longer_than_seconds: 60, cooldown_seconds: 900, ..Default::default() }
    }

    fn quiet(from: &str, to: &str) -> Notifications {
        Notifications { quiet_from: Some(at(from)), quiet_to: Some(at(to)), ..settings() }
    }

    /// A simulated day: the conditions of cameras `a`, `b`, … from a second on, as `u`, `d` or `i`.
    struct Day {
        decision: Decision,
        settings: Notifications,
        second: u64,
        start: ClockTime,
    }

    impl Day {
        fn new(settings: Notifications) -> Self {
            Self::starting("12:00", settings)
        }

        fn starting(clock: &str, settings: Notifications) -> Self {
            Self { decision: Decision::default(), settings, second: 0, start: at(clock) }
        }

        /// Everything that is told in the next so many seconds, with the second it is told in.
        fn pass(&mut self, length: u64, conditions: &str) -> Vec<(u64, Notice)> {
            let cameras: Vec<Seen> = conditions
                .chars()
                .zip('a'..)
                .map(|(condition, id)| Seen {
                    id: id.to_string(),
                    name: id.to_uppercase().to_string(),
                    condition: match condition {
                        'u' => Condition::Up,
                        'd' => Condition::Down,
                        _ => Condition::Idle,
                    },
                })
                .collect();
            let mut told = Vec::new();
            for second in self.second..self.second + length {
                let (hour, minute) =
                    self.start.to_string().split_once(':').map_or((0, 0), |(hour, minute)| {
                        (hour.parse().unwrap_or(0_u64), minute.parse().unwrap_or(0_u64))
                    });
                let minutes = (hour * 60 + minute + second / 60) % 1440;
                let clock = ClockTime::new((minutes / 60) as u16, (minutes % 60) as u16);
                let clock = clock.expect("within a day");
                let notices = self.decision.at(seconds(second), clock, &self.settings, &cameras);
                told.extend(notices.into_iter().map(|notice| (second, notice)));
            }
            self.second += length;
            told
        }
    }

    fn down(names: &str) -> Notice {
        Notice::Down(names.chars().map(|name| name.to_string()).collect())
    }

    fn back(names: &str) -> Notice {
        Notice::Back(names.chars().map(|name| name.to_string()).collect())
    }

    #[test]
    fn a_camera_that_stays_down_is_told_once_and_again_when_it_is_back() {
        let mut day = Day::new(settings());
        assert_eq!(day.pass(10, "u"), []);
        assert_eq!(day.pass(1000, "d"), [(75, down("A"))]);
        assert_eq!(day.pass(10, "u"), [(1010, back("A"))]);
    }

    #[test]
    fn a_short_gap_is_no_news() {
        let mut day = Day::new(settings());
        for _ in 0..10 {
            assert_eq!(day.pass(59, "d"), []);
            assert_eq!(day.pass(1, "u"), []);
        }
    }

    #[test]
    fn a_camera_that_flaps_is_told_once_in_a_cooldown() {
        let mut day = Day::new(settings());
        let mut told = Vec::new();
        for _ in 0..10 {
            told.extend(day.pass(90, "d"));
            told.extend(day.pass(10, "u"));
        }
        let downs: Vec<u64> = told
            .iter()
            .filter(|(_, notice)| matches!(notice, Notice::Down(_)))
            .map(|(second, _)| *second)
            .collect();
        assert_eq!(downs, [65, 970]);
    }

    #[test]
    fn many_that_fail_within_seconds_are_told_together() {
        let mut day = Day::new(settings());
        assert_eq!(day.pass(2, "dud"), []);
        assert_eq!(day.pass(200, "ddd"), [(65, down("ABC"))]);
        assert_eq!(day.pass(5, "uuu"), [(202, back("ABC"))]);
    }

    #[test]
    fn a_stopped_camera_is_nobodys_business() {
        let mut day = Day::new(settings());
        assert_eq!(day.pass(1000, "i"), []);
        assert_eq!(day.pass(70, "d"), [(1065, down("A"))]);
        assert_eq!(day.pass(10, "i"), [], "stopped, not back");
        assert_eq!(day.pass(10, "u"), []);
    }

    #[test]
    fn quiet_hours_are_quiet_and_what_is_still_down_is_told_after_them() {
        let mut day = Day::starting("21:50", quiet("22:00", "22:30"));
        assert_eq!(day.pass(595, "uu"), []);
        assert_eq!(day.pass(600, "dd"), []);
        let told = day.pass(3600, "du");
        assert_eq!(told, [(40 * 60, down("A"))], "the other one came back meanwhile");
    }

    #[test]
    fn what_was_told_before_the_quiet_hours_comes_back_silently_in_them() {
        let mut day = Day::starting("21:55", quiet("22:00", "07:00"));
        assert_eq!(day.pass(300, "d"), [(65, down("A"))]);
        assert_eq!(day.pass(60, "u"), []);
    }

    #[test]
    fn a_removed_camera_is_forgotten() {
        let mut day = Day::new(settings());
        assert_eq!(day.pass(70, "d").len(), 1);
        assert_eq!(day.pass(10, ""), []);
        assert_eq!(day.pass(10, "u"), []);
    }

    #[test]
    fn nothing_is_told_where_nobody_wants_to_know() {
        let mut day = Day::new(Notifications { enabled: false, ..settings() });
        assert_eq!(day.pass(500, "d"), []);
    }

    #[rstest]
    #[case("22:00", "07:00", "21:59", false)]
    #[case("22:00", "07:00", "22:00", true)]
    #[case("22:00", "07:00", "00:00", true)]
    #[case("22:00", "07:00", "06:59", true)]
    #[case("22:00", "07:00", "07:00", false)]
    #[case("12:00", "13:00", "12:30", true)]
    #[case("12:00", "13:00", "13:00", false)]
    #[case("12:00", "12:00", "12:00", false)]
    fn hours(#[case] from: &str, #[case] to: &str, #[case] clock: &str, #[case] expected: bool) {
        assert_eq!(is_quiet(at(clock), &quiet(from, to)), expected);
    }
}
