//! What a camera's ingest says of itself. Only the ingest's supervisor writes it.

use jiff::Timestamp;

use crate::config::Transport;
use crate::error::{Error, ErrorKind};
use crate::pause::PAUSED;

/// The state of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The first connection is being made.
    Connecting,
    /// Packets arrive.
    Online,
    /// The connection was open, but nothing arrived.
    Stalled,
    /// The connection was lost or could not be made; the next try is on its way.
    Reconnecting,
    /// The camera refused the user name or password.
    AuthFailed,
    /// Waiting will not help until someone changes something.
    Error,
    /// Nobody wants this camera to run.
    Stopped,
}

impl State {
    const ALL: [Self; 7] = [
        Self::Connecting,
        Self::Online,
        Self::Stalled,
        Self::Reconnecting,
        Self::AuthFailed,
        Self::Error,
        Self::Stopped,
    ];

    /// The state of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Online => "online",
            Self::Stalled => "stalled",
            Self::Reconnecting => "reconnecting",
            Self::AuthFailed => "auth_failed",
            Self::Error => "error",
            Self::Stopped => "stopped",
        }
    }

    /// The state that a failed session leaves the camera in.
    pub(crate) fn after(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::AuthFailed => Self::AuthFailed,
            ErrorKind::Stalled => Self::Stalled,
            kind if kind.needs_a_person() => Self::Error,
            _ => Self::Reconnecting,
        }
    }
}

/// Why a camera is not online.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The kind; its code is part of the API.
    pub kind: ErrorKind,
    /// A sentence a person can act on, free of secrets.
    pub message: String,
}

impl From<&Error> for Fault {
    fn from(error: &Error) -> Self {
        Self { kind: error.kind(), message: error.message().to_owned() }
    }
}

/// Who reads a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// The engine itself, by retina.
    Rtsp,
    /// An FFmpeg process, which hands the packets over.
    Ffmpeg,
    /// Another instance, which hands the packets on.
    Relay,
}

impl Path {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rtsp => "rtsp",
            Self::Ffmpeg => "ffmpeg",
            Self::Relay => "relay",
        }
    }
}

/// What is known of a session beside its pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who reads the camera.
    pub path: Path,
    /// Why FFmpeg has to, for a camera that the engine reads as a rule.
    pub reason: Option<String>,
    /// How RTP travels.
    pub transport: Option<Transport>,
    /// The codec of the camera's sound, where it tells; sound is not carried.
    pub audio: Option<String>,
}

/// A camera's state, since when, and what comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// When this state began.
    pub since: Timestamp,
    /// The last failure, kept while connecting again and cleared once online.
    pub fault: Option<Fault>,
    /// Failed sessions since the camera was last online.
    pub attempt: u32,
    /// When the next session is tried.
    pub next_try: Option<Timestamp>,
    /// The running session, or the last one.
    pub session: Option<Session>,
}

impl Status {
    /// The first status of a camera.
    pub(crate) fn connecting() -> Self {
        Self {
            state: State::Connecting,
            since: Timestamp::now(),
            fault: None,
            attempt: 0,
            next_try: None,
            session: None,
        }
    }

    /// The first status of a stream that nobody wants yet.
    pub(crate) fn stopped() -> Self {
        Self { state: State::Stopped, ..Self::connecting() }
    }

    /// The status of a stream while all cameras are paused.
    pub(crate) fn paused() -> Self {
        let fault = Fault { kind: ErrorKind::Paused, message: PAUSED.to_owned() };
        Self { fault: Some(fault), ..Self::stopped() }
    }

    /// The status of a stream that nobody may connect now.
    pub(crate) fn held_by_nobody(why: &Error) -> Self {
        Self {
            state: State::after(why.kind()),
            fault: Some(Fault::from(why)),
            ..Self::connecting()
        }
    }

    /// Changes the state; `since` moves only when the state differs.
    pub(crate) fn enter(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.since = Timestamp::now();
        }
    }
}
