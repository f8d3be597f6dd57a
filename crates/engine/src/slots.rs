//! Memory for pictures that are handed out as they are: reused from picture to picture, and on Linux
//! such that other processes can look at it without a copy.
//!
//! A picture stays as it is for as long as anybody holds its [`Pixels`].

#[cfg(target_os = "linux")]
mod segment;

#[cfg(target_os = "linux")]
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::Result;

/// Buffers of this process's own that wait for reuse.
const SPARE: usize = 3;

/// Where the pictures of one rendition are put. Clones are the same place.
#[derive(Debug, Clone)]
pub(crate) struct Slots(Arc<Place>);

#[derive(Debug)]
struct Place {
    /// Bytes of one picture.
    len: usize,
    /// Made for the first picture; none where the system has no such memory.
    #[cfg(target_os = "linux")]
    segment: OnceLock<Option<Arc<segment::Segment>>>,
    #[cfg(not(target_os = "linux"))]
    segment: OnceLock<()>,
    spare: Mutex<Vec<Vec<u8>>>,
}

impl Place {
    fn spare(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    /// A place for pictures of `len` bytes; it takes no memory before the first.
    pub(crate) fn new(len: usize) -> Self {
        Self(Arc::new(Place { len, segment: OnceLock::new(), spare: Mutex::default() }))
    }

    /// Puts a picture where nobody looks at another. `fill` is given `len` bytes of any content.
    pub(crate) fn put(&self, fill: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<Pixels> {
        #[cfg(target_os = "linux")]
        if let Some(mut slot) = self.segment().and_then(segment::Segment::take) {
            fill(slot.as_mut())?;
            return Ok(Pixels(Memory::Shared(slot)));
        }
        self.put_aside(fill)
    }

    /// Puts a picture into memory of this process alone.
    fn put_aside(&self, fill: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<Pixels> {
        let spare = self.0.spare().pop();
        let mut bytes = spare.unwrap_or_else(|| vec![0; self.0.len]);
        fill(&mut bytes)?;
        Ok(Pixels(Memory::Own(bytes, self.clone())))
    }

    /// The same picture for somebody who may hold it for long, such as a slow client of the network:
    /// a copy where shared memory is scarce, so that the readers of that are not kept waiting.
    pub(crate) fn lend(&self, pixels: &Arc<Pixels>) -> Result<Arc<Pixels>> {
        if !pixels.is_scarce() {
            return Ok(Arc::clone(pixels));
        }
        let copy = |bytes: &mut [u8]| {
            bytes.copy_from_slice((**pixels).as_ref());
            Ok(())
        };
        self.put_aside(copy).map(Arc::new)
    }

    #[cfg(target_os = "linux")]
    fn segment(&self) -> Option<&Arc<segment::Segment>> {
        let make = || {
            segment::Segment::new(self.0.len)
                .inspect_err(|error| {
                    tracing::warn!("there is no shared memory for frames: {error}");
                })
                .ok()
        };
        self.0.segment.get_or_init(make).as_ref()
    }
}

/// One picture's bytes. Its memory is used again once it is dropped.
#[derive(Debug)]
pub struct Pixels(Memory);

#[derive(Debug)]
enum Memory {
    #[cfg(target_os = "linux")]
    Shared(segment::Slot),
    Own(Vec<u8>, Slots),
}

/// Where another process finds a picture.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy)]
pub struct Location<'a> {
    /// The memory's number, which this process never gives to another.
    pub segment: u64,
    /// The memory: a sealed memfd, to be mapped for reading.
    pub fd: BorrowedFd<'a>,
    /// Where the picture begins in it, in bytes.
    pub offset: usize,
}

impl Pixels {
    /// Where another process finds them; none when they lie in this process's own memory, as the
    /// shared one was in use.
    #[cfg(target_os = "linux")]
    pub fn location(&self) -> Option<Location<'_>> {
        match &self.0 {
            Memory::Shared(slot) => Some(Location {
                segment: slot.segment().id(),
                fd: slot.segment().fd(),
                offset: slot.offset(),
            }),
            Memory::Own(..) => None,
        }
    }
}

impl Pixels {
    fn is_scarce(&self) -> bool {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Memory::Shared(slot) => slot.segment().is_scarce(),
            Memory::Own(..) => false,
        }
    }
}

impl AsRef<[u8]> for Pixels {
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Memory::Shared(slot) => slot.as_ref(),
            Memory::Own(bytes, _) => bytes,
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Self::Own(bytes, slots) = self {
            let mut spare = slots.0.spare();
            if spare.len() < SPARE {
                spare.push(std::mem::take(bytes));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    fn put(slots: &Slots, value: u8) -> Pixels {
        let fill = |bytes: &mut [u8]| {
            bytes.fill(value);
            Ok(())
        };
        slots.put(fill).expect("put")
    }

    #[test]
    fn pictures_stay_as_they_are_while_they_are_held() {
        let slots = Slots::new(5000);
        // More than there is shared memory for.
        let held: Vec<_> = (0..100).map(|value| put(&slots, value)).collect();
        for (value, pixels) in held.iter().enumerate() {
            assert!(pixels.as_ref().iter().all(|byte| usize::from(*byte) == value));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_reader_that_keeps_up_uses_the_same_memory_again() {
        let slots = Slots::new(5000);
        let mut offsets = std::collections::HashSet::new();
        let mut newest = put(&slots, 0);
        for value in 1..50 {
            newest = put(&slots, value);
            offsets.insert(newest.location().expect("shared").offset);
        }
        assert_eq!((offsets.len(), newest.as_ref()[0]), (2, 49));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn who_holds_pictures_for_long_leaves_shared_memory_to_others() {
        let slots = Slots::new(5000);
        let lent: Vec<_> = (0..100)
            .map(|value| slots.lend(&Arc::new(put(&slots, value))).expect("lent"))
            .collect();
        assert!(put(&slots, 200).location().is_some());
        for (value, pixels) in lent.iter().enumerate() {
            assert!((**pixels).as_ref().iter().all(|byte| usize::from(*byte) == value));
        }
    }

    #[test]
    fn a_picture_that_cannot_be_made_takes_no_memory() {
        let slots = Slots::new(5000);
        for _ in 0..100 {
            slots.put(|_| Err(Error::new(ErrorKind::Internal, "no"))).expect_err("told");
        }
        #[cfg(target_os = "linux")]
        assert!(put(&slots, 1).location().is_some());
    }
}
