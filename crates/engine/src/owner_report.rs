//! What the instance that has a camera open tells all others of it, so that each can show it without
//! reading it, and go on where that one ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Schedule;
use crate::recorder::{RecorderState, Wish};
use crate::relay_message::StatusText;
use crate::status::Status;

/// How a camera is at its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerReport {
    /// The main stream. What changes with every try to connect is left out.
    pub status: Status,
    /// What its recorder does.
    pub recorder: RecorderState,
    /// What is wanted of its recorder.
    pub wish: Wish,
}

/// A report as it travels. What is missing was told by another version.
#[derive(Serialize, Deserialize)]
struct Text {
    status: StatusText,
    since: Timestamp,
    #[serde(default)]
    recorder: String,
    #[serde(default)]
    record: bool,
    #[serde(default)]
    always: bool,
}

impl OwnerReport {
    pub(crate) fn new(status: &Status, recorder: RecorderState, wish: Wish) -> Self {
        let status = Status { attempt: 0, next_try: None, session: None, ..status.clone() };
        Self { status, recorder, wish }
    }

    /// The report as text.
    pub fn encode(&self) -> Vec<u8> {
        let text = Text {
            status: StatusText::from(&self.status),
            since: self.status.since,
            recorder: self.recorder.name().to_owned(),
            record: self.wish.record,
            always: self.wish.schedule == Schedule::Always,
        };
        serde_json::to_vec(&text).expect("texts and numbers are JSON")
    }

    /// Reads it again; none for what is no report.
    pub fn decode(text: &[u8]) -> Option<Self> {
        let text: Text = serde_json::from_slice(text).ok()?;
        Some(Self {
            status: Status { since: text.since, ..text.status.status() },
            recorder: RecorderState::named(&text.recorder).unwrap_or_default(),
            wish: Wish {
                record: text.record,
                schedule: if text.always { Schedule::Always } else { Schedule::Off },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::status::{Fault, State};

    #[test]
    fn what_is_told_is_understood() {
        let fault = Fault::from(&Error::new(ErrorKind::AuthFailed, "the camera says no"));
        let status = Status {
            state: State::AuthFailed,
            fault: Some(fault),
            attempt: 7,
            ..Status::stopped()
        };
        let wish = Wish { record: true, schedule: Schedule::Off };
        let report = OwnerReport::new(&status, RecorderState::Waiting, wish);
        assert_eq!(report.status.attempt, 0, "the next try is no news");
        assert_eq!(OwnerReport::decode(&report.encode()), Some(report));
    }

    #[test]
    fn what_is_no_report_is_none() {
        for text in ["", "{", "[]", "{}", r#"{"status": {}, "since": "yesterday"}"#] {
            assert_eq!(OwnerReport::decode(text.as_bytes()), None, "{text}");
        }
        let bare = r#"{"status": {"state": "online"}, "since": "2026-01-01T00:00:00Z", "new": 1}"#;
        let report = OwnerReport::decode(bare.as_bytes()).expect("a report of another version");
        assert_eq!((report.status.state, report.recorder), (State::Online, RecorderState::Off));
    }
}
