//! One sealed memfd, cut into slots, mapped here for writing and by other processes for reading.
//!
//! The only unsafe room of the engine. What it promises: a slot's bytes are written only through the
//! one [`Slot`] that owns it, and are given to nobody else before that one is gone. Other processes
//! cannot change them: the seals forbid writing and shrinking to everybody but this mapping.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{FallocateFlags, MemfdFlags, SealFlags};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};

/// The most memory of one segment, unless the least number of slots takes more.
const MOST_BYTES: usize = 256 << 20;
/// Slots that are there even for the largest pictures.
const FEWEST_SLOTS: usize = 4;
/// More than that are never in use: everybody reads the newest picture.
const MOST_SLOTS: usize = 32;
/// Slots begin at a page, as memory is given page by page.
const PAGE: usize = 4096;

/// The numbers of this process's segments; never used again.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Sealed memory for the pictures of one rendition. Pages are taken from the system when a slot is
/// first used.
#[derive(Debug)]
pub(super) struct Segment {
    id: u64,
    fd: OwnedFd,
    /// `count * stride` bytes, mapped until dropped.
    start: NonNull<u8>,
    stride: usize,
    /// Bytes of one picture; at most `stride`.
    len: usize,
    count: usize,
    free: Mutex<Free>,
}

// SAFETY: the mapping is plain memory that belongs to the segment; who may touch which part of it is
// decided by owning a `Slot`.
unsafe impl Send for Segment {}
// SAFETY: as above; everything else in it is `Sync`.
unsafe impl Sync for Segment {}

#[derive(Debug, Default)]
struct Free {
    /// Used before; the last one given back is the warmest.
    returned: Vec<usize>,
    /// From here on no slot was ever used.
    fresh: usize,
}

impl Segment {
    /// A segment for pictures of `len` bytes.
    ///
    /// # Errors
    /// As the system says: no memory, no descriptors, or a kernel without sealed memory (before 5.1).
    pub(super) fn new(len: usize) -> Result<Arc<Self>, Errno> {
        let stride = len.next_multiple_of(PAGE).max(PAGE);
        let count = (MOST_BYTES / stride).clamp(FEWEST_SLOTS, MOST_SLOTS);
        let size = stride * count;
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let fd = rustix::fs::memfd_create("fanlight-frames", flags)?;
        rustix::fs::ftruncate(&fd, size as u64)?;
        let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: a new mapping at an address that the kernel chooses touches no memory of ours.
        let start =
            unsafe { rustix::mm::mmap(std::ptr::null_mut(), size, protection, flags, &fd, 0)? };
        let segment = Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            start: NonNull::new(start.cast()).ok_or(Errno::NOMEM)?,
            fd,
            stride,
            len,
            count,
            free: Mutex::default(),
        };
        // After mapping: this writable mapping stays, and there is never another.
        let seals = SealFlags::FUTURE_WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&segment.fd, seals)?;
        Ok(Arc::new(segment))
    }

    fn free(&self) -> MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot that nobody uses; none when all are in use, or the system has no memory for another.
    pub(super) fn take(self: &Arc<Self>) -> Option<Slot> {
        let mut free = self.free();
        let number = if let Some(number) = free.returned.pop() {
            number
        } else {
            let number = free.fresh;
            if number == self.count {
                return None;
            }
            // Now, as an answer: a page that is missing at the first write kills the process.
            let offset = (number * self.stride) as u64;
            let pages = self.stride as u64;
            rustix::fs::fallocate(&self.fd, FallocateFlags::empty(), offset, pages).ok()?;
            free.fresh += 1;
            number
        };
        drop(free);
        Some(Slot { segment: Arc::clone(self), number })
    }

    /// Whether more than half of the slots are in use.
    pub(super) fn is_scarce(&self) -> bool {
        let free = self.free();
        let used = free.fresh - free.returned.len();
        used * 2 > self.count
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: nothing borrows from the mapping any more: every slot holds its segment.
        let unmapped =
            unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.stride * self.count) };
        debug_assert!(unmapped.is_ok(), "a mapping of our own can be unmapped");
    }
}

/// The one owner of a slot; gives it back when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    segment: Arc<Segment>,
    number: usize,
}

impl Slot {
    pub(super) fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Where in the segment it begins, in bytes.
    pub(super) fn offset(&self) -> usize {
        self.number * self.segment.stride
    }

    fn start(&self) -> *mut u8 {
        // SAFETY: `number < count`, so this stays inside of the mapping.
        unsafe { self.segment.start.as_ptr().add(self.offset()) }
    }

    pub(super) fn as_mut(&mut self) -> &mut [u8] {
        // SAFETY: the bytes are mapped as long as the segment lives, which `self` holds; they are
        // initialised, as new pages are zero; this slot has one owner, borrowed mutably here; other
        // processes can only read.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.segment.len) }
    }
}

impl AsRef<[u8]> for Slot {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: as in `as_mut`; nobody writes while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(self.start(), self.segment.len) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.segment.free().returned.push(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::unix::fs::FileExt as _;

    fn file(segment: &Segment) -> File {
        File::from(segment.fd().try_clone_to_owned().expect("cloned"))
    }

    #[test]
    fn what_is_written_is_seen_through_the_descriptor() {
        let segment = Segment::new(10_000).expect("made");
        let mut slots = [segment.take().expect("one"), segment.take().expect("another")];
        for (slot, value) in slots.iter_mut().zip([7, 9]) {
            slot.as_mut().fill(value);
        }
        for (slot, value) in slots.iter().zip([7, 9]) {
            let mut seen = vec![0; 10_000];
            file(&segment).read_exact_at(&mut seen, slot.offset() as u64).expect("read");
            assert!(seen.iter().all(|byte| *byte == value));
        }
    }

    #[test]
    fn nobody_else_can_write_shrink_or_grow() {
        let segment = Segment::new(4096).expect("made");
        let slot = segment.take().expect("one");
        let file = file(&segment);
        file.write_at(b"x", slot.offset() as u64).expect_err("sealed");
        file.set_len(0).expect_err("sealed");
        file.set_len(1 << 30).expect_err("sealed");
        let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: as in `Segment::new`.
        let mapped =
            unsafe { rustix::mm::mmap(std::ptr::null_mut(), 4096, protection, flags, &file, 0) };
        assert_eq!(mapped.expect_err("sealed"), Errno::PERM);
    }

    #[test]
    fn a_slot_is_given_again_only_once_it_is_back() {
        let segment = Segment::new(100).expect("made");
        let mut taken: Vec<_> = std::iter::from_fn(|| segment.take()).collect();
        assert_eq!(taken.len(), MOST_SLOTS);
        let mut offsets: Vec<_> = taken.iter().map(Slot::offset).collect();
        offsets.dedup();
        assert_eq!(offsets.len(), MOST_SLOTS);
        let back = taken.swap_remove(5).offset();
        assert_eq!(segment.take().map(|slot| slot.offset()), Some(back));
    }

    #[test]
    fn large_pictures_have_fewer_slots() {
        let segment = Segment::new(100 << 20).expect("made");
        // As they are not used, they take no memory.
        assert_eq!(segment.count, FEWEST_SLOTS);
    }
}
