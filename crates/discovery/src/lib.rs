//! Finds cameras in the networks this machine is part of, and asks them for their streams.
//!
//! A scan in its order: [`Networks`] says where it may look: private IPv4 networks of our own, and
//! nowhere else. `ws_discovery` and `mdns` call into them, `sweep` knocks at every address if asked
//! to. What answers becomes a [`Device`]; `ask` has it tell its profiles over ONVIF, through
//! `transport`, which sends nothing to anybody but the device itself. [`Scan`] is one such run, and
//! [`Scans`] keeps the last few.
//!
//! A device may lie, dawdle or flood: whatever is read from it is bounded in bytes and time, and an
//! address it names is used only when `nearby` finds it to be in our own networks.
//!
//! This crate knows no HTTP server and no engine.

mod ask;
mod credentials;
mod device;
mod mdns;
mod nearby;
mod networks;
mod probe_match;
mod scan;
mod scans;
mod sweep;
mod text;
mod transport;
mod ws_discovery;

pub use credentials::{Credentials, with_credentials};
pub use device::{Device, Fault, SeenBy, State, Stream};
pub use networks::{Network, Networks, Note};
pub use scan::{NotReady, Phase, Progress, Report, Scan};
pub use scans::{Running, Scans, Wish};
