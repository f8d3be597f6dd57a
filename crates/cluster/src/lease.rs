//! How long an instance may keep a camera open. Two clocks are in play that nobody compares: the
//! store ends a session a [`TTL`] after it *received* the last sign of life, the instance counts
//! from when it *sent* it, which was earlier, and gives up a [`MARGIN`] before that. So it has
//! closed its cameras before anybody else may open them, however late an answer came.

use std::time::Duration;

use crate::clock::Moment;
use crate::exchange::SessionId;

/// How long a session lasts without a sign of life.
pub const TTL: Duration = Duration::from_secs(5);
/// How long before its session's end an instance gives its cameras up: time to close them, and
/// for clocks that do not run alike (1 s in 5 s is far more than any do).
pub const MARGIN: Duration = Duration::from_secs(1);
/// How long before its session's end an instance that did not give its cameras up is ended by its
/// kernel: time for that to close its connections.
pub const LAST_RESORT: Duration = Duration::from_millis(300);
/// How long a camera that is handed over stays closed before the next instance may open it: the
/// time in which its connection is ended.
pub const CLOSING: Duration = Duration::from_millis(300);

/// An instance's lease on the right to own cameras at all. Its cameras' leases end with it, so one
/// sign of life renews them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    id: SessionId,
    ends: Moment,
}

impl Session {
    /// The store opened it when asked at `sent`.
    pub fn opened(id: SessionId, sent: Moment) -> Self {
        Self { id, ends: sent + TTL }
    }

    /// The store renewed it when asked at `sent`, however long the answer took.
    pub fn renewed(&mut self, sent: Moment) {
        self.ends = self.ends.max(sent + TTL);
    }

    /// Its name.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// When everything that was opened under it must be closed.
    pub fn gives_up(&self) -> Moment {
        self.ends.saturating_sub(MARGIN)
    }

    /// When a process that has not closed them has to end.
    pub fn last_resort(&self) -> Moment {
        self.ends.saturating_sub(LAST_RESORT)
    }

    /// Whether cameras may be open under it.
    pub fn lasts(&self, now: Moment) -> bool {
        now < self.gives_up()
    }
}

/// This instance's lease on one camera. What is not leased is not this instance's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// The camera may be open.
    Held {
        /// Grows with every owner of the camera.
        fence: u64,
        /// Where the store has forgotten who owns what: until when its word from before counts.
        unconfirmed: Option<Moment>,
    },
    /// The camera is being closed, and will be another's.
    Closing {
        /// As before.
        fence: u64,
        /// Since when.
        since: Moment,
        /// Who is to have it, if that is known.
        successor: Option<SessionId>,
    },
}

impl Lease {
    /// As the store granted it.
    pub fn held(fence: u64) -> Self {
        Self::Held { fence, unconfirmed: None }
    }

    /// The number that orders a camera's owners.
    pub fn fence(&self) -> u64 {
        match self {
            Self::Held { fence, .. } | Self::Closing { fence, .. } => *fence,
        }
    }

    /// Whether the camera may be open, as far as this lease goes.
    pub fn is_held(&self, now: Moment) -> bool {
        match self {
            Self::Held { unconfirmed, .. } => unconfirmed.is_none_or(|until| now < until),
            Self::Closing { .. } => false,
        }
    }

    /// The store lost its memory: what it granted counts until `until` unless it grants it again.
    pub fn doubt(&mut self, until: Moment) {
        if let Self::Held { unconfirmed, .. } = self {
            *unconfirmed = Some(unconfirmed.map_or(until, |before| before.min(until)));
        }
    }

    /// Begins to close the camera.
    pub fn close(&mut self, now: Moment, to: Option<SessionId>) {
        if let Self::Held { fence, .. } = *self {
            *self = Self::Closing { fence, since: now, successor: to };
        }
    }

    /// Whether the camera is closed by now, and the lease may be given back.
    pub fn is_closed(&self, now: Moment) -> bool {
        matches!(self, Self::Closing { since, .. } if now >= *since + CLOSING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Moment {
        Duration::from_millis(millis)
    }

    fn session(sent: u64) -> Session {
        Session::opened(SessionId::from("a#1"), at(sent))
    }

    #[test]
    fn a_session_is_given_up_before_it_ends() {
        let session = session(10_000);
        assert!(session.lasts(at(13_999)));
        assert!(!session.lasts(at(14_000)), "a second is left to close the cameras");
    }

    #[test]
    fn a_late_answer_counts_from_when_it_was_asked_for() {
        let mut session = session(10_000);
        session.renewed(at(12_000));
        assert_eq!(session.gives_up(), at(16_000));
        session.renewed(at(11_000));
        assert_eq!(session.gives_up(), at(16_000), "an older answer takes nothing back");
    }

    #[test]
    fn a_lease_in_doubt_ends_unless_it_is_granted_again() {
        let mut lease = Lease::held(7);
        lease.doubt(at(5000));
        lease.doubt(at(9000));
        assert!(lease.is_held(at(4999)));
        assert!(!lease.is_held(at(5000)));
        assert!(Lease::held(7).is_held(at(5000)));
    }

    #[test]
    fn a_camera_is_handed_over_closed() {
        let mut lease = Lease::held(7);
        lease.close(at(1000), Some(SessionId::from("b#1")));
        assert!(!lease.is_held(at(1000)));
        assert!(!lease.is_closed(at(1299)));
        assert!(lease.is_closed(at(1300)));
        let before = lease.clone();
        lease.close(at(9000), None);
        assert_eq!(lease, before, "it is closed once");
    }
}
