//! One instance's part in the cluster, without any I/O: what it tells the store next, what follows
//! from the answer, and for each camera whether it may be open here now. Every question is asked
//! with the time, so that nothing outlasts its lease only because nobody looked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use fanlight_engine::CameraId;

use crate::clock::Moment;
use crate::exchange::{Beat, Member, Owned, Release, Seen, SessionId, Standing};
use crate::lease::{CLOSING, LAST_RESORT, Lease, MARGIN, Session, TTL};
use crate::placement::{Place, place};

/// From one beat to the next. Well below a third of the [`TTL`], as the same beat brings news of
/// the others: a takeover and a change of the list wait for it.
pub const BEAT: Duration = Duration::from_millis(500);
/// From one beat to the next while there is work to do.
const BUSY: Duration = Duration::from_millis(100);
/// The most cameras asked for in one beat, so that it stays short.
const BATCH: usize = 500;
/// While nothing is wrong, this part of an instance's cameras is moved at a time, so that most
/// pictures stand still at no time.
const MOVING: usize = 10;

/// Where a camera is to be open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Here.
    Here,
    /// At another instance.
    There(Member),
    /// Nowhere now.
    Nobody(Why),
}

/// Why a camera is nowhere open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The store has not answered for too long.
    OutOfTouch,
    /// Another instance has this instance's name.
    NameTaken,
    /// All instances have as many cameras as they take.
    Full,
    /// Its next owner is about to open it.
    Changing,
}

/// The state of one instance.
#[derive(Debug)]
pub struct Coordinator {
    me: Member,
    /// Makes session ids; the first part of them is the name.
    sessions: Sessions,
    phase: Phase,
    leases: BTreeMap<CameraId, Lease>,
    cameras: Arc<BTreeSet<CameraId>>,
    members: BTreeMap<SessionId, Member>,
    owners: HashMap<CameraId, SessionId>,
    /// Each camera's place by name; worked out anew when its grounds changed.
    places: HashMap<CameraId, String>,
    replace: bool,
    era: String,
    seen: u64,
    /// Whether there is more to learn than one answer held.
    is_behind: bool,
    list: String,
    /// When the last beat that was answered was sent.
    fresh: Option<Moment>,
    next_beat: Moment,
    standing: Standing,
    /// Counts changes of what [`Coordinator::verdict`] would say.
    version: u64,
}

/// Gives every session a name of its own.
#[derive(Debug)]
struct Sessions {
    name: String,
    /// Unlike that of any other process with this name.
    nonce: u64,
    count: u64,
}

impl Sessions {
    fn next(&mut self) -> SessionId {
        self.count += 1;
        SessionId::from(format!("{}#{:016x}-{}", self.name, self.nonce, self.count).as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// A session is to be opened, not before everything of the one before is surely closed.
    Opening {
        session: SessionId,
        former: Option<SessionId>,
        not_before: Moment,
    },
    Open(Session),
    /// It has left for good.
    Left,
}

impl Coordinator {
    /// An instance that has not asked for anything yet. The nonce is random.
    pub fn new(me: Member, nonce: u64) -> Self {
        let mut sessions = Sessions { name: me.name.clone(), nonce, count: 0 };
        let phase =
            Phase::Opening { session: sessions.next(), former: None, not_before: Moment::ZERO };
        Self {
            me,
            sessions,
            phase,
            leases: BTreeMap::new(),
            cameras: Arc::default(),
            members: BTreeMap::new(),
            owners: HashMap::new(),
            places: HashMap::new(),
            replace: false,
            era: String::new(),
            seen: 0,
            is_behind: false,
            list: String::new(),
            fresh: None,
            next_beat: Moment::ZERO,
            standing: Standing::Alive,
            version: 0,
        }
    }

    /// The cameras of the list, as this instance knows it.
    pub fn know(&mut self, cameras: Arc<BTreeSet<CameraId>>) {
        if self.cameras != cameras {
            self.cameras = cameras;
            self.replace = true;
            self.version += 1;
        }
    }

    /// This instance is about to end: its cameras go to the others.
    pub fn drain(&mut self) {
        self.me.draining = true;
        self.next_beat = Moment::ZERO;
    }

    /// Everything is closed here, and nothing will be opened any more. The last words to the store.
    pub fn leave(&mut self) -> Option<Beat> {
        let session = match std::mem::replace(&mut self.phase, Phase::Left) {
            Phase::Open(session) => session.id().clone(),
            Phase::Opening { former: Some(former), .. } => former,
            Phase::Opening { session, .. } => session,
            Phase::Left => return None,
        };
        // At once to those who come next, where that is known.
        let successors = self.successors();
        let release = std::mem::take(&mut self.leases)
            .into_iter()
            .map(|(camera, lease)| Release {
                successor: successors.get(&camera).cloned(),
                fence: lease.fence(),
                camera,
            })
            .collect();
        self.version += 1;
        Some(Beat { release, former: Some(session.clone()), ..self.bare(session) })
    }

    /// When [`Coordinator::beat`] has something to tell.
    pub fn next_beat(&self) -> Moment {
        self.next_beat
    }

    /// Whether this changed, [`Coordinator::verdict`] may have.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// This instance's name.
    pub fn name(&self) -> &str {
        &self.me.name
    }

    /// Names the state of the camera list in the store.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// What became of the session at the last beat.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The cameras that may be open here now.
    pub fn held(&self, now: Moment) -> impl Iterator<Item = &CameraId> {
        let lasts = matches!(&self.phase, Phase::Open(session) if session.lasts(now));
        self.leases
            .iter()
            .filter(move |(_, lease)| lasts && lease.is_held(now))
            .map(|(camera, _)| camera)
    }

    /// How many cameras are leased to this instance.
    pub fn leased(&self) -> usize {
        self.leases.len()
    }

    /// Whether another instance lives that could take cameras.
    pub fn has_successors(&self) -> bool {
        self.members.values().any(|member| member.name != self.me.name && !member.draining)
    }

    /// How long ago the last beat that was answered was sent.
    pub fn silence(&self, now: Moment) -> Option<Duration> {
        self.fresh.map(|fresh| now.saturating_sub(fresh))
    }

    /// Gives up what time has ended. To be called before anything else is done with the time.
    pub fn expire(&mut self, now: Moment) {
        let Phase::Open(session) = &self.phase else { return };
        if session.lasts(now) {
            let before = self.leases.len();
            self.leases
                .retain(|_, lease| !matches!(lease, Lease::Held { .. }) || lease.is_held(now));
            if self.leases.len() != before {
                self.version += 1;
            }
            return;
        }
        let (former, closed) = (Some(session.id().clone()), session.gives_up() + MARGIN);
        self.renounce(former, closed);
    }

    /// The session is over, and with it everything that was leased.
    fn renounce(&mut self, former: Option<SessionId>, not_before: Moment) {
        self.leases.clear();
        self.phase = Phase::Opening { session: self.sessions.next(), former, not_before };
        self.next_beat = not_before;
        self.version += 1;
    }

    /// When something ends if nothing is heard until then.
    pub fn next_end(&self) -> Option<Moment> {
        let Phase::Open(session) = &self.phase else { return None };
        let doubts = self.leases.values().filter_map(|lease| match lease {
            Lease::Held { unconfirmed, .. } => *unconfirmed,
            Lease::Closing { .. } => None,
        });
        doubts.chain([session.gives_up()]).min()
    }

    /// When this process has to end if it is still as it is now: others may open its cameras soon
    /// after. None while no camera can be open here.
    pub fn last_resort(&self, now: Moment) -> Option<Moment> {
        match &self.phase {
            Phase::Open(session) if !self.leases.is_empty() => Some(session.last_resort()),
            // They were given up a moment ago, and are being closed.
            Phase::Opening { former: Some(_), not_before: ended, .. }
                if now + MARGIN < *ended + CLOSING =>
            {
                Some(ended.saturating_sub(LAST_RESORT))
            }
            Phase::Open(_) | Phase::Opening { .. } | Phase::Left => None,
        }
    }

    fn bare(&self, session: SessionId) -> Beat {
        Beat {
            member: self.me.clone(),
            session,
            opening: false,
            former: None,
            era: self.era.clone(),
            seen: self.seen,
            release: Vec::new(),
            claim: Vec::new(),
            acquire: Vec::new(),
        }
    }

    /// What to tell the store now. One beat is under way at a time; its answer or failure comes
    /// before the next.
    pub fn beat(&mut self, now: Moment) -> Option<Beat> {
        self.expire(now);
        self.next_beat = now + BEAT;
        match &self.phase {
            Phase::Left => None,
            Phase::Opening { not_before, .. } if now < *not_before => {
                self.next_beat = *not_before;
                None
            }
            Phase::Opening { session, former, .. } => {
                let (session, former) = (session.clone(), former.clone());
                Some(Beat { opening: true, former, ..self.bare(session) })
            }
            Phase::Open(session) => {
                let session = session.id().clone();
                self.rearrange(now);
                let release = self
                    .leases
                    .iter()
                    .filter(|(_, lease)| lease.is_closed(now))
                    .take(BATCH)
                    .map(|(camera, lease)| Release {
                        camera: camera.clone(),
                        fence: lease.fence(),
                        successor: match lease {
                            Lease::Closing { successor, .. } => successor.clone(),
                            Lease::Held { .. } => None,
                        },
                    })
                    .collect();
                let claim = self
                    .leases
                    .iter()
                    .filter(|(_, lease)| matches!(lease, Lease::Held { unconfirmed: Some(_), .. }))
                    .take(BATCH)
                    .map(|(camera, lease)| (camera.clone(), lease.fence()))
                    .collect();
                let acquire = self.wanted();
                Some(Beat { release, claim, acquire, ..self.bare(session) })
            }
        }
    }

    /// Cameras that are to be here, and that nobody owns.
    fn wanted(&self) -> Vec<CameraId> {
        // What it has not heard of yet may well be another's.
        if self.me.draining || self.is_behind {
            return Vec::new();
        }
        let room = (self.me.capacity as usize).saturating_sub(self.leases.len());
        self.places
            .iter()
            .filter(|(id, at)| **at == self.me.name && !self.leases.contains_key(*id))
            .filter(|(id, _)| self.owner(id).is_none())
            .map(|(id, _)| id.clone())
            .take(room.min(BATCH))
            .collect()
    }

    /// The owner whose session lives.
    fn owner(&self, camera: &CameraId) -> Option<&Member> {
        self.members.get(self.owners.get(camera)?)
    }

    /// Begins to close what is to be elsewhere.
    fn rearrange(&mut self, now: Moment) {
        self.replace();
        let successors = self.successors();
        let closing = self.leases.values().filter(|lease| !lease.is_held(now)).count();
        let pace = if self.me.draining {
            usize::MAX
        } else {
            self.leases.len().div_ceil(MOVING).max(4).saturating_sub(closing)
        };
        let mut moved = 0;
        for (camera, lease) in &mut self.leases {
            let listed = self.cameras.contains(camera);
            let successor = successors.get(camera);
            let hands_over = listed && successor.is_some() && moved < pace;
            if lease.is_held(now) && (!listed || hands_over) {
                lease.close(now, successor.cloned());
                moved += 1;
            }
        }
        if moved > 0 {
            self.version += 1;
        }
        let closed = self.leases.values().filter_map(|lease| match lease {
            Lease::Closing { since, .. } => Some(*since + CLOSING),
            Lease::Held { .. } => None,
        });
        if let Some(closed) = closed.filter(|closed| *closed > now).min() {
            self.next_beat = self.next_beat.min(closed.max(now + BUSY));
        }
    }

    /// Whose each of this instance's cameras is to be, where it is to be another's.
    fn successors(&self) -> HashMap<CameraId, SessionId> {
        let sessions: HashMap<&str, &SessionId> =
            self.members.iter().map(|(id, member)| (member.name.as_str(), id)).collect();
        self.leases
            .keys()
            .filter_map(|camera| {
                let at = self.places.get(camera).filter(|at| **at != self.me.name)?;
                Some((camera.clone(), (*sessions.get(at.as_str())?).clone()))
            })
            .collect()
    }

    /// Works out where each camera belongs, if anything changed.
    fn replace(&mut self) {
        if !std::mem::take(&mut self.replace) {
            return;
        }
        let mut open: Vec<Place> = self
            .members
            .values()
            .filter(|member| !member.draining)
            .map(|member| Place { name: member.name.clone(), capacity: member.capacity })
            .collect();
        open.sort_by(|a, b| a.name.cmp(&b.name));
        let cameras: Vec<CameraId> = self.cameras.iter().cloned().collect();
        self.places = place(&cameras, &open)
            .into_iter()
            .map(|(camera, at)| (camera, open[at].name.clone()))
            .collect();
        self.version += 1;
    }

    /// The beat that was sent at `sent` was answered.
    pub fn answered(&mut self, sent: Moment, now: Moment, beat: &Beat, seen: Seen) {
        self.expire(now);
        let current = match &self.phase {
            Phase::Opening { session, .. } => session.clone(),
            Phase::Open(session) => session.id().clone(),
            Phase::Left => return,
        };
        if current != beat.session {
            // Time ended that session while the answer was under way.
            return;
        }
        self.standing = seen.standing;
        self.list = seen.list;
        match (seen.standing, &mut self.phase) {
            (Standing::Alive, Phase::Opening { session, .. }) => {
                self.phase = Phase::Open(Session::opened(session.clone(), sent));
                self.replace = true;
                self.version += 1;
            }
            (Standing::Alive, Phase::Open(session)) => {
                if !self.era.is_empty() && seen.era != self.era {
                    // Before the renewal: what the new memory does not know of ends by the old one.
                    let until = session.gives_up();
                    self.leases.values_mut().for_each(|lease| lease.doubt(until));
                    self.next_beat = now;
                }
                session.renewed(sent);
            }
            (Standing::Ended | Standing::NameTaken, Phase::Open(_)) => self.renounce(None, now),
            (_, _) => {}
        }
        self.fresh = Some(sent);
        self.take_members(seen.members);
        if seen.all {
            self.owners.clear();
        }
        self.era = seen.era;
        self.seen = seen.seq;
        self.is_behind = seen.more;
        self.take_owners(now, beat, seen.owned, seen.settling);
        // Time may have ended the session between its renewal and now.
        self.expire(now);
        self.replace();
        let open = matches!(self.phase, Phase::Open(_));
        if seen.more || open && !self.wanted().is_empty() {
            self.next_beat = self.next_beat.min(now + BUSY);
        }
    }

    fn take_members(&mut self, members: Vec<(SessionId, Member)>) {
        let members = members.into_iter().collect();
        if self.members != members {
            self.members = members;
            self.replace = true;
            self.version += 1;
        }
    }

    fn take_owners(&mut self, now: Moment, beat: &Beat, news: Vec<Owned>, settling: bool) {
        // What was given back is no longer ours, whether the store tells of it or not.
        for release in &beat.release {
            if self.leases.get(&release.camera).is_some_and(|l| l.fence() == release.fence) {
                self.leases.remove(&release.camera);
                self.version += 1;
            }
        }
        let mine = match &self.phase {
            Phase::Open(session) => Some(session.id().clone()),
            Phase::Opening { .. } | Phase::Left => None,
        };
        for Owned { camera, owner, fence } in news {
            self.version += 1;
            if mine.is_some() && owner == mine {
                self.granted(now, camera.clone(), fence, settling);
            } else {
                self.leases.remove(&camera);
            }
            match owner {
                Some(owner) => drop(self.owners.insert(camera, owner)),
                None => drop(self.owners.remove(&camera)),
            }
        }
    }

    /// The store says that a camera is leased to this session.
    fn granted(&mut self, now: Moment, camera: CameraId, fence: u64, settling: bool) {
        match self.leases.get_mut(&camera) {
            Some(Lease::Closing { fence: old, .. }) => *old = fence,
            // A store that went back in time tells of a lease that was given on since.
            None if settling => {
                let mut lease = Lease::held(fence);
                lease.close(now, None);
                self.leases.insert(camera, lease);
            }
            // Where it is not to be here any more, the next beat begins to close it.
            _ => drop(self.leases.insert(camera, Lease::held(fence))),
        }
    }

    /// A beat was not answered in time, or with an error.
    pub fn failed(&mut self, now: Moment) {
        self.expire(now);
        self.next_beat = now + BEAT;
    }

    /// Where a camera is to be open now.
    pub fn verdict(&self, camera: &CameraId, now: Moment) -> Verdict {
        if let Phase::Open(session) = &self.phase
            && session.lasts(now)
            && self.leases.get(camera).is_some_and(|lease| lease.is_held(now))
        {
            return Verdict::Here;
        }
        if self.standing == Standing::NameTaken {
            return Verdict::Nobody(Why::NameTaken);
        }
        if self.silence(now).is_none_or(|silence| silence >= TTL) {
            return Verdict::Nobody(Why::OutOfTouch);
        }
        match self.owner(camera) {
            Some(owner) if owner.name != self.me.name => Verdict::There(owner.clone()),
            None if !self.places.contains_key(camera) && self.cameras.contains(camera) => {
                Verdict::Nobody(Why::Full)
            }
            _ => Verdict::Nobody(Why::Changing),
        }
    }
}
