//! Motion JPEG: decoded in this process by libjpeg-turbo. Each packet is a whole picture, so there
//! is nothing to hold back and no process to keep.

use std::sync::Arc;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use turbojpeg::{Decompressor, Image, PixelFormat};

use super::{Packets, codec_changed, failed};
use crate::codec::Codec;
use crate::config::{MAX_PIXELS, Size};
use crate::convert;
use crate::error::{Error, Result};
use crate::frame::{Decoded, Picture, Pool};
use crate::packet::Packet;

/// More scans than a camera writes make one small JPEG cost seconds.
const MAX_SCANS: u32 = 100;

/// Damaged pictures in a row after which the stream itself is at fault.
const MAX_DAMAGED: u32 = 50;

/// Decodes `first` and what `packets` delivers after it, until the camera changes its codec or
/// sends nothing but damaged pictures.
pub(super) async fn run(
    first: Arc<Packet>,
    packets: &mut Packets<'_>,
    size: Size,
    pool: &Pool,
    mut publish: impl FnMut(Decoded),
) -> Error {
    let mut jpeg = match JpegDecoder::new(size) {
        Ok(jpeg) => jpeg,
        Err(error) => return error,
    };
    let mut packet = first;
    let mut damaged = 0;
    loop {
        if packet.stream.codec != Codec::Mjpeg {
            return codec_changed();
        }
        let picture = pool.take(convert::yuv420p_len(size));
        let data = packet.data.clone();
        // Ten milliseconds at 1080p: long enough to keep off the threads that serve.
        let decoding = tokio::task::spawn_blocking(move || {
            let decoded = jpeg.decode(&data, picture);
            (jpeg, decoded)
        });
        let decoded = match decoding.await {
            Ok((returned, decoded)) => {
                jpeg = returned;
                decoded
            }
            Err(_) => return failed("it was interrupted"),
        };
        match decoded {
            Ok(picture) => {
                damaged = 0;
                let Packet { sequence, captured_at, clock, .. } = *packet;
                publish(Decoded { sequence, captured_at, clock, picture });
            }
            Err(error) => {
                tracing::debug!(sequence = packet.sequence, "{error}");
                damaged += 1;
                if damaged >= MAX_DAMAGED {
                    return error;
                }
            }
        }
        packet = packets.next().await;
    }
}

/// Decodes to one size, reusing its memory.
struct JpegDecoder {
    size: Size,
    jpeg: Decompressor,
    resizer: Resizer,
    /// The picture at the camera's size, then at ours; three bytes a pixel.
    full: Vec<u8>,
    scaled: Vec<u8>,
}

impl JpegDecoder {
    fn new(size: Size) -> Result<Self> {
        let mut jpeg = Decompressor::new().map_err(|e| failed(&e.to_string()))?;
        jpeg.set_scan_limit(MAX_SCANS).map_err(|e| failed(&e.to_string()))?;
        let (full, scaled) = (Vec::new(), Vec::new());
        Ok(Self { size, jpeg, resizer: Resizer::new(), full, scaled })
    }

    fn decode(&mut self, data: &[u8], mut picture: Picture) -> Result<Picture> {
        let damaged = |e: &dyn std::fmt::Display| failed(&format!("a damaged JPEG: {e}"));
        let header = self.jpeg.read_header(data).map_err(|e| damaged(&e))?;
        let (width, height) = (header.width, header.height);
        if width.saturating_mul(height) > MAX_PIXELS as usize {
            return Err(failed(&format!("a JPEG of {width}x{height} is too large")));
        }
        let pitch = width * 3;
        self.full.resize(pitch * height, 0);
        let pixels = self.full.as_mut_slice();
        let output = Image { pixels, width, pitch, height, format: PixelFormat::RGB };
        self.jpeg.decompress(data, output).map_err(|e| damaged(&e))?;
        let (own_width, own_height) = (self.size.width(), self.size.height());
        let rgb = if (width, height) == (own_width as usize, own_height as usize) {
            &self.full
        } else {
            self.scaled.resize((own_width * own_height * 3) as usize, 0);
            let from = TypedImageRef::<U8x3>::from_buffer(width as u32, height as u32, &self.full);
            let to = TypedImage::from_buffer(own_width, own_height, &mut self.scaled);
            let (from, mut to) = (from.map_err(|e| damaged(&e))?, to.map_err(|e| damaged(&e))?);
            // As FFmpeg scales the other codecs: fast, and good enough to watch and to detect on.
            let fast = ResizeAlg::Convolution(FilterType::Bilinear);
            let options = ResizeOptions::new().resize_alg(fast);
            self.resizer.resize_typed(&from, &mut to, &options).map_err(|e| damaged(&e))?;
            &self.scaled
        };
        convert::yuv420p(rgb, self.size, picture.as_mut())?;
        Ok(picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Red above blue, as a JPEG.
    fn jpeg(width: usize, height: usize) -> Vec<u8> {
        let pixels: Vec<u8> = (0..height)
            .flat_map(|row| {
                let colour = if row < height / 2 { [255, 0, 0] } else { [0, 0, 255] };
                std::iter::repeat_n(colour, width).flatten()
            })
            .collect();
        let pitch = width * 3;
        let image =
            Image { pixels: pixels.as_slice(), width, pitch, height, format: PixelFormat::RGB };
        turbojpeg::compress(image, 95, turbojpeg::Subsamp::Sub2x1).expect("compresses").to_vec()
    }

    fn decode(data: &[u8], size: Size) -> Result<Vec<u8>> {
        let picture = Pool::default().take(convert::yuv420p_len(size));
        let mut picture = JpegDecoder::new(size)?.decode(data, picture)?;
        Ok(picture.as_mut().to_vec())
    }

    #[rstest]
    #[case::as_sent((64, 48))]
    #[case::smaller((32, 24))]
    #[case::larger((128, 96))]
    #[case::odd((33, 25))]
    fn pictures_keep_their_colours_at_every_size(#[case] (width, height): (u32, u32)) {
        let size = Size::new(width, height).expect("valid");
        let picture = decode(&jpeg(64, 48), size).expect("decodes");
        let mut bgr = vec![0; convert::packed_len(size)];
        convert::bgr24(&picture, size, &mut bgr).expect("converts");
        let pixel = |row: u32| {
            let at = ((row * width + width / 2) * 3) as usize;
            [bgr[at], bgr[at + 1], bgr[at + 2]]
        };
        let close =
            |left: [u8; 3], right: [u8; 3]| left.iter().zip(right).all(|(l, r)| l.abs_diff(r) < 12);
        assert!(close(pixel(2), [0, 0, 255]), "{:?}", pixel(2));
        assert!(close(pixel(height - 3), [255, 0, 0]), "{:?}", pixel(height - 3));
    }

    #[test]
    fn damaged_pictures_are_errors() {
        let size = Size::new(64, 48).expect("valid");
        assert!(decode(b"no picture", size).is_err());
        assert!(decode(&jpeg(64, 48)[..100], size).is_err());
    }
}
