//! What an instance tells the store at each beat, and what it learns. One beat is one atomic step of
//! the store: signs of life, leases given back, asked for and claimed anew.

use std::fmt;
use std::sync::Arc;

use fanlight_engine::CameraId;
use serde::{Deserialize, Serialize};
use url::Url;

/// The name of a session: the instance's name and something that no other session has.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// The session as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SessionId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An instance, as it tells the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name, which no other that runs has.
    pub name: String,
    /// Where the others reach its API.
    #[serde(with = "as_text")]
    pub url: Url,
    /// How many cameras it takes.
    pub capacity: u32,
    /// Whether it is about to end: it takes no more cameras.
    pub draining: bool,
}

/// A URL in JSON.
mod as_text {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use url::Url;

    pub(super) fn serialize<S: Serializer>(url: &Url, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(url.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
        Url::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// A lease given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The camera.
    pub camera: CameraId,
    /// The lease's number: a release that comes late must not end a newer lease.
    pub fence: u64,
    /// Whose it is at once, if that session lives.
    pub successor: Option<SessionId>,
}

/// What an instance tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// Who.
    pub member: Member,
    /// Its session.
    pub session: SessionId,
    /// Whether the session is new.
    pub opening: bool,
    /// A session of the same instance that has closed everything, and ends.
    pub former: Option<SessionId>,
    /// The memory of the store that it knows; see [`Seen::era`].
    pub era: String,
    /// The last change it has seen in this era.
    pub seen: u64,
    /// Leases given back.
    pub release: Vec<Release>,
    /// Leases that it held before the store lost its memory, with their numbers.
    pub claim: Vec<(CameraId, u64)>,
    /// Cameras that nobody owns, and that it would.
    pub acquire: Vec<CameraId>,
}

impl Beat {
    /// Whether these are the session's last words: it names itself as the one that ends.
    pub fn is_leaving(&self) -> bool {
        self.former.as_ref() == Some(&self.session)
    }
}

/// What became of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It lives on for a [`crate::lease::TTL`].
    Alive,
    /// It has ended, and is not opened again.
    Ended,
    /// Another instance of this name lives.
    NameTaken,
}

/// Who owns a camera now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The camera.
    pub camera: CameraId,
    /// Its owner, whose session may have ended; nobody when it was given back.
    pub owner: Option<SessionId>,
    /// The number of the lease.
    pub fence: u64,
}

/// What an instance learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What became of its session.
    pub standing: Standing,
    /// Names the memory of the store: another era, and what it held before may be lost.
    pub era: String,
    /// Whether the era is so new that nobody gets a camera, because somebody may still have it
    /// open from before.
    pub settling: bool,
    /// Whether `owned` tells of all leases, not of those that changed.
    pub all: bool,
    /// The last change told of in `owned`.
    pub seq: u64,
    /// Whether there is more to tell.
    pub more: bool,
    /// Names the state of the camera list: another one, and it is worth reading.
    pub list: String,
    /// Counts what owners have reported: another number, and it is worth reading.
    pub reports: u64,
    /// The instances whose sessions live.
    pub members: Vec<(SessionId, Member)>,
    /// The leases that changed.
    pub owned: Vec<Owned>,
}
