//! One instance in its cluster: a thread of its own that beats, so that no load elsewhere delays the
//! judgement of leases; what it decides is handed to the engine.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fanlight_engine::{CameraId, Engine, Error, ErrorKind, Hold, Ownership, Peer, Result};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::{Clock, Moment, SystemClock};
use crate::coordinator::{Coordinator, Verdict, Why};
use crate::exchange::{Beat, Member, Seen, Standing};
use crate::followers::Followers;
use crate::last_resort::LastResort;
use crate::redis::{Address, Leases, Reports, Sealed};
use crate::registry::RedisRegistry;
use crate::reports::Reporting;
use crate::seal::Seal;

/// The longest time between two looks at the clock: after a sleep of the whole machine, timers are
/// late by as much.
const LOOK: Duration = Duration::from_millis(100);
/// Without an answer for so long, something is wrong that is worth telling.
const WORRY: Duration = Duration::from_millis(1600);
/// How long a drained instance waits for its cameras to be taken over.
const DRAIN: Duration = Duration::from_secs(3);

/// How an instance takes part.
pub struct Settings {
    /// Where Redis is.
    pub redis: Address,
    /// Begins the names of all keys, so that several clusters can share a Redis.
    pub prefix: String,
    /// Seals the camera list.
    pub seal: Seal,
    /// The name of this instance, which no other has.
    pub name: String,
    /// Where the others reach its API.
    pub url: url::Url,
    /// How many cameras it opens at most.
    pub capacity: u32,
}

/// An instance that takes part.
pub struct Node {
    registry: Arc<RedisRegistry>,
    followers: Arc<Followers>,
    list: watch::Receiver<String>,
    orders: mpsc::UnboundedSender<Order>,
    /// Ended in the background, as it may be dropped in async code.
    runtime: Option<Runtime>,
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What is asked of the thread.
enum Order {
    Drain(oneshot::Sender<()>),
    Leave(oneshot::Sender<()>),
}

impl Node {
    /// Begins to take part. The session is opened in the background.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the system gives no thread, random numbers, or TLS.
    pub fn join(settings: Settings) -> Result<Self> {
        let internal = |what: &str| Error::new(ErrorKind::Internal, what);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("fanlight-cluster")
            .enable_all()
            .build()
            .map_err(|_| internal("the system gives no threads"))?;
        let mut nonce = [0; 8];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| internal("the system gives no random numbers"))?;
        let Settings { redis, prefix, seal, name, url, capacity } = settings;
        let seal = Arc::new(seal);
        let followers = Arc::new(Followers::default());
        let nonce = u64::from_ne_bytes(nonce);
        let reporting = Reporting {
            store: Reports::new(redis.clone(), &prefix, &name, format!("{nonce:016x}"))?,
            name: name.clone(),
            seal: Arc::clone(&seal),
            bound: format!("{prefix}:report"),
            followers: Arc::clone(&followers),
        };
        let me = Member { name, url, capacity, draining: false };
        let store = Sealed::new(redis.clone(), &prefix)?;
        let degraded = watch::Sender::new(Some(out_of_touch()));
        let registry = RedisRegistry::new(
            store,
            seal,
            &prefix,
            runtime.handle().clone(),
            degraded.subscribe(),
        );
        let (list, listed) = watch::channel(String::new());
        let (orders, ordered) = mpsc::unbounded_channel();
        let beating = Beating {
            coordinator: Coordinator::new(me, nonce),
            clock: Arc::new(SystemClock),
            store: Arc::new(Leases::new(redis, &prefix)?),
            cameras: registry.ids(),
            followers: Arc::clone(&followers),
            list,
            degraded,
            last_resort: LastResort::new(),
            reports: 0,
            told: Standing::Alive,
            shown: None,
        };
        runtime.spawn(beating.run(ordered));
        runtime.spawn(reporting.run());
        Ok(Self {
            registry: Arc::new(registry),
            followers,
            list: listed,
            orders,
            runtime: Some(runtime),
        })
    }

    /// The camera list.
    pub fn registry(&self) -> Arc<RedisRegistry> {
        Arc::clone(&self.registry)
    }

    /// Who opens which camera.
    pub fn ownership(&self) -> Arc<dyn Ownership> {
        Arc::clone(&self.followers) as Arc<dyn Ownership>
    }

    /// Has the engine take over what others change, until it ends. To be spawned.
    pub fn keep_in_step(&self, engine: Engine) -> impl Future<Output = ()> + Send + use<> {
        let mut list = self.list.clone();
        async move {
            let ended = engine.clone();
            let follow = async {
                while list.changed().await.is_ok() {
                    list.borrow_and_update();
                    while let Err(error) = engine.synchronise().await {
                        tracing::warn!("the shared camera list could not be read: {error}");
                        tokio::time::sleep(Duration::from_millis(500)).await;
                    }
                }
            };
            tokio::select! {
                () = follow => {}
                () = ended.ended() => {}
            }
        }
    }

    /// Hands all cameras to other instances, where there are any; returns when they have them, or
    /// after three seconds. Readers here get their pictures from the others meanwhile.
    pub async fn drain(&self) {
        let (tell, told) = oneshot::channel();
        if self.orders.send(Order::Drain(tell)).is_ok() {
            let _ = tokio::time::timeout(DRAIN, told).await;
        }
    }

    /// Gives back what is left, and ends the session, so that nobody waits for it. Every camera
    /// must be closed by then.
    pub async fn leave(&self) {
        let (tell, told) = oneshot::channel();
        if self.orders.send(Order::Leave(tell)).is_ok() {
            let _ = told.await;
        }
    }
}

fn out_of_touch() -> Error {
    Error::new(
        ErrorKind::SharedStateUnavailable,
        "Redis, which the instances share, does not answer; nothing can be changed, and cameras are \
         closed when their leases end, until it is back",
    )
}

fn name_taken(name: &str) -> Error {
    Error::new(
        ErrorKind::SharedStateUnavailable,
        format!(
            "another instance named {name} runs, or ended badly a few seconds ago; every instance \
             needs a name of its own, see --instance"
        ),
    )
}

/// The thread's own state.
struct Beating {
    coordinator: Coordinator,
    clock: Arc<dyn Clock>,
    store: Arc<Leases>,
    cameras: watch::Receiver<Arc<BTreeSet<CameraId>>>,
    followers: Arc<Followers>,
    list: watch::Sender<String>,
    degraded: watch::Sender<Option<Error>>,
    last_resort: LastResort,
    /// How much owners had reported at the last beat.
    reports: u64,
    /// The standing that was logged last.
    told: Standing,
    /// What the followers were told last: the coordinator's version, and whether in touch.
    shown: Option<(u64, bool)>,
}

/// A beat under way.
struct Asked {
    sent: Moment,
    beat: Beat,
    answer: tokio::task::JoinHandle<Result<Seen>>,
}

impl Beating {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut asked: Option<Asked> = None;
        let mut draining: Option<oneshot::Sender<()>> = None;
        loop {
            let now = self.clock.now();
            self.coordinator.expire(now);
            self.coordinator.know(Arc::clone(&self.cameras.borrow_and_update()));
            if asked.is_none() && now >= self.coordinator.next_beat() {
                asked = self.ask(now);
            }
            self.show(self.clock.now());
            if draining.is_some() && (self.coordinator.leased() == 0 || !self.can_hand_over()) {
                let _ = draining.take().expect("it drains").send(());
            }
            let due = if asked.is_some() { None } else { Some(self.coordinator.next_beat()) };
            let next = [due, self.coordinator.next_end()].into_iter().flatten().min();
            let wait = next.map_or(LOOK, |next| next.saturating_sub(now).min(LOOK));
            tokio::select! {
                answer = answer_of(&mut asked) => {
                    let Asked { sent, beat, .. } = asked.take().expect("it answered");
                    self.take(sent, &beat, answer);
                }
                order = orders.recv() => match order {
                    Some(Order::Drain(tell)) => {
                        self.coordinator.drain();
                        draining = Some(tell);
                    }
                    Some(Order::Leave(tell)) => {
                        if let Some(Asked { answer, .. }) = asked.take() {
                            answer.abort();
                        }
                        self.leave().await;
                        let _ = tell.send(());
                        return;
                    }
                    // The instance was dropped without a word; its session ends by itself.
                    None => return,
                },
                _ = self.cameras.changed() => {}
                () = self.followers.came.notified() => self.shown = None,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn can_hand_over(&self) -> bool {
        self.coordinator.has_successors() && self.degraded.borrow().is_none()
    }

    fn ask(&mut self, now: Moment) -> Option<Asked> {
        let beat = self.coordinator.beat(now)?;
        let (store, told) = (Arc::clone(&self.store), beat.clone());
        // Before it is sent, not after: by this moment the answer is judged.
        let sent = now;
        let answer = tokio::spawn(async move { store.beat(&told).await });
        Some(Asked { sent, beat, answer })
    }

    fn take(&mut self, sent: Moment, beat: &Beat, answer: Result<Seen>) {
        let now = self.clock.now();
        match answer {
            Ok(seen) => {
                if std::mem::replace(&mut self.reports, seen.reports) != seen.reports {
                    self.followers.news.notify_one();
                }
                self.coordinator.answered(sent, now, beat, seen);
                let list = self.coordinator.list();
                self.list.send_if_modified(|before| {
                    let changed = before.as_str() != list;
                    if changed {
                        list.clone_into(before);
                    }
                    changed
                });
            }
            Err(error) => {
                tracing::debug!("{error}");
                self.coordinator.failed(now);
            }
        }
    }

    async fn leave(&mut self) {
        if let Some(beat) = self.coordinator.leave()
            && let Err(error) = self.store.beat(&beat).await
        {
            tracing::warn!("the other instances wait for this one's leases to end: {error}");
        }
        self.show(self.clock.now());
    }

    /// Tells the engine and everyone else how it stands.
    fn show(&mut self, now: Moment) {
        // Before anybody opens what was leased just now.
        self.last_resort.at(self.coordinator.last_resort(now));
        let standing = self.coordinator.standing();
        let name = self.coordinator.name().to_owned();
        let silence = self.coordinator.silence(now);
        let why = match standing {
            Standing::NameTaken => Some(name_taken(&name)),
            _ if silence.is_none_or(|silence| silence >= WORRY) => Some(out_of_touch()),
            _ => None,
        };
        let is_news = self.degraded.send_if_modified(|before| {
            let changed = *before != why;
            before.clone_from(&why);
            changed
        });
        match &why {
            Some(error) if is_news || standing != self.told => tracing::warn!("{error}"),
            None if is_news => tracing::info!("in touch with the other instances as {name}"),
            _ => {}
        }
        self.told = standing;
        let in_touch = silence.is_some_and(|silence| silence < crate::lease::TTL);
        let state = Some((self.coordinator.version(), in_touch));
        if self.shown != state {
            self.shown = state;
            let coordinator = &self.coordinator;
            self.followers.tell(|camera| hold(coordinator.verdict(camera, now), &name));
        }
    }
}

/// The answer, once there is one; never while nothing was asked.
async fn answer_of(asked: &mut Option<Asked>) -> Result<Seen> {
    match asked {
        None => std::future::pending().await,
        Some(asked) => (&mut asked.answer)
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a beat was interrupted"))),
    }
}

/// The verdict in the engine's words.
fn hold(verdict: Verdict, name: &str) -> Hold {
    let nobody = |text: &str| Hold::Nobody(Error::new(ErrorKind::SharedStateUnavailable, text));
    match verdict {
        Verdict::Here => Hold::Here,
        Verdict::There(member) => Hold::There(Peer { name: member.name, url: member.url }),
        Verdict::Nobody(Why::OutOfTouch) => Hold::Nobody(out_of_touch()),
        Verdict::Nobody(Why::NameTaken) => Hold::Nobody(name_taken(name)),
        Verdict::Nobody(Why::Full) => nobody(
            "every instance has as many cameras as it takes; start another one, or raise --capacity",
        ),
        Verdict::Nobody(Why::Changing) => nobody("another instance is about to open this camera"),
    }
}
