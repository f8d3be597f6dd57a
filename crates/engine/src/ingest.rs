//! A stream's single live session: with the camera, or with the instance that has the camera open.
//! [`Ingest::run`] is the one loop that opens it when it is wanted and retries it, and the only
//! writer of the stream's status; [`Ingest::run_once`] is one session.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::backoff;
use crate::error::{Error, ErrorKind, Result};
use crate::freeze::Freeze;
use crate::owner_report::OwnerReport;
use crate::ownership::{Hold, Peer};
use crate::packet::AccessUnit;
use crate::packet_feed::PacketFeed;
use crate::pause::Pause;
use crate::peer;
use crate::source::{self, Numbering, Place, Relay, Route, Source, SourceConfig, Told, Tools};
use crate::status::{Fault, State, Status};

/// A session without a packet for this long is given up.
const STALL: Duration = Duration::from_secs(5);
/// A camera that was just connected may take longer: some wake up first.
const FIRST_PACKET: Duration = Duration::from_secs(20);
/// A stream that showed no place to begin for this long begins anywhere: its picture heals as it
/// goes on. Longer than the keyframe interval of almost every camera.
const NO_KEYFRAME: Duration = Duration::from_secs(12);
/// How long an unread stream stays connected to the instance that has its camera open. Coming back
/// costs little there.
const LEAVE_OWNER_AFTER: Duration = Duration::from_secs(1);

/// How a stream is to be run, which may change while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Orders {
    pub(crate) source: SourceConfig,
    /// Connected even while nobody reads it.
    pub(crate) always: bool,
    /// How long an unread stream stays connected otherwise.
    pub(crate) leave_after: Duration,
    /// Counts the times that someone asked to connect anew.
    pub(crate) restarts: u64,
}

impl Orders {
    fn same_session(&self, other: &Self) -> bool {
        self.source == other.source && self.restarts == other.restarts
    }
}

/// What a session goes by.
#[derive(Clone)]
struct Assignment {
    orders: Orders,
    /// Where the camera's connection is to be.
    hold: Hold,
}

impl Assignment {
    fn same_session(&self, other: &Self) -> bool {
        self.hold == other.hold && self.orders.same_session(&other.orders)
    }

    /// Whether a stream that so many read is to be connected.
    fn is_wanted(&self, readers: usize) -> bool {
        match self.hold {
            Hold::Here => self.orders.always || readers > 0,
            // That it is always connected is the owner's business.
            Hold::There(_) => readers > 0,
            Hold::Nobody(_) => false,
        }
    }

    /// How long it stays connected when nobody reads it any more.
    fn leave_after(&self) -> Duration {
        match self.hold {
            Hold::There(_) => self.orders.leave_after.min(LEAVE_OWNER_AFTER),
            _ => self.orders.leave_after,
        }
    }

    /// How the stream is while it is not to be connected here, where its owner tells this.
    fn unwanted(&self, told: Option<&OwnerReport>) -> Status {
        match (&self.hold, told) {
            (Hold::Nobody(why), _) => Status::held_by_nobody(why),
            (Hold::There(_), Some(report)) => report.status.clone(),
            _ => Status::stopped(),
        }
    }
}

/// What former sessions have taught.
#[derive(Default)]
struct Memory {
    route: Route,
    numbering: Numbering,
}

/// What one stream's ingest works with.
pub(crate) struct Ingest {
    pub(crate) place: Place,
    /// Follows which instance has the camera open.
    pub(crate) hold: watch::Receiver<Hold>,
    /// Follows what the instance that has it open tells of this stream.
    pub(crate) reports: watch::Receiver<Option<OwnerReport>>,
    pub(crate) orders: watch::Receiver<Orders>,
    /// How many read the stream.
    pub(crate) readers: watch::Receiver<usize>,
    pub(crate) feed: Arc<PacketFeed>,
    pub(crate) freeze: Arc<Freeze>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) tools: Arc<Tools>,
    pub(crate) pause: Arc<Pause>,
    /// Follows it.
    pub(crate) paused: watch::Receiver<Option<Timestamp>>,
    /// Tells whoever shows the cameras that something changed.
    pub(crate) changes: watch::Sender<u64>,
}

/// Why a stream has to be left although nothing is wrong with it.
enum Dismissal {
    /// Nobody has read it for long enough, or all cameras are paused.
    Unwanted,
    /// Someone wants another session, or it is another instance's now.
    NewOrders,
}

/// The wait after a failure.
struct Rest {
    error: Error,
    attempt: u32,
    until: Instant,
}

impl Ingest {
    /// Keeps the session alive while it is wanted, until cancelled.
    pub(crate) async fn run(mut self, cancelled: CancellationToken) {
        let _ = cancelled.clone().run_until_cancelled(self.supervise()).await;
        self.feed.end_session(false);
        self.update(|status| status.enter(State::Stopped));
    }

    async fn supervise(&mut self) {
        let mut attempt = 0;
        let mut last_online: Option<Instant> = None;
        let mut memory = Memory::default();
        let mut rest: Option<Rest> = None;
        // Whether the camera refused the password and has not been online since.
        let mut refused = false;
        loop {
            let before = self.assignment();
            if self.pause.is_on() || !before.is_wanted(*self.readers.borrow()) {
                last_online = None;
                // A camera that refused the password is not asked again before its time, however
                // often somebody comes by.
                rest = rest.filter(|rest| rest.error.kind() == ErrorKind::AuthFailed);
                if !refused {
                    attempt = 0;
                }
                self.wanted().await;
                if !self.assignment().same_session(&before) {
                    (attempt, rest, refused) = (0, None, false);
                    memory.route.forget();
                }
                self.update(|status| *status = Status::connecting());
            }
            let running = self.assignment();
            let dismissed = self.signals().dismissed(&running);
            let dismissal = if let Some(pending) = &rest {
                self.resting(pending);
                tokio::select! {
                    () = tokio::time::sleep_until(pending.until) => {
                        rest = None;
                        self.update(|status| status.next_try = None);
                        continue;
                    }
                    dismissal = dismissed => dismissal,
                }
            } else {
                let opened = Instant::now();
                let ended = tokio::select! {
                    error = self.run_once(&running, &mut memory) => Err(error),
                    dismissal = dismissed => Ok(dismissal),
                };
                self.feed.end_session(ended.is_err());
                self.freeze.reset();
                match ended {
                    Ok(dismissal) => dismissal,
                    Err(error) => {
                        let relayed = running.hold != Hold::Here;
                        if !relayed {
                            memory.route.learn(&error, opened.elapsed());
                        }
                        if self.is_online() {
                            last_online = Some(Instant::now());
                            attempt = 0;
                            refused = false;
                        }
                        attempt += 1;
                        refused |= !relayed && error.kind() == ErrorKind::AuthFailed;
                        let offline = last_online.map(|at| at.elapsed());
                        let wait = if relayed {
                            backoff::relayed(attempt, fastrand::f64())
                        } else {
                            backoff::delay(error.kind(), attempt, offline, fastrand::f64())
                        };
                        tracing::warn!(code = error.kind().code(), attempt, ?wait, "{error}");
                        rest = Some(Rest { error, attempt, until: Instant::now() + wait });
                        continue;
                    }
                }
            };
            if let Dismissal::NewOrders = dismissal {
                (attempt, last_online, rest, refused) = (0, None, None, false);
                memory.route.forget();
                self.update(|status| *status = Status::connecting());
            }
        }
    }

    fn assignment(&self) -> Assignment {
        Assignment { orders: self.orders.borrow().clone(), hold: self.hold.borrow().clone() }
    }

    fn signals(&self) -> Signals {
        Signals {
            orders: self.orders.clone(),
            hold: self.hold.clone(),
            reports: self.reports.clone(),
            readers: self.readers.clone(),
            paused: self.paused.clone(),
        }
    }

    /// Waits until somebody wants this stream, and it is its turn after a pause.
    async fn wanted(&self) {
        let mut was_paused = false;
        let mut signals = self.signals();
        loop {
            let paused = signals.paused.borrow_and_update().is_some();
            let (assignment, readers) = signals.look();
            if !paused && assignment.is_wanted(readers) {
                if !was_paused {
                    return;
                }
                self.show(Status::connecting());
                tokio::select! {
                    () = tokio::time::sleep(self.pause.turn()) => was_paused = false,
                    Ok(()) = signals.paused.changed() => {}
                }
                continue;
            }
            was_paused = paused;
            let told = signals.reports.borrow_and_update().clone();
            self.show(if paused { Status::paused() } else { assignment.unwanted(told.as_ref()) });
            signals.changed().await;
        }
    }

    /// Shows this status, unless it says the same for longer already.
    fn show(&self, wanted: Status) {
        let is_news = {
            let status = self.status.borrow();
            (status.state, &status.fault) != (wanted.state, &wanted.fault)
        };
        if is_news {
            self.update(|status| *status = wanted);
        }
    }

    /// One session, from connecting to its end.
    async fn run_once(&self, assignment: &Assignment, memory: &mut Memory) -> Error {
        let Memory { route, numbering } = memory;
        let ended = match &assignment.hold {
            Hold::Here => {
                numbering.forget();
                match source::open(&assignment.orders.source, route, &self.tools).await {
                    Ok(opened) => self.follow(opened).await,
                    Err(error) => Err(error),
                }
            }
            Hold::There(owner) => self.relay(owner, numbering).await,
            Hold::Nobody(why) => Err(why.clone()),
        };
        match ended {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    /// Moves packets from the instance that has the camera open into the feed, and shows how the
    /// camera is there, until the session ends.
    async fn relay(
        &self,
        owner: &Peer,
        numbering: &mut Numbering,
    ) -> Result<std::convert::Infallible> {
        let (known, next) = (self.feed.stream(), self.feed.next_sequence());
        let introduction = &self.tools.introduction;
        let opening = Relay::open(owner, &self.place, introduction, known, *numbering, next);
        let mut relay = opening.await?;
        self.update(|status| status.session = Some(Relay::session()));
        loop {
            let told = timeout(STALL, relay.next()).await.map_err(|_| {
                peer::unreachable(
                    &owner.name,
                    &format!("it said nothing for {} s", STALL.as_secs()),
                )
            })??;
            match told {
                Told::Unit(unit) => {
                    *numbering = relay.numbering();
                    self.take(unit);
                }
                Told::Status(status) => self.mirror(&status),
            }
        }
    }

    /// Shows how the camera is at the instance that has it open.
    fn mirror(&self, owners: &Status) {
        // Its packets are the proof of that.
        if owners.state == State::Online {
            return;
        }
        if self.is_online() {
            self.feed.end_session(true);
            self.freeze.reset();
        }
        // It was not asked for the stream before.
        let state = if owners.state == State::Stopped { State::Connecting } else { owners.state };
        let is_news = {
            let ours = self.status.borrow();
            (ours.state, &ours.fault, ours.attempt, ours.next_try)
                != (state, &owners.fault, owners.attempt, owners.next_try)
        };
        if is_news {
            self.update(|status| {
                status.enter(state);
                status.fault.clone_from(&owners.fault);
                (status.attempt, status.next_try) = (owners.attempt, owners.next_try);
            });
        }
    }

    /// Moves packets from the source into the feed until the session ends.
    async fn follow(&self, mut source: impl Source) -> Result<std::convert::Infallible> {
        let session = source.session();
        self.update(|status| status.session = Some(session));
        let mut starts = Starts::new(Instant::now());
        let mut patience = FIRST_PACKET;
        loop {
            let mut unit = timeout(patience, source.next()).await.map_err(|_| {
                Error::new(
                    ErrorKind::Stalled,
                    format!(
                        "the camera is connected but sent no picture for {} s",
                        patience.as_secs()
                    ),
                )
            })??;
            patience = STALL;
            unit.keyframe = starts.at(unit.keyframe, Instant::now());
            self.take(unit);
        }
    }

    /// Puts an access unit into the feed.
    fn take(&self, unit: AccessUnit) {
        self.freeze.packet(&unit);
        let stream = Arc::clone(&unit.stream);
        self.feed.push(unit);
        if !self.is_online() {
            tracing::info!(
                codec = stream.codec.name(),
                width = stream.width,
                height = stream.height,
                "online"
            );
            self.update(|status| {
                status.enter(State::Online);
                status.fault = None;
                status.attempt = 0;
                status.next_try = None;
            });
        }
    }

    fn is_online(&self) -> bool {
        self.status.borrow().state == State::Online
    }

    fn resting(&self, rest: &Rest) {
        let Rest { error, attempt, until } = rest;
        let wait = until.saturating_duration_since(Instant::now());
        self.update(|status| {
            status.enter(State::after(error.kind()));
            status.fault = Some(Fault::from(error));
            status.attempt = *attempt;
            status.next_try = Some(Timestamp::now() + wait);
        });
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_modify(change);
        self.changes.send_modify(|version| *version += 1);
    }
}

/// Whatever may change what a stream's ingest has to do.
#[derive(Clone)]
struct Signals {
    orders: watch::Receiver<Orders>,
    hold: watch::Receiver<Hold>,
    reports: watch::Receiver<Option<OwnerReport>>,
    readers: watch::Receiver<usize>,
    paused: watch::Receiver<Option<Timestamp>>,
}

impl Signals {
    /// What is to be done, and how many read.
    fn look(&mut self) -> (Assignment, usize) {
        let orders = self.orders.borrow_and_update().clone();
        let hold = self.hold.borrow_and_update().clone();
        (Assignment { orders, hold }, *self.readers.borrow_and_update())
    }

    /// Waits until one of them changes. Their senders live in the stream, but for those of the hold
    /// and the reports, which may be for good; once they are gone, so is this.
    async fn changed(&mut self) {
        tokio::select! {
            Ok(()) = self.orders.changed() => {}
            Ok(()) = self.hold.changed() => {}
            Ok(()) = self.reports.changed() => {}
            Ok(()) = self.readers.changed() => {}
            Ok(()) = self.paused.changed() => {}
            else => std::future::pending().await,
        }
    }

    /// Waits until the session that follows `running` has to end although nothing is wrong with it.
    async fn dismissed(mut self, running: &Assignment) -> Dismissal {
        loop {
            if self.paused.borrow_and_update().is_some() {
                return Dismissal::Unwanted;
            }
            let (assignment, readers) = self.look();
            if !assignment.same_session(running) {
                return Dismissal::NewOrders;
            }
            let unread_for = (!assignment.is_wanted(readers)).then_some(assignment.leave_after());
            let unwanted = async {
                match unread_for {
                    Some(unread_for) => tokio::time::sleep(unread_for).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = unwanted => return Dismissal::Unwanted,
                () = self.changed() => {}
            }
        }
    }
}

/// Decides where readers may begin.
struct Starts {
    /// When the last place to begin came by, or the session began.
    last: Instant,
    /// Whether the camera shows such places itself.
    regular: bool,
}

impl Starts {
    fn new(now: Instant) -> Self {
        Self { last: now, regular: false }
    }

    fn at(&mut self, keyframe: bool, now: Instant) -> bool {
        self.regular |= keyframe;
        let desperate = !self.regular && now.duration_since(self.last) >= NO_KEYFRAME;
        if keyframe || desperate {
            self.last = now;
        }
        keyframe || desperate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which readers may begin, of a packet a second.
    fn starts(keyframes: &[u64]) -> Vec<u64> {
        let began = Instant::now();
        let mut starts = Starts::new(began);
        let at = |second: &u64| {
            starts.at(keyframes.contains(second), began + Duration::from_secs(*second))
        };
        (0..60).filter(at).collect()
    }

    #[test]
    fn readers_begin_at_keyframes() {
        assert_eq!(starts(&[3, 40]), [3, 40]);
    }

    #[test]
    fn without_keyframes_they_begin_now_and_then() {
        assert_eq!(starts(&[]), [12, 24, 36, 48]);
        assert_eq!(starts(&[20]), [12, 20]);
    }
}
