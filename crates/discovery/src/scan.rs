//! One scan: looks, asks what it finds, and can be asked itself while it runs.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ask::{self, Told, Untold};
use crate::credentials::{Credentials, with_credentials};
use crate::device::{Device, Fault, SeenBy, State};
use crate::networks::{Networks, Note};
use crate::{mdns, sweep, ws_discovery};

/// Looking takes half a minute at most at its bounded rate; this is for a system that hangs.
const LOOKING: Duration = Duration::from_secs(60);
/// A device that answers each request slowly.
const ASKING: Duration = Duration::from_secs(20);
/// Devices asked at a time.
const ASKED_AT_ONCE: usize = 8;
/// More is no house, but a flood of made-up answers.
const MAX_DEVICES: usize = 512;
/// WS-Discovery and mDNS: what a scan does besides knocking at addresses.
const CALLS: usize = 2;

/// Where a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It looks, or asks.
    Running,
    /// All was looked at.
    Done,
    /// Someone ended it before.
    Cancelled,
}

/// How much of a scan is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Steps that are done.
    pub done: usize,
    /// All steps: two calls, and each address of a sweep.
    pub total: usize,
}

/// A scan as it is at a moment.
#[derive(Debug, Clone)]
pub struct Report {
    /// Where it is.
    pub phase: Phase,
    /// How far.
    pub progress: Progress,
    /// What a person should know.
    pub notes: Vec<Note>,
    /// The devices, by address.
    pub found: Vec<Device>,
}

/// Why a device's stream has no URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The scan knows no such device.
    #[error("this scan has found no device at this address")]
    NoDevice,
    /// Its streams are not known.
    #[error("the streams of this device are not known; sign in to it first")]
    NoStreams,
    /// It has fewer streams.
    #[error("this device has no stream of this number")]
    NoSuchStream,
}

/// One scan. Dropping it does not end it; its owner cancels it.
#[derive(Debug)]
pub struct Scan {
    id: String,
    networks: Networks,
    hosts: Vec<Ipv4Addr>,
    sweep: bool,
    /// The sign-in to try with every device.
    credentials: Option<Arc<Credentials>>,
    inner: Mutex<Inner>,
    room: Semaphore,
    /// Devices that are being asked.
    asks: TaskTracker,
    /// Ends everything, for good.
    ended: CancellationToken,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    done: usize,
    notes: Vec<Note>,
    found: BTreeMap<Ipv4Addr, Device>,
    /// Ends what is under way; a sign-in after that works anew.
    work: CancellationToken,
}

impl Scan {
    pub(crate) fn new(
        id: String,
        networks: Networks,
        sweep: bool,
        credentials: Option<Credentials>,
        ended: CancellationToken,
    ) -> Self {
        let (hosts, mut notes) = if sweep { networks.sweep() } else { Default::default() };
        if networks.is_empty() {
            notes.push(Note::new(
                "no_network",
                "this machine is in no private network, so there is nothing to search; add cameras by their address",
            ));
        }
        let inner = Inner {
            phase: Phase::Running,
            done: 0,
            notes,
            found: BTreeMap::new(),
            work: ended.child_token(),
        };
        Self {
            id,
            networks,
            hosts,
            sweep,
            credentials: credentials.map(Arc::new),
            inner: Mutex::new(inner),
            room: Semaphore::new(ASKED_AT_ONCE),
            asks: TaskTracker::new(),
            ended,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it looks.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    /// Whether it knocks at every address.
    pub fn sweeps(&self) -> bool {
        self.sweep
    }

    /// How it is now.
    pub fn report(&self) -> Report {
        let inner = self.inner();
        Report {
            phase: inner.phase,
            progress: Progress { done: inner.done, total: CALLS + self.hosts.len() },
            notes: inner.notes.clone(),
            found: inner.found.values().cloned().collect(),
        }
    }

    /// Ends what is under way at once; what was found stays.
    pub fn cancel(&self) {
        let mut inner = self.inner();
        inner.work.cancel();
        inner.work = self.ended.child_token();
        if inner.phase == Phase::Running {
            inner.phase = Phase::Cancelled;
        }
    }

    /// Ends it for good.
    pub(crate) fn end(&self) {
        self.cancel();
        self.ended.cancel();
    }

    /// Looks and asks until all is done or someone cancels.
    pub(crate) async fn run(self: Arc<Self>) {
        let work = self.inner().work.clone();
        let looking = work.run_until_cancelled(timeout(LOOKING, self.look()));
        match looking.await {
            Some(Ok(())) => {}
            Some(Err(_)) => self.inner().notes.push(Note::new(
                "took_too_long",
                "the search took too long and was ended; what it found by then is here",
            )),
            None => return self.cancel(),
        }
        self.asks.close();
        if work.run_until_cancelled(self.asks.wait()).await.is_some() {
            let mut inner = self.inner();
            if inner.phase == Phase::Running {
                inner.phase = Phase::Done;
            }
        }
    }

    async fn look(self: &Arc<Self>) {
        let found = |device| self.found(device);
        let done = || self.inner().done += 1;
        let onvif = async {
            ws_discovery::look(&self.networks, &found).await;
            done();
        };
        let mdns = async {
            mdns::look(&self.networks, &found).await;
            done();
        };
        join(join(onvif, mdns), sweep::look(&self.hosts, &found, &done)).await;
    }

    /// Notes a device, and asks it when it is one that can be asked.
    fn found(self: &Arc<Self>, device: Device) {
        let address = device.address;
        let is_new = {
            let mut inner = self.inner();
            if inner.found.len() >= MAX_DEVICES && !inner.found.contains_key(&address) {
                if !inner.notes.iter().any(|note| note.code == "too_many_devices") {
                    let message =
                        format!("more than {MAX_DEVICES} devices answer; the others are left out");
                    inner.notes.push(Note::new("too_many_devices", message));
                }
                return;
            }
            let was_known = inner.found.get(&address).is_some_and(|known| known.service.is_some());
            let can_be_asked = device.service.is_some();
            match inner.found.get_mut(&address) {
                Some(known) => known.merge(device),
                None => {
                    inner.found.insert(address, device);
                }
            }
            can_be_asked && !was_known
        };
        if is_new {
            self.ask(address, self.credentials.clone());
        }
    }

    /// Signs in to these devices and asks them for their streams; those that are being asked already
    /// and those without ONVIF are left as they are.
    ///
    /// # Errors
    /// [`NotReady::NoDevice`] when one is not known; then none is asked.
    pub fn sign_in(
        self: &Arc<Self>,
        addresses: &[Ipv4Addr],
        credentials: Credentials,
    ) -> Result<(), NotReady> {
        {
            let inner = self.inner();
            if addresses.iter().any(|address| !inner.found.contains_key(address)) {
                return Err(NotReady::NoDevice);
            }
        }
        let credentials = Arc::new(credentials);
        for address in addresses {
            self.ask(*address, Some(Arc::clone(&credentials)));
        }
        Ok(())
    }

    fn ask(self: &Arc<Self>, address: Ipv4Addr, credentials: Option<Arc<Credentials>>) {
        let (service, before, work) = {
            let mut inner = self.inner();
            let work = inner.work.clone();
            let Some(device) = inner.found.get_mut(&address) else { return };
            let Some(service) = device.service.clone() else { return };
            if device.state == State::Asking {
                return;
            }
            let before = (device.state, device.fault.take());
            device.state = State::Asking;
            (service, before, work)
        };
        let scan = Arc::clone(self);
        self.asks.spawn(async move {
            let asking = async {
                let _room = scan.room.acquire().await;
                let asking = ask::ask(&service, address, &scan.networks, credentials.as_deref());
                timeout(ASKING, asking).await.unwrap_or_else(|_| {
                    let why = "it answers too slowly to be asked for its streams";
                    Err(Untold::Fault(Fault::new("camera_timeout", why)))
                })
            };
            let told = work.run_until_cancelled(asking).await;
            let mut inner = scan.inner();
            let Some(device) = inner.found.get_mut(&address) else { return };
            if let Some(told) = told {
                answer(device, told, credentials);
            } else {
                (device.state, device.fault) = before;
            }
        });
    }

    /// The URL of one of a device's streams, with the sign-in that the device took in it.
    ///
    /// # Errors
    /// [`NotReady`].
    pub fn stream_url(&self, address: Ipv4Addr, stream: usize) -> Result<SecretString, NotReady> {
        let inner = self.inner();
        let device = inner.found.get(&address).ok_or(NotReady::NoDevice)?;
        if device.streams.is_empty() {
            return Err(NotReady::NoStreams);
        }
        let stream = device.streams.get(stream).ok_or(NotReady::NoSuchStream)?;
        Ok(with_credentials(&stream.url, device.credentials.as_deref()))
    }
}

/// Writes down what a device told.
fn answer(device: &mut Device, told: Result<Told, Untold>, credentials: Option<Arc<Credentials>>) {
    match told {
        Ok(told) => {
            device.manufacturer = told.manufacturer.or(device.manufacturer.take());
            device.model = told.model.or(device.model.take());
            device.state = if told.streams.is_empty() { State::Failed } else { State::Ready };
            let none = || Fault::new("no_streams", "it offers no video stream");
            device.fault = told.fault.or_else(|| told.streams.is_empty().then(none));
            device.streams = told.streams;
            device.credentials = credentials;
        }
        Err(Untold::SignIn) => {
            device.state = State::NeedsSignIn;
            let refused = "it does not take this user and password; check both";
            device.fault = credentials.map(|_| Fault::new("auth_failed", refused));
        }
        Err(Untold::Fault(fault)) => {
            device.state = State::Failed;
            device.fault = Some(fault);
        }
    }
    device.seen_by.insert(SeenBy::Onvif);
}
