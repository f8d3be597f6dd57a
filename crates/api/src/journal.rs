//! What happened, kept for a while: all of it in order for those who come back to `events`, and of each
//! camera enough that a chatty one does not push out what happened to the others.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::events::Event;

/// Events kept for clients that come back. A busy house makes a few a minute.
const KEPT: usize = 1000;
/// Events kept on one shelf. A camera has two: what happened to it, and who read it.
const KEPT_ON_A_SHELF: usize = 100;
/// Events kept on all shelves. Above, the fullest gives one up.
pub(crate) const KEPT_ON_ALL: usize = 2000;

/// An event with its number; the first is 1.
pub(crate) type Numbered = (u64, Arc<Event>);

/// The last events.
#[derive(Debug)]
pub(crate) struct Journal {
    /// Tells this process's numbers from another's.
    epoch: String,
    kept: Mutex<Kept>,
    head: watch::Sender<Head>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Without a hole between them.
    last: VecDeque<Arc<Event>>,
    shelves: Shelves,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Head {
    /// The number of the newest event; the first is 1.
    pub(crate) newest: u64,
    /// No event will follow.
    pub(crate) ended: bool,
}

/// What a reader finds after the number it has.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    Event(u64, Arc<Event>),
    /// Events that are not kept any more, up to this number.
    Gap {
        missed: u64,
        up_to: u64,
    },
    Nothing,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self {
            epoch: format!("{:x}", Timestamp::now().as_millisecond()),
            kept: Mutex::default(),
            head: watch::Sender::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self, event: Event) {
        let event = Arc::new(event);
        let mut kept = self.kept();
        if kept.last.len() >= KEPT {
            kept.last.pop_front();
        }
        kept.last.push_back(Arc::clone(&event));
        kept.shelves.put((self.head.borrow().newest + 1, event));
        self.head.send_modify(|head| head.newest += 1);
    }

    /// Follows the number of the newest event.
    pub(crate) fn head(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    /// Ends every reader.
    pub(crate) fn end(&self) {
        self.head.send_modify(|head| head.ended = true);
    }

    pub(crate) fn after(&self, number: u64) -> Found {
        let kept = self.kept();
        let newest = self.head.borrow().newest;
        let oldest = newest + 1 - kept.last.len() as u64;
        let next = number + 1;
        if next > newest {
            Found::Nothing
        } else if next < oldest {
            Found::Gap { missed: oldest - next, up_to: oldest - 1 }
        } else {
            Found::Event(next, Arc::clone(&kept.last[(next - oldest) as usize]))
        }
    }

    /// The newest events that `wanted` takes, newest first. It is asked for the stream's id, which
    /// is empty for what happened to all.
    pub(crate) fn newest(&self, limit: usize, wanted: impl Fn(&str) -> bool) -> Vec<Numbered> {
        let mut found = self.kept().shelves.of(wanted);
        found.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
        found.truncate(limit);
        found
    }

    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.epoch)
    }

    /// Where a client with this last id goes on; none when the id is from another process, whose
    /// events nobody knows any more.
    pub(crate) fn resume(&self, id: &str) -> Option<u64> {
        let (epoch, number) = id.rsplit_once('-')?;
        let number = number.parse().ok().filter(|n| *n <= self.head.borrow().newest)?;
        (epoch == self.epoch).then_some(number)
    }
}

/// Events by whom they are about.
#[derive(Debug, Default)]
struct Shelves {
    by_camera: HashMap<Shelf, VecDeque<Numbered>>,
    /// Events on all of them.
    count: usize,
}

/// A script that comes and goes all day must not push out when its camera failed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shelf {
    stream_id: String,
    readers: bool,
}

impl Shelves {
    fn put(&mut self, event: Numbered) {
        let place =
            Shelf { stream_id: event.1.stream_id.clone(), readers: event.1.what.is_of_readers() };
        let events = self.by_camera.entry(place).or_default();
        events.push_back(event);
        if events.len() > KEPT_ON_A_SHELF {
            events.pop_front();
        } else {
            self.count += 1;
        }
        if self.count > KEPT_ON_ALL {
            self.make_room();
        }
    }

    /// Gives up the oldest event of the fullest shelf; of several, of that which has the oldest.
    fn make_room(&mut self) {
        let age = |events: &VecDeque<Numbered>| {
            std::cmp::Reverse(events.front().map_or(0, |(number, _)| *number))
        };
        let fullest = self.by_camera.iter().max_by_key(|(_, events)| (events.len(), age(events)));
        let Some(place) = fullest.map(|(place, _)| place.clone()) else { return };
        let Some(events) = self.by_camera.get_mut(&place) else { return };
        events.pop_front();
        self.count -= 1;
        if events.is_empty() {
            self.by_camera.remove(&place);
        }
    }

    fn of(&self, wanted: impl Fn(&str) -> bool) -> Vec<Numbered> {
        let shelves = self.by_camera.iter().filter(|(shelf, _)| wanted(&shelf.stream_id));
        shelves.flat_map(|(_, events)| events.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use fanlight_engine::CameraId;

    use super::*;
    use crate::events::{What, Who};

    fn event(name: &str) -> Event {
        Event::now(&CameraId::parse(name).expect("valid"), What::CameraRemoved)
    }

    fn joined(name: &str) -> Event {
        let consumer = Who { id: 1, kind: "http", name: "script".into(), pid: None };
        let id = CameraId::parse(name).expect("valid");
        Event::now(&id, What::ConsumerJoined { consumer })
    }

    #[test]
    fn events_are_read_in_order() {
        let journal = Journal::new();
        assert_eq!(journal.after(0), Found::Nothing);
        let (first, second) = (event("a"), event("b"));
        journal.write(first.clone());
        journal.write(second.clone());
        assert_eq!(journal.after(0), Found::Event(1, first.into()));
        assert_eq!(journal.after(1), Found::Event(2, second.into()));
        assert_eq!(journal.after(2), Found::Nothing);
    }

    #[test]
    fn what_is_not_kept_is_told_as_missed() {
        let journal = Journal::new();
        for _ in 0..KEPT + 3 {
            journal.write(event("a"));
        }
        assert_eq!(journal.after(0), Found::Gap { missed: 3, up_to: 3 });
        assert!(matches!(journal.after(3), Found::Event(4, _)));
        assert_eq!(journal.kept().last.len(), KEPT);
    }

    #[test]
    fn a_client_goes_on_where_it_was_in_the_same_process() {
        let journal = Journal::new();
        journal.write(event("a"));
        assert_eq!(journal.resume(&journal.id(1)), Some(1));
        assert_eq!(journal.resume(&journal.id(2)), None);
        for other in ["", "1", "other-1", "-", "other-x"] {
            assert_eq!(journal.resume(other), None, "{other}");
        }
    }

    fn numbers(found: &[Numbered]) -> Vec<u64> {
        found.iter().map(|(number, _)| *number).collect()
    }

    #[test]
    fn the_newest_come_first_and_no_more_than_asked_for() {
        let journal = Journal::new();
        for name in ["a", "b", "a", "a"] {
            journal.write(event(name));
        }
        assert_eq!(numbers(&journal.newest(9, |_| true)), [4, 3, 2, 1]);
        assert_eq!(numbers(&journal.newest(2, |id| id == "a")), [4, 3]);
        assert!(journal.newest(9, |id| id == "c").is_empty());
    }

    #[test]
    fn a_chatty_camera_does_not_push_out_the_quiet_one() {
        let journal = Journal::new();
        journal.write(event("quiet"));
        for _ in 0..KEPT_ON_ALL {
            journal.write(event("chatty"));
        }
        assert_eq!(numbers(&journal.newest(9, |id| id == "quiet")), [1]);
        assert_eq!(journal.newest(KEPT_ON_ALL, |_| true).len(), 1 + KEPT_ON_A_SHELF);
    }

    #[test]
    fn a_restless_script_does_not_push_out_why_its_camera_failed() {
        let journal = Journal::new();
        journal.write(event("a"));
        for _ in 0..KEPT_ON_ALL {
            journal.write(joined("a"));
        }
        assert_eq!(journal.newest(KEPT_ON_ALL, |_| true).last().map(|(n, _)| *n), Some(1));
    }

    #[test]
    fn many_cameras_share_the_room_fairly() {
        let journal = Journal::new();
        journal.write(event("quiet"));
        for camera in 0..30 {
            for _ in 0..KEPT_ON_A_SHELF {
                journal.write(event(&format!("cam{camera}")));
            }
        }
        let all = journal.newest(usize::MAX, |_| true);
        assert_eq!(all.len(), KEPT_ON_ALL);
        assert_eq!(journal.kept().shelves.count, KEPT_ON_ALL);
        assert_eq!(all.last().map(|(number, _)| *number), Some(1));
        let first = journal.newest(usize::MAX, |id| id == "cam0").len();
        assert!((60..=70).contains(&first), "{first} of the first camera are kept");
    }

    #[test]
    fn ids_that_came_and_went_do_not_fill_the_room() {
        let journal = Journal::new();
        for camera in 0..KEPT_ON_ALL + 5 {
            journal.write(event(&format!("cam{camera}")));
        }
        assert_eq!(journal.kept().shelves.by_camera.len(), KEPT_ON_ALL);
        assert_eq!(journal.newest(usize::MAX, |id| id == "cam4"), []);
    }
}
