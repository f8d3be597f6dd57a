//! What a scan knows of one device.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

use url::Url;

use crate::credentials::Credentials;

/// How a device was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeenBy {
    /// It answered to WS-Discovery, as ONVIF devices do.
    Onvif,
    /// It answered to mDNS.
    Mdns,
    /// It speaks RTSP at its address.
    Sweep,
}

/// How far one is with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is there; it does not speak ONVIF, so there is nothing to ask.
    Found,
    /// It is being asked for its streams.
    Asking,
    /// It tells its streams to those who sign in.
    NeedsSignIn,
    /// Its streams are known.
    Ready,
    /// It did not tell its streams; the fault says why.
    Failed,
}

/// Why a device did not tell its streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable, for programs.
    pub code: &'static str,
    /// A sentence a person can act on.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// A stream that a device offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// What the device calls it.
    pub name: String,
    /// Where it is, without user and password.
    pub url: Url,
    /// `h264`, `h265`, `mjpeg` or what the device calls it, where it tells.
    pub codec: Option<String>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Pictures a second.
    pub fps: Option<f64>,
}

/// A device that may be a camera.
#[derive(Debug, Clone)]
pub struct Device {
    /// Where it answers from.
    pub address: Ipv4Addr,
    /// What it calls itself.
    pub name: Option<String>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// What it is.
    pub model: Option<String>,
    /// How it was noticed.
    pub seen_by: BTreeSet<SeenBy>,
    /// The port at which it speaks RTSP, where that is known.
    pub port: Option<u16>,
    /// How far one is with it.
    pub state: State,
    /// Why its streams are not known.
    pub fault: Option<Fault>,
    /// What it offers, as the device orders it.
    pub streams: Vec<Stream>,
    /// Its ONVIF device service.
    pub(crate) service: Option<Url>,
    /// The sign-in that it took.
    pub(crate) credentials: Option<Arc<Credentials>>,
}

impl Device {
    pub(crate) fn new(address: Ipv4Addr, seen_by: SeenBy) -> Self {
        Self {
            address,
            name: None,
            manufacturer: None,
            model: None,
            seen_by: BTreeSet::from([seen_by]),
            port: None,
            state: State::Found,
            fault: None,
            streams: Vec::new(),
            service: None,
            credentials: None,
        }
    }

    /// Takes over what another sighting of the same device adds.
    pub(crate) fn merge(&mut self, other: Self) {
        self.seen_by.extend(other.seen_by);
        // What a device says of itself over ONVIF is better than its name in mDNS or RTSP.
        let first = other.service.is_some() && self.service.is_none();
        let better = |mine: &mut Option<String>, theirs: Option<String>| {
            if mine.is_none() || (first && theirs.is_some()) {
                *mine = theirs;
            }
        };
        better(&mut self.name, other.name);
        better(&mut self.manufacturer, other.manufacturer);
        better(&mut self.model, other.model);
        self.port = self.port.or(other.port);
        self.service = self.service.take().or(other.service);
        if self.state == State::Found {
            self.state = other.state;
            self.fault = other.fault;
        }
    }
}
