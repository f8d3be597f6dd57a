//! Who opens a camera where several instances share a camera list: one of them does, and the others
//! read from it. An instance that is alone opens all of its cameras.

use std::fmt;

use tokio::sync::watch;
use url::Url;

use crate::config::CameraId;
use crate::error::Error;
use crate::owner_report::OwnerReport;

/// Where a camera's connection is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// This instance opens the camera.
    Here,
    /// Another instance does, and hands its packets on.
    There(Peer),
    /// Nobody may open it now, and why.
    Nobody(Error),
}

/// Another instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Where its API is.
    pub url: Url,
}

/// Decides where a camera's connection is to be.
pub trait Ownership: fmt::Debug + Send + Sync {
    /// Follows the answer for one camera. Whoever has the camera open closes it as soon as the
    /// answer is no longer [`Hold::Here`]. An answer whose sender is gone holds for good.
    fn follow(&self, camera: &CameraId) -> watch::Receiver<Hold>;

    /// Follows what the instance that has the camera open tells of it: nothing while that is this
    /// one, or nothing was heard yet. None where there is no other instance.
    fn reports(&self, _camera: &CameraId) -> Option<watch::Receiver<Option<OwnerReport>>> {
        None
    }

    /// Tells the others how a camera is that is open here. To tell the same again changes nothing.
    fn report(&self, _camera: &CameraId, _report: OwnerReport) {}
}

/// The ownership of an instance that shares its cameras with no other.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Ownership for Alone {
    fn follow(&self, _: &CameraId) -> watch::Receiver<Hold> {
        watch::channel(Hold::Here).1
    }
}
