//! Where there are no sealed memfds there is no shared-memory socket; clients read over HTTP.
//! `docs/SHARED_MEMORY.md` says what macOS and Windows offer instead.

use std::convert::Infallible;
use std::path::Path;

use axum::Router;
use tokio_util::sync::CancellationToken;

/// A socket that this system does not have.
pub struct FramesSocket(Infallible);

impl FramesSocket {
    /// None here.
    pub fn open(_port: u16) -> Option<Self> {
        None
    }

    /// Tells this run of the server from others.
    pub fn epoch() -> u64 {
        0
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        match self.0 {}
    }

    /// Serves until cancelled.
    pub async fn serve(self, _: Router, _port: u16, _: CancellationToken) {
        match self.0 {}
    }
}
