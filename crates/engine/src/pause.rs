//! Whether all cameras are to be left alone for now. Whoever holds a connection or waits for a picture
//! hears of it at once; afterwards the cameras are connected one after the other.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind};

/// From one camera's connection to the next one's when a pause is over: a house of 50 cameras is back within
/// a second, and the network does not see 50 handshakes at once.
const STEP: Duration = Duration::from_millis(20);

/// What is told of a camera while all are paused.
pub(crate) const PAUSED: &str =
    "all cameras are paused, so none is connected; resume them to see pictures";

/// The switch of one engine.
#[derive(Debug)]
pub(crate) struct Pause {
    since: watch::Sender<Option<Timestamp>>,
    /// Cancelled when a pause begins, so that readers who joined before end.
    open: Mutex<CancellationToken>,
    /// Cameras that were given their turn since the last pause.
    turns: AtomicU32,
}

impl Default for Pause {
    fn default() -> Self {
        Self { since: watch::Sender::new(None), open: Mutex::default(), turns: AtomicU32::new(0) }
    }
}

impl Pause {
    /// Whether this changed anything.
    pub(crate) fn begin(&self) -> bool {
        let began = self.since.send_if_modified(|since| {
            let begins = since.is_none();
            since.get_or_insert_with(Timestamp::now);
            begins
        });
        if began {
            self.lock().cancel();
        }
        began
    }

    /// Whether this changed anything.
    pub(crate) fn end(&self) -> bool {
        if self.since().is_none() {
            return false;
        }
        *self.lock() = CancellationToken::new();
        self.turns.store(0, Ordering::Relaxed);
        self.since.send_if_modified(|since| since.take().is_some())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, CancellationToken> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn since(&self) -> Option<Timestamp> {
        *self.since.borrow()
    }

    pub(crate) fn is_on(&self) -> bool {
        self.since.borrow().is_some()
    }

    /// Follows it.
    pub(crate) fn watch(&self) -> watch::Receiver<Option<Timestamp>> {
        self.since.subscribe()
    }

    /// Is cancelled by the next pause, or already during one.
    pub(crate) fn token(&self) -> CancellationToken {
        self.lock().clone()
    }

    /// How long the next camera waits before it connects after a pause. The first does not.
    pub(crate) fn turn(&self) -> Duration {
        STEP * self.turns.fetch_add(1, Ordering::Relaxed)
    }
}

/// What readers are told.
pub(crate) fn paused() -> Error {
    Error::new(ErrorKind::StreamNotRunning, PAUSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_those_who_came_before_and_not_those_who_come_after() {
        let pause = Pause::default();
        let before = pause.token();
        assert!(pause.begin());
        assert!(before.is_cancelled() && pause.token().is_cancelled());
        assert!(pause.end());
        assert!(before.is_cancelled() && !pause.token().is_cancelled());
    }

    #[test]
    fn pausing_twice_keeps_the_first_time() {
        let pause = Pause::default();
        assert!(pause.begin());
        let since = pause.since();
        assert!(!pause.begin());
        assert_eq!(pause.since(), since);
        assert!(pause.end());
        assert!(!pause.end());
    }

    #[test]
    fn cameras_come_back_one_after_the_other_and_the_first_at_once() {
        let pause = Pause::default();
        for _ in 0..2 {
            pause.begin();
            pause.end();
            assert_eq!(
                [pause.turn(), pause.turn(), pause.turn()],
                [Duration::ZERO, STEP, STEP * 2]
            );
        }
    }
}
