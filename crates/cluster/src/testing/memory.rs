//! The rules of `redis/beat.lua`, in memory. A test holds the two against each other.

use std::collections::BTreeMap;

use fanlight_engine::CameraId;

use crate::clock::Moment;
use crate::exchange::{Beat, Member, Owned, Seen, SessionId, Standing};
use crate::lease::TTL;

/// The most changes told of in one answer.
const LIMIT: usize = 500;

/// A store with its memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    sessions: BTreeMap<SessionId, (Moment, Member)>,
    leases: BTreeMap<CameraId, (SessionId, u64)>,
    changes: BTreeMap<CameraId, u64>,
    seq: u64,
    fence: u64,
    era: Option<(u64, Moment)>,
}

impl Memory {
    /// One step at the store's own time, in the process with this number.
    pub(crate) fn beat(&mut self, run: u64, now: Moment, beat: &Beat) -> Seen {
        let since = match self.era {
            Some((known, since)) if known == run => since,
            _ => self.era.insert((run, now)).1,
        };
        let settling = now < since + TTL;
        let era = format!("{run}:{}", since.as_millis());
        self.sessions.retain(|_, (ends, _)| *ends > now);
        let leaving = beat.is_leaving();
        let mut standing = Standing::Alive;
        if leaving {
            standing = Standing::Ended;
        } else if beat.opening {
            if let Some(former) = &beat.former {
                self.sessions.remove(former);
            }
            let same = |(id, (_, member)): (&SessionId, &(Moment, Member))| {
                *id != beat.session && member.name == beat.member.name
            };
            if self.sessions.iter().any(same) {
                standing = Standing::NameTaken;
            }
        } else if !self.sessions.contains_key(&beat.session) && !settling {
            standing = Standing::Ended;
        }
        if standing == Standing::Alive {
            self.sessions.insert(beat.session.clone(), (now + TTL, beat.member.clone()));
        }
        if standing == Standing::Alive || leaving {
            for release in &beat.release {
                if self.leases.get(&release.camera) != Some(&(beat.session.clone(), release.fence))
                {
                    continue;
                }
                match &release.successor {
                    Some(next) if self.sessions.contains_key(next) && !settling => {
                        let fence = self.next_fence(now);
                        self.grant(&release.camera, next, fence);
                    }
                    _ => {
                        self.leases.remove(&release.camera);
                        self.changed(&release.camera);
                    }
                }
            }
        }
        if leaving {
            self.sessions.remove(&beat.session);
        } else if standing == Standing::Alive {
            for (camera, fence) in &beat.claim {
                let mine = match self.leases.get(camera) {
                    None => true,
                    Some((owner, current)) => *owner != beat.session && current < fence,
                };
                if mine {
                    self.fence = self.fence.max(*fence);
                    self.grant(camera, &beat.session, *fence);
                }
            }
            for camera in beat.acquire.iter().filter(|_| !settling) {
                let free = match self.leases.get(camera) {
                    None => true,
                    Some((owner, _)) => {
                        *owner != beat.session && !self.sessions.contains_key(owner)
                    }
                };
                if free {
                    let fence = self.next_fence(now);
                    self.grant(camera, &beat.session, fence);
                }
            }
        }
        let all = beat.era != era || beat.seen > self.seq;
        let from = if all { 0 } else { beat.seen };
        let mut told: Vec<(u64, &CameraId)> = self
            .changes
            .iter()
            .map(|(id, seq)| (*seq, id))
            .filter(|(seq, _)| *seq > from)
            .collect();
        told.sort_unstable();
        let more = told.len() >= LIMIT;
        told.truncate(LIMIT);
        let last = told.last().filter(|_| more).map_or(self.seq, |(seq, _)| *seq);
        let owned = told
            .into_iter()
            .map(|(_, camera)| {
                let lease = self.leases.get(camera);
                Owned {
                    camera: camera.clone(),
                    owner: lease.map(|(owner, _)| owner.clone()),
                    fence: lease.map_or(0, |(_, fence)| *fence),
                }
            })
            .collect();
        let members =
            self.sessions.iter().map(|(id, (_, member))| (id.clone(), member.clone())).collect();
        Seen {
            standing,
            era,
            settling,
            all,
            seq: last,
            more,
            list: String::new(),
            reports: 0,
            members,
            owned,
        }
    }

    fn next_fence(&mut self, now: Moment) -> u64 {
        self.fence = (self.fence + 1).max(now.as_millis() as u64);
        self.fence
    }

    fn grant(&mut self, camera: &CameraId, session: &SessionId, fence: u64) {
        self.leases.insert(camera.clone(), (session.clone(), fence));
        self.changed(camera);
    }

    fn changed(&mut self, camera: &CameraId) {
        self.seq += 1;
        self.changes.insert(camera.clone(), self.seq);
    }
}
