//! The shared state in Redis. Everything that must not be half done is a script; keys share one
//! prefix in braces, so that they stay together wherever Redis keeps them.

mod address;
mod link;
mod reports;

use std::collections::HashMap;
use std::sync::LazyLock;

use fanlight_engine::{CameraId, Error, ErrorKind, Result};
use redis::Script;
use serde::Serialize;

pub use address::Address;
pub(crate) use reports::{Heard, Reports};

use crate::exchange::{Beat, Member, Owned, Seen, SessionId, Standing};
use crate::lease::TTL;
use link::Link;

static BEAT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/beat.lua")));
static PUT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/put.lua")));
static RESTORE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/restore.lua")));

/// Cameras in one call, so that none takes long.
const CHUNK: usize = 500;

/// The names of all keys.
#[derive(Debug, Clone)]
struct Keys {
    sessions: String,
    members: String,
    leases: String,
    changes: String,
    counters: String,
    list: String,
    cameras: String,
    versions: String,
    reports: String,
    report_changes: String,
    report_counters: String,
}

impl Keys {
    fn new(prefix: &str) -> Self {
        let key = |name: &str| format!("{{{prefix}}}:{name}");
        Self {
            sessions: key("sessions"),
            members: key("members"),
            leases: key("leases"),
            changes: key("changes"),
            counters: key("counters"),
            list: key("list"),
            cameras: key("cameras"),
            versions: key("versions"),
            reports: key("reports"),
            report_changes: key("report-changes"),
            report_counters: key("report-counters"),
        }
    }
}

/// Leases and instances in Redis.
#[derive(Debug)]
pub struct Leases {
    link: Link,
    keys: Keys,
}

/// A beat as the script reads it.
#[derive(Serialize)]
struct Told<'a> {
    name: &'a str,
    member: String,
    session: &'a str,
    opening: bool,
    leaving: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    former: Option<&'a str>,
    ttl: u64,
    era: &'a str,
    seen: u64,
    release: Vec<(&'a str, u64, &'a str)>,
    claim: Vec<(&'a str, u64)>,
    acquire: Vec<&'a str>,
}

impl<'a> Told<'a> {
    fn new(beat: &'a Beat) -> Self {
        let leaving = beat.is_leaving();
        let release = beat.release.iter().map(|release| {
            let successor = release.successor.as_ref().map_or("", SessionId::as_str);
            (release.camera.as_str(), release.fence, successor)
        });
        Self {
            name: &beat.member.name,
            member: serde_json::to_string(&beat.member).expect("texts and numbers are JSON"),
            session: beat.session.as_str(),
            opening: beat.opening,
            leaving,
            former: beat.former.as_ref().filter(|_| !leaving).map(SessionId::as_str),
            ttl: TTL.as_millis() as u64,
            era: &beat.era,
            seen: beat.seen,
            release: release.collect(),
            claim: beat.claim.iter().map(|(camera, fence)| (camera.as_str(), *fence)).collect(),
            acquire: beat.acquire.iter().map(CameraId::as_str).collect(),
        }
    }
}

/// What the script answers, before it is understood.
type Answer = (String, String, u8, u8, u64, u8, String, u64, Vec<String>, Vec<String>);

impl Leases {
    /// Does not connect yet.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when TLS is asked for and not to be had.
    pub fn new(address: Address, prefix: &str) -> Result<Self> {
        Ok(Self { link: Link::new(address)?, keys: Keys::new(prefix) })
    }

    /// One beat.
    ///
    /// # Errors
    /// [`ErrorKind::SharedStateUnavailable`].
    pub async fn beat(&self, beat: &Beat) -> Result<Seen> {
        let told = serde_json::to_string(&Told::new(beat)).expect("texts and numbers are JSON");
        let keys = &self.keys;
        let answer: Answer = self
            .link
            .call(async |mut connection, run| {
                BEAT.key(&keys.sessions)
                    .key(&keys.members)
                    .key(&keys.leases)
                    .key(&keys.changes)
                    .key(&keys.counters)
                    .key(&keys.list)
                    .key(&keys.report_counters)
                    .arg(&told)
                    .arg(run)
                    .invoke_async(&mut connection)
                    .await
            })
            .await?;
        understood(answer)
    }
}

fn understood(answer: Answer) -> Result<Seen> {
    let foreign = |what: &str| {
        Error::new(
            ErrorKind::SharedStateUnavailable,
            format!("Redis holds {what} that this version of Fanlight does not understand"),
        )
    };
    let (standing, era, settling, all, seq, more, list, reports, members, owned) = answer;
    let standing = match standing.as_str() {
        "alive" => Standing::Alive,
        "ended" => Standing::Ended,
        "taken" => Standing::NameTaken,
        _ => return Err(foreign("an answer")),
    };
    let members = members
        .chunks_exact(2)
        .map(|pair| {
            let member: Member =
                serde_json::from_str(&pair[1]).map_err(|_| foreign("an instance"))?;
            Ok((SessionId::from(pair[0].as_str()), member))
        })
        .collect::<Result<_>>()?;
    let owned = owned
        .chunks_exact(3)
        .map(|lease| {
            Ok(Owned {
                camera: CameraId::parse(&lease[0])?,
                owner: Some(lease[1].as_str()).filter(|o| !o.is_empty()).map(SessionId::from),
                fence: lease[2].parse().map_err(|_| foreign("a lease"))?,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Seen {
        standing,
        era,
        settling: settling == 1,
        all: all == 1,
        seq,
        more: more == 1,
        list,
        reports,
        members,
        owned,
    })
}

/// The camera list in Redis, sealed as it comes.
#[derive(Debug)]
pub(crate) struct Sealed {
    link: Link,
    keys: Keys,
}

/// What the list is now, without its cameras.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Names the list: another one, and the list was lost and begun anew. None before the first.
    pub(crate) generation: Option<String>,
    /// Each camera's version.
    pub(crate) versions: HashMap<String, u64>,
}

impl Sealed {
    pub(crate) fn new(address: Address, prefix: &str) -> Result<Self> {
        Ok(Self { link: Link::new(address)?, keys: Keys::new(prefix) })
    }

    pub(crate) async fn contents(&self) -> Result<Contents> {
        let keys = &self.keys;
        let (generation, versions) = self
            .link
            .call(async |mut connection, _| {
                redis::pipe()
                    .atomic()
                    .cmd("HGET")
                    .arg(&keys.list)
                    .arg("generation")
                    .cmd("HGETALL")
                    .arg(&keys.versions)
                    .query_async(&mut connection)
                    .await
            })
            .await?;
        Ok(Contents { generation, versions })
    }

    /// Versions and entries of these cameras; those that are gone are missing.
    pub(crate) async fn entries(&self, ids: &[String]) -> Result<Vec<(String, u64, Vec<u8>)>> {
        let keys = &self.keys;
        let mut entries = Vec::with_capacity(ids.len());
        for ids in ids.chunks(CHUNK) {
            let (versions, sealed): (Vec<Option<u64>>, Vec<Option<Vec<u8>>>) = self
                .link
                .call(async |mut connection, _| {
                    redis::pipe()
                        .atomic()
                        .cmd("HMGET")
                        .arg(&keys.versions)
                        .arg(ids)
                        .cmd("HMGET")
                        .arg(&keys.cameras)
                        .arg(ids)
                        .query_async(&mut connection)
                        .await
                })
                .await?;
            for ((id, version), sealed) in ids.iter().zip(versions).zip(sealed) {
                if let (Some(version), Some(sealed)) = (version, sealed) {
                    entries.push((id.clone(), version, sealed));
                }
            }
        }
        Ok(entries)
    }

    /// Stores or, without an entry, removes a camera that is as it was at `version`, 0 for none;
    /// its version from then on.
    ///
    /// # Errors
    /// [`ErrorKind::ChangedElsewhere`] when it is not, [`ErrorKind::SharedStateUnavailable`].
    pub(crate) async fn put(&self, id: &str, version: u64, entry: Option<&[u8]>) -> Result<u64> {
        let keys = &self.keys;
        let stored: i64 = self
            .link
            .call(async |mut connection, _| {
                PUT.key(&keys.cameras)
                    .key(&keys.versions)
                    .key(&keys.list)
                    .key(&keys.reports)
                    .key(&keys.report_changes)
                    .key(&keys.report_counters)
                    .arg(id)
                    .arg(version)
                    .arg(entry.unwrap_or_default())
                    .invoke_async(&mut connection)
                    .await
            })
            .await?;
        u64::try_from(stored).map_err(|_| {
            Error::new(
                ErrorKind::ChangedElsewhere,
                format!("stream {id} was changed at another instance a moment ago; look at it and try again"),
            )
        })
    }

    /// Begins a list of this name where there is none, and adds these cameras to it, except those
    /// that are there. Returns whether the list was begun.
    pub(crate) async fn restore(
        &self,
        generation: &str,
        entries: &[(String, Vec<u8>)],
    ) -> Result<bool> {
        let keys = &self.keys;
        let mut begun = false;
        // Once at least: an empty list is one, too.
        for chunk in entries.chunks(CHUNK).chain(entries.is_empty().then_some(&[][..])) {
            let now: bool = self
                .link
                .call(async |mut connection, _| {
                    let mut call = RESTORE.key(&keys.cameras);
                    call.key(&keys.versions).key(&keys.list).arg(generation);
                    for (id, sealed) in chunk {
                        call.arg(id).arg(sealed.as_slice());
                    }
                    call.invoke_async(&mut connection).await
                })
                .await?;
            begun |= now;
        }
        Ok(begun)
    }
}
