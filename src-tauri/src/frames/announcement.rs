//! When to tell a page that there are frames: once, and not again before it has fetched them.
//! Knows no clock and no page.

use std::time::Duration;

use tokio::time::Instant;

/// An event may get lost while a page loads; then it is repeated.
pub(super) const REPEAT: Duration = Duration::from_secs(1);
/// A page that fetches nothing for this long shows nothing to anybody.
const PATIENCE: Duration = Duration::from_secs(10);

/// The announcement that a page has not answered yet, if there is one.
#[derive(Debug, Default)]
pub(super) struct Announcement {
    outstanding: Option<Outstanding>,
}

#[derive(Debug)]
struct Outstanding {
    first: Instant,
    last: Instant,
}

/// What to do about a page that has not answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// It has time yet.
    Wait,
    /// Tell it again.
    Repeat,
    /// It will not answer.
    GiveUp,
}

impl Announcement {
    pub(super) fn is_outstanding(&self) -> bool {
        self.outstanding.is_some()
    }

    /// The page was told, for the first time or again.
    pub(super) fn made(&mut self, now: Instant) {
        let first = self.outstanding.as_ref().map_or(now, |o| o.first);
        self.outstanding = Some(Outstanding { first, last: now });
    }

    /// The page fetched, or there is nothing left to fetch.
    pub(super) fn settled(&mut self) {
        self.outstanding = None;
    }

    pub(super) fn overdue(&self, now: Instant) -> Overdue {
        match &self.outstanding {
            Some(o) if now - o.first >= PATIENCE => Overdue::GiveUp,
            Some(o) if now - o.last >= REPEAT => Overdue::Repeat,
            _ => Overdue::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_then_repeats_then_gives_up() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut announcement = Announcement::default();
        announcement.made(start);
        assert!(announcement.is_outstanding());
        assert_eq!(announcement.overdue(after(999)), Overdue::Wait);
        assert_eq!(announcement.overdue(after(1000)), Overdue::Repeat);
        announcement.made(after(1000));
        assert_eq!(announcement.overdue(after(1999)), Overdue::Wait);
        assert_eq!(announcement.overdue(after(2000)), Overdue::Repeat);
        announcement.made(after(9500));
        assert_eq!(announcement.overdue(after(10_000)), Overdue::GiveUp);
    }

    #[test]
    fn an_answer_starts_anew() {
        let start = Instant::now();
        let mut announcement = Announcement::default();
        announcement.made(start);
        announcement.settled();
        assert!(!announcement.is_outstanding());
        let late = start + PATIENCE;
        assert_eq!(announcement.overdue(late), Overdue::Wait);
        announcement.made(late);
        assert_eq!(announcement.overdue(late + REPEAT), Overdue::Repeat);
    }
}
