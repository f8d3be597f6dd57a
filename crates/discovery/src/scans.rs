//! The last few scans of a process, one of which may run.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::{CancellationToken, DropGuard};

use crate::credentials::Credentials;
use crate::networks::Networks;
use crate::scan::{Phase, Scan};

/// A person looks at the last one; some more for a page that was reloaded.
const KEPT: usize = 5;

/// What a scan is to do.
#[derive(Debug, Default)]
pub struct Wish {
    /// Also knock at every address for RTSP.
    pub sweep: bool,
    /// A sign-in to try with every device.
    pub credentials: Option<Credentials>,
}

/// A scan is running already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scan is running; wait for it or cancel it first")]
pub struct Running;

/// Keeps the scans. Dropping it ends them, and with them the passwords they know.
#[derive(Debug)]
pub struct Scans {
    inner: Mutex<Inner>,
    ended: CancellationToken,
    _ends: DropGuard,
}

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    kept: VecDeque<Arc<Scan>>,
}

impl Default for Scans {
    fn default() -> Self {
        let ended = CancellationToken::new();
        Self { inner: Mutex::default(), ended: ended.clone(), _ends: ended.drop_guard() }
    }
}

impl Scans {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts one in these networks. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// [`Running`]: one at a time.
    pub fn start(&self, networks: Networks, wish: Wish) -> Result<Arc<Scan>, Running> {
        let mut inner = self.inner();
        if inner.kept.iter().any(|scan| scan.report().phase == Phase::Running) {
            return Err(Running);
        }
        inner.last += 1;
        let (id, ended) = (format!("scan-{}", inner.last), self.ended.child_token());
        let scan = Arc::new(Scan::new(id, networks, wish.sweep, wish.credentials, ended));
        inner.kept.push_front(Arc::clone(&scan));
        while inner.kept.len() > KEPT {
            if let Some(forgotten) = inner.kept.pop_back() {
                forgotten.end();
            }
        }
        tokio::spawn(Arc::clone(&scan).run());
        Ok(scan)
    }

    /// The newest first.
    pub fn list(&self) -> Vec<Arc<Scan>> {
        self.inner().kept.iter().cloned().collect()
    }

    /// The one of this name.
    pub fn get(&self, id: &str) -> Option<Arc<Scan>> {
        self.inner().kept.iter().find(|scan| scan.id() == id).cloned()
    }

    /// Ends and forgets them all, for good.
    pub fn end(&self) {
        self.ended.cancel();
        for scan in self.inner().kept.drain(..) {
            scan.end();
        }
    }
}
