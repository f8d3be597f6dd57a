//! One decoded picture, shared by everyone who wants it, and the pool its memory comes from.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;

use crate::config::Size;
use crate::convert;
use crate::error::{Error, ErrorKind, Result};
use crate::packet::Clock;
use crate::scale::Scaler;
use crate::slots::{Pixels, Slots};

/// A picture as it leaves its decoder.
pub(crate) struct Decoded {
    pub(crate) sequence: u64,
    pub(crate) captured_at: Timestamp,
    pub(crate) clock: Clock,
    pub(crate) picture: Picture,
}

/// A decoded picture. Each format is made at most once, by the first who asks, and shared.
#[derive(Debug)]
pub struct Frame {
    /// The packet it was decoded from; counts access units, so a jump tells what was missed.
    pub sequence: u64,
    /// When the camera took it, as far as is known.
    pub captured_at: Timestamp,
    /// How that is known.
    pub clock: Clock,
    /// Its size in pixels.
    pub size: Size,
    /// Counts the frames of its rendition from 1.
    pub(crate) index: u64,
    /// Whether it comes from a decoder of its own, not from a larger frame.
    pub(crate) decoded: bool,
    picture: Picture,
    /// Where its BGR form is put.
    slots: Slots,
    pixels: OnceLock<Result<Arc<Pixels>>>,
    /// The pixels for the network.
    bgr24: OnceLock<Result<Bytes>>,
    /// By quality.
    jpegs: Mutex<Vec<(Quality, Made)>>,
}

/// Lets `Bytes` share them.
struct Owner(Arc<Pixels>);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

/// Bytes that are made by the first who asks.
type Made = Arc<OnceLock<Result<Bytes>>>;

/// The quality of a JPEG, 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quality(u8);

impl Quality {
    /// A quality within the bounds.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] outside of 1 to 100.
    pub fn new(quality: u8) -> Result<Self> {
        if (1..=100).contains(&quality) {
            Ok(Self(quality))
        } else {
            Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("quality must be 1 to 100; got {quality}"),
            ))
        }
    }
}

impl Quality {
    pub(crate) fn get(self) -> u8 {
        self.0
    }
}

impl Default for Quality {
    /// For watching: no visible artefacts at a tile's size, a quarter of the bytes of 95.
    fn default() -> Self {
        Self(80)
    }
}

impl Frame {
    /// Its pixels are put into `slots`, whose pictures have [`convert::packed_len`] bytes.
    pub(crate) fn new(
        decoded: Decoded,
        size: Size,
        index: u64,
        by_decoder: bool,
        slots: Slots,
    ) -> Self {
        let Decoded { sequence, captured_at, clock, picture } = decoded;
        Self {
            sequence,
            captured_at,
            clock,
            size,
            index,
            decoded: by_decoder,
            picture,
            slots,
            pixels: OnceLock::new(),
            bgr24: OnceLock::new(),
            jpegs: Mutex::default(),
        }
    }

    /// BGR, 8 bits a channel, `width * height * 3` bytes, rows from the top without padding: the
    /// layout of a numpy array from OpenCV.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Internal`] when the conversion fails.
    pub fn bgr24(&self) -> Result<Bytes> {
        let make = || {
            let pixels = self.slots.lend(&self.pixels()?)?;
            Ok(Bytes::from_owner(Owner(pixels)))
        };
        self.bgr24.get_or_init(make).clone()
    }

    /// The same pixels, for whoever hands them to another process.
    ///
    /// # Errors
    /// As [`Frame::bgr24`].
    pub fn pixels(&self) -> Result<Arc<Pixels>> {
        let make = || {
            let fill = |out: &mut [u8]| convert::bgr24(&self.picture.0, self.size, out);
            self.slots.put(fill).map(Arc::new)
        };
        self.pixels.get_or_init(make).clone()
    }

    /// A JPEG.
    ///
    /// # Errors
    /// As [`Frame::bgr24`].
    pub fn jpeg(&self, quality: Quality) -> Result<Bytes> {
        let jpeg = {
            let mut jpegs = self.jpegs.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, jpeg)) = jpegs.iter().find(|(known, _)| *known == quality) {
                Arc::clone(jpeg)
            } else {
                let jpeg = Made::default();
                jpegs.push((quality, Arc::clone(&jpeg)));
                jpeg
            }
        };
        jpeg.get_or_init(|| convert::jpeg(&self.picture.0, self.size, quality.0)).clone()
    }

    /// Its planes as they were decoded.
    pub(crate) fn yuv420p(&self) -> &[u8] {
        &self.picture.0
    }

    /// Fills a picture of another size with this one.
    pub(crate) fn scale(
        &self,
        scaler: &mut Scaler,
        size: Size,
        picture: &mut Picture,
    ) -> Result<()> {
        scaler.yuv420p(&self.picture.0, self.size, picture.as_mut(), size)
    }

    /// A lossless PNG, made anew at each call: it takes many times as long as a JPEG.
    ///
    /// # Errors
    /// As [`Frame::bgr24`].
    pub fn png(&self) -> Result<Bytes> {
        convert::png(&self.picture.0, self.size)
    }

    /// A lossless WebP, made anew at each call.
    ///
    /// # Errors
    /// As [`Frame::bgr24`].
    pub fn webp(&self) -> Result<Bytes> {
        convert::webp(&self.picture.0, self.size)
    }
}

/// How many buffers wait for reuse: the decoder fills one while readers hold the former two.
const SPARE: usize = 3;

/// Reuses the memory of pictures, so that a running rendition allocates nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    /// A buffer of `len` bytes with any content.
    pub(crate) fn take(&self, len: usize) -> Picture {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut buffer = spare.unwrap_or_default();
        buffer.resize(len, 0);
        Picture(buffer, self.clone())
    }
}

/// The bytes of one yuv420p picture: the Y plane, then U, then V, without padding. Goes back to
/// its pool when dropped.
#[derive(Debug)]
pub(crate) struct Picture(Vec<u8>, Pool);

impl Picture {
    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// The Y plane of a picture of this size.
    pub(crate) fn luma(&self, size: Size) -> &[u8] {
        &self.0[..(size.width() * size.height()) as usize]
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        let mut spare = self.1.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE {
            spare.push(std::mem::take(&mut self.0));
        }
    }
}
