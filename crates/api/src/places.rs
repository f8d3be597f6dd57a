//! Places for connections. There are so many; when all are taken, the connection that has been idle
//! longest makes room for a new one, so that those who connect and ask for nothing, or never come
//! to the end of their headers, keep nobody else out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::under_way::{LARGE, UnderWay};

/// All places of one listener.
#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    idle: Mutex<Idle>,
    /// Another one became idle.
    rested: Notify,
    under_way: UnderWay,
}

/// Those that may be sent away, the one that has been idle longest first.
#[derive(Debug, Default)]
struct Idle {
    /// Counts each time that a connection becomes idle.
    turn: u64,
    waiting: BTreeMap<u64, CancellationToken>,
}

impl Places {
    pub(crate) fn new(number: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(number));
        Arc::new(Self {
            free,
            idle: Mutex::default(),
            rested: Notify::new(),
            under_way: UnderWay::default(),
        })
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, as soon as there is one. Cancel safe.
    pub(crate) async fn take(self: &Arc<Self>) -> Arc<Place> {
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.wait_for_room().await,
        };
        let place = Place {
            places: Arc::clone(self),
            _permit: permit,
            requests: AtomicUsize::new(0),
            turn: Mutex::new(None),
            sent_away: CancellationToken::new(),
        };
        place.rest();
        Arc::new(place)
    }

    async fn wait_for_room(&self) -> OwnedSemaphorePermit {
        let mut permit = std::pin::pin!(Arc::clone(&self.free).acquire_owned());
        let mut is_made = self.make_room();
        loop {
            tokio::select! {
                biased;
                permit = &mut permit => return permit.expect("never closed"),
                () = self.rested.notified(), if !is_made => is_made = self.make_room(),
            }
        }
    }

    /// Sends the connection away that has been idle longest; false when none is idle.
    pub(crate) fn make_room(&self) -> bool {
        let longest = self.idle().waiting.pop_first();
        longest.is_some_and(|(_, sent_away)| {
            sent_away.cancel();
            true
        })
    }
}

/// One connection's place, idle at first.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    _permit: OwnedSemaphorePermit,
    /// Requests being answered.
    requests: AtomicUsize,
    /// Where it stands among the idle ones.
    turn: Mutex<Option<u64>>,
    sent_away: CancellationToken,
}

impl Place {
    /// Keeps the place for as long as the answer lives.
    pub(crate) fn work(self: &Arc<Self>) -> Working {
        let mut turn = self.turn();
        self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(turn) = turn.take() {
            self.places.idle().waiting.remove(&turn);
        }
        drop(turn);
        Working(Arc::clone(self))
    }

    fn rest(&self) {
        let mut turn = self.turn();
        let mut idle = self.places.idle();
        idle.turn += 1;
        *turn = Some(idle.turn);
        let number = idle.turn;
        idle.waiting.insert(number, self.sent_away.clone());
        self.places.rested.notify_one();
    }

    fn turn(&self) -> MutexGuard<'_, Option<u64>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same bytes, and whoever takes them too slowly while many do is sent away.
    pub(crate) fn watch(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        if bytes.len() < LARGE {
            return bytes;
        }
        let under_way = &self.places.under_way;
        let number = under_way.add(Instant::now(), bytes.len(), self.sent_away.clone());
        Bytes::from_owner(Watched { bytes, place: Arc::clone(self), number })
    }

    /// Waits until this connection has to make room.
    pub(crate) async fn sent_away(&self) {
        self.sent_away.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(turn) = self.turn().take() {
            self.places.idle().waiting.remove(&turn);
        }
    }
}

/// Bytes that somebody is being sent. Dropped once they all are, or are given up.
struct Watched {
    bytes: Bytes,
    place: Arc<Place>,
    number: u64,
}

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.place.places.under_way.remove(self.number);
    }
}

/// A request being answered, or a WebSocket.
#[derive(Debug)]
pub(crate) struct Working(Arc<Place>);

impl Working {
    /// Where it is done.
    pub(crate) fn place(&self) -> &Arc<Place> {
        &self.0
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if self.0.requests.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.rest();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    /// A place that is free, or was made free, at once.
    fn take(places: &Arc<Places>) -> Option<Arc<Place>> {
        places.take().now_or_never()
    }

    #[test]
    fn the_longest_idle_makes_room() {
        let places = Places::new(3);
        let three: Vec<_> = (0..3).map(|_| take(&places).expect("free")).collect();
        assert!(three.iter().all(|place| !place.sent_away.is_cancelled()), "there is room");
        drop(three[0].work()); // so it became idle last
        assert!(take(&places).is_none(), "nobody has left yet");
        let away: Vec<_> = three.iter().map(|p| p.sent_away.is_cancelled()).collect();
        assert_eq!(away, [false, true, false]);
        drop(three);
        assert!(take(&places).is_some());
    }

    #[test]
    fn who_is_at_work_is_not_sent_away() {
        let places = Places::new(1);
        let place = take(&places).expect("free");
        let (first, second) = (place.work(), place.work());
        drop(first);
        assert!(!places.make_room());
        assert!(take(&places).is_none());
        drop(second);
        assert!(places.make_room());
        assert!(place.sent_away.is_cancelled());
        assert!(!places.make_room(), "one is sent away once");
    }

    #[tokio::test]
    async fn who_comes_to_rest_makes_room_for_who_waits() {
        let places = Places::new(1);
        let place = take(&places).expect("free");
        let working = place.work();
        let wanted = Arc::clone(&places);
        let waiting = tokio::spawn(async move { wanted.take().await });
        tokio::task::yield_now().await;
        drop(working);
        place.sent_away().await;
        drop(place);
        waiting.await.expect("it got the place");
    }

    #[test]
    fn what_is_sent_is_watched_until_it_is_gone() {
        let places = Places::new(1);
        let place = take(&places).expect("free");
        let (small, large) = (Bytes::from_static(b"small"), Bytes::from(vec![7; LARGE]));
        assert_eq!(place.watch(small.clone()), small);
        let watched = place.watch(large.clone());
        assert_eq!(watched, large);
        drop(place);
        assert!(take(&places).is_none(), "it is still being sent");
        drop(watched);
        assert!(take(&places).is_some());
    }

    #[test]
    fn who_has_left_is_not_sent_away() {
        let places = Places::new(1);
        drop(take(&places).expect("free"));
        assert!(!places.make_room());
        let working = take(&places).expect("free").work();
        assert!(take(&places).is_none(), "a websocket outlives its connection's task");
        drop(working);
        assert!(take(&places).is_some());
    }
}
