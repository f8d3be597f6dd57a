//! What clients hold by taking it slowly. A frame is shared by those who are sent it at the same
//! time; clients that stop in the middle of different frames keep all of these alive. There is a
//! bound on that; beyond, those who have kept theirs longest are sent away.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// Smaller messages are no matter: so many connections there are not.
pub(crate) const LARGE: usize = 64 << 10;
/// A message that is under way longer is taken slowly.
const LATE: Duration = Duration::from_secs(2);
/// Bytes of such messages.
const MOST: usize = 256 << 20;

/// The large messages under way, in the order in which they set out.
#[derive(Debug, Default)]
pub(crate) struct UnderWay(Mutex<Messages>);

#[derive(Debug, Default)]
struct Messages {
    number: u64,
    present: BTreeMap<u64, Message>,
}

#[derive(Debug)]
struct Message {
    since: Instant,
    bytes: usize,
    /// Cancelled when its client has to go.
    sent_away: CancellationToken,
}

impl UnderWay {
    fn messages(&self) -> MutexGuard<'_, Messages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message sets out; its number.
    pub(crate) fn add(&self, now: Instant, bytes: usize, sent_away: CancellationToken) -> u64 {
        let mut messages = self.messages();
        messages.relieve(now);
        messages.number += 1;
        let number = messages.number;
        messages.present.insert(number, Message { since: now, bytes, sent_away });
        number
    }

    /// It has arrived, or was given up.
    pub(crate) fn remove(&self, number: u64) {
        self.messages().present.remove(&number);
    }
}

impl Messages {
    fn relieve(&mut self, now: Instant) {
        let is_late = |message: &&Message| now.duration_since(message.since) > LATE;
        let mut held: usize = self.present.values().take_while(is_late).map(|m| m.bytes).sum();
        while held > MOST
            && let Some((_, oldest)) = self.present.pop_first()
        {
            tracing::debug!("a client held {} bytes for too long", oldest.bytes);
            oldest.sent_away.cancel();
            held -= oldest.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds so many messages of 64 MiB; what they were sent away by.
    fn add(under_way: &UnderWay, now: Instant, number: usize) -> Vec<CancellationToken> {
        let one = || {
            let sent_away = CancellationToken::new();
            under_way.add(now, 64 << 20, sent_away.clone());
            sent_away
        };
        std::iter::repeat_with(one).take(number).collect()
    }

    fn sent_away(clients: &[CancellationToken]) -> Vec<bool> {
        clients.iter().map(CancellationToken::is_cancelled).collect()
    }

    #[test]
    fn who_holds_for_longest_is_sent_away_beyond_the_bound() {
        let (under_way, start) = (UnderWay::default(), Instant::now());
        let first = add(&under_way, start, 4);
        let second = add(&under_way, start + Duration::from_secs(1), 2);
        let after = |seconds| {
            add(&under_way, start + Duration::from_secs(seconds), 1);
        };
        after(3); // four are late, which is the bound
        assert_eq!(sent_away(&first), [false; 4]);
        after(4); // six are
        assert_eq!(sent_away(&first), [true, true, false, false]);
        assert_eq!(sent_away(&second), [false, false]);
    }

    #[test]
    fn what_arrives_in_time_is_held_by_nobody() {
        let (under_way, start) = (UnderWay::default(), Instant::now());
        let crowd = add(&under_way, start, 100);
        for number in 1..=97 {
            under_way.remove(number);
        }
        add(&under_way, start + Duration::from_secs(10), 1);
        assert_eq!(sent_away(&crowd), [false; 100]);
    }
}
