//! How many messages a client has asked for. Without `credit` it asks for all of them; with it, the
//! server sends nothing that was not asked for, so no old frame ever waits in a buffer on the way.

use fanlight_engine::Error;

use crate::invalid;

/// What a client may be owed at most.
const MOST: u8 = 16;

/// The messages that a client may still be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credit {
    /// It takes what comes.
    Unlimited,
    /// It asks: `left` messages of at most `most`.
    Asked {
        /// At most `most`.
        left: u8,
        /// What it began with.
        most: u8,
    },
}

impl Credit {
    /// As the query says it.
    pub(crate) fn new(most: Option<u8>) -> Result<Self, Error> {
        match most {
            None => Ok(Self::Unlimited),
            Some(most @ 1..=MOST) => Ok(Self::Asked { left: most, most }),
            Some(other) => Err(invalid(format!("credit must be 1 to {MOST}; got {other}"))),
        }
    }

    /// Whether a message may be sent.
    pub(crate) fn is_left(self) -> bool {
        !matches!(self, Self::Asked { left: 0, .. })
    }

    /// A message was sent.
    pub(crate) fn spend(&mut self) {
        if let Self::Asked { left, .. } = self {
            *left = left.saturating_sub(1);
        }
    }

    /// The client asked for one more. What it asks for beyond its limit is forgotten.
    pub(crate) fn earn(&mut self) {
        if let Self::Asked { left, most } = self {
            *left = (*left + 1).min(*most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_sent_and_no_more() {
        let mut credit = Credit::new(Some(2)).expect("fits");
        credit.earn();
        credit.spend();
        assert!(credit.is_left());
        credit.spend();
        assert!(!credit.is_left(), "it had two, whatever it asked for before");
        credit.earn();
        assert!(credit.is_left());
        credit.spend();
        assert!(!credit.is_left());
    }

    #[test]
    fn who_does_not_ask_gets_all() {
        let mut credit = Credit::new(None).expect("fits");
        for _ in 0..100 {
            credit.spend();
        }
        assert!(credit.is_left());
    }

    #[test]
    fn none_and_too_many_are_refused() {
        for wrong in [0, 17, 255] {
            assert!(Credit::new(Some(wrong)).is_err(), "{wrong}");
        }
        assert!(Credit::new(Some(1)).is_ok() && Credit::new(Some(16)).is_ok());
    }
}
