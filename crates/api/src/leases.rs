//! Which frames a keep-alive connection is reading. A script that pulls frame after frame over
//! one connection is one consumer for as long as it goes on, not one per request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fanlight_engine::{CameraId, FrameReader, Spec};

/// A reader unused for this long is no consumer any more, though its connection is still open.
const IDLE: Duration = Duration::from_secs(10);

/// How often connections look for such readers.
pub(crate) const SWEEP_PERIOD: Duration = Duration::from_secs(2);

/// Readers kept for one connection; a client that asks for more sizes is joined anew each time.
const MAX_LEASES: usize = 4;

/// The readers of one connection. A request takes its reader out and puts it back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leases(Arc<Mutex<Vec<Lease>>>);

/// One reader and how far it got.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) id: CameraId,
    pub(crate) spec: Spec,
    pub(crate) reader: FrameReader,
    /// The sequence number last handed out.
    pub(crate) last: u64,
    used: Instant,
}

impl Lease {
    pub(crate) fn new(id: CameraId, spec: Spec, reader: FrameReader) -> Self {
        Self { id, spec, reader, last: 0, used: Instant::now() }
    }
}

impl Leases {
    fn lock(&self) -> MutexGuard<'_, Vec<Lease>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reader this connection has been using for these frames.
    pub(crate) fn take(&self, id: &CameraId, spec: Spec) -> Option<Lease> {
        let mut leases = self.lock();
        let at = leases.iter().position(|l| l.id == *id && l.spec == spec)?;
        let lease = leases.swap_remove(at);
        // The camera may have been removed and added again meanwhile.
        (!lease.reader.is_ended()).then_some(lease)
    }

    /// Keeps a reader for the connection's next request.
    pub(crate) fn put(&self, mut lease: Lease) {
        lease.used = Instant::now();
        let mut leases = self.lock();
        if leases.len() >= MAX_LEASES {
            leases.remove(0);
        }
        leases.push(lease);
    }

    /// Ends the readers of one camera.
    pub(crate) fn end(&self, id: &CameraId) {
        self.lock().retain(|lease| lease.id != *id);
    }

    /// Ends readers that nobody has used for a while.
    pub(crate) fn sweep(&self) {
        self.lock().retain(|lease| lease.used.elapsed() < IDLE && !lease.reader.is_ended());
    }
}
