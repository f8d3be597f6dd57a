//! A camera's streams, and which of them serves whom.

use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Size;
use crate::stream::Stream;

/// The largest picture that a substream of unknown size is trusted to cover.
const LIKELY: (u32, u32) = (704, 576);

/// The main stream, and the substream where there is one.
#[derive(Debug)]
pub(crate) struct Streams {
    main: Arc<Stream>,
    sub: Mutex<Option<Arc<Stream>>>,
}

impl Streams {
    pub(crate) fn new(main: Stream, sub: Option<Stream>) -> Self {
        Self { main: Arc::new(main), sub: Mutex::new(sub.map(Arc::new)) }
    }

    pub(crate) fn main(&self) -> Arc<Stream> {
        Arc::clone(&self.main)
    }

    pub(crate) fn sub(&self) -> Option<Arc<Stream>> {
        self.sub.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another substream in the place of the one that is there, which ends.
    pub(crate) fn replace_sub(&self, sub: Option<Stream>) {
        let mut place = self.sub.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *place, sub.map(Arc::new)) {
            before.stop();
        }
    }

    /// The cheapest stream whose pictures are at least this large.
    pub(crate) fn covering(&self, size: Size) -> Arc<Stream> {
        match self.sub() {
            Some(sub) if sub.covers(size).unwrap_or_else(|| is_likely(size)) => sub,
            _ => self.main(),
        }
    }
}

/// Whether a substream that was never connected is worth trying for this size.
fn is_likely(size: Size) -> bool {
    size.width() <= LIKELY.0 && size.height() <= LIKELY.1
}
