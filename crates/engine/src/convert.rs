//! From the decoder's yuv420p to what consumers ask for. Pure functions over bytes.
//!
//! The `yuv` crate converts with SIMD (0.35 ms for 1080p) and libjpeg-turbo compresses straight
//! from the planes (0.3 ms for 640x360, where the `image` crate takes 6.6 ms); `image` writes the
//! lossless formats, which nobody asks for 25 times a second.

use std::io::Cursor;

use bytes::Bytes;
use image::{ExtendedColorType, ImageEncoder};
use yuv::{
    BufferStoreMut, YuvConversionMode, YuvPlanarImage, YuvPlanarImageMut, YuvRange,
    YuvStandardMatrix,
};

use crate::config::Size;
use crate::error::{Error, ErrorKind, Result};
use crate::frame::Quality;

/// Bytes of a yuv420p picture. Odd sides round their chroma planes up, as FFmpeg does.
pub(crate) fn yuv420p_len(size: Size) -> usize {
    let (width, height) = (size.width() as usize, size.height() as usize);
    width * height + 2 * (width.div_ceil(2) * height.div_ceil(2))
}

fn planes(picture: &[u8], size: Size) -> YuvPlanarImage<'_, u8> {
    let luma = (size.width() * size.height()) as usize;
    let chroma = (picture.len() - luma) / 2;
    let (y, uv) = picture.split_at(luma);
    let (u, v) = uv.split_at(chroma);
    let half = size.width().div_ceil(2);
    YuvPlanarImage {
        y_plane: y,
        y_stride: size.width(),
        u_plane: u,
        u_stride: half,
        v_plane: v,
        v_stride: half,
        width: size.width(),
        height: size.height(),
    }
}

fn internal(what: &str, error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, format!("the picture could not be {what}: {error}"))
}

type Conversion = fn(
    &YuvPlanarImage<u8>,
    &mut [u8],
    u32,
    YuvRange,
    YuvStandardMatrix,
) -> std::result::Result<(), yuv::YuvError>;

/// Packs the planes into three bytes a pixel. BT.601 limited range, as cameras send and OpenCV
/// assumes.
fn pack(picture: &[u8], size: Size, conversion: Conversion, out: &mut [u8]) -> Result<()> {
    let range = YuvRange::Limited;
    conversion(&planes(picture, size), out, size.width() * 3, range, YuvStandardMatrix::Bt601)
        .map_err(|e| internal("converted", e))
}

/// Bytes of a picture with three bytes a pixel.
pub(crate) fn packed_len(size: Size) -> usize {
    (size.width() * size.height() * 3) as usize
}

/// Fills `out`, of [`packed_len`] bytes.
pub(crate) fn bgr24(picture: &[u8], size: Size, out: &mut [u8]) -> Result<()> {
    pack(picture, size, yuv::yuv420_to_bgr, out)
}

/// The reverse of `pack`: from RGB, three bytes a pixel, into a yuv420p picture.
pub(crate) fn yuv420p(rgb: &[u8], size: Size, picture: &mut [u8]) -> Result<()> {
    let (y, uv) = picture.split_at_mut((size.width() * size.height()) as usize);
    let half = size.width().div_ceil(2);
    let (u, v) = uv.split_at_mut((half * size.height().div_ceil(2)) as usize);
    let mut planes = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(y),
        y_stride: size.width(),
        u_plane: BufferStoreMut::Borrowed(u),
        u_stride: half,
        v_plane: BufferStoreMut::Borrowed(v),
        v_stride: half,
        width: size.width(),
        height: size.height(),
    };
    let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt601);
    yuv::rgb_to_yuv420(
        &mut planes,
        rgb,
        size.width() * 3,
        range,
        matrix,
        YuvConversionMode::Balanced,
    )
    .map_err(|e| internal("converted", e))
}

// JPEG (JFIF) means full-range YUV, where video means limited range. Fixed point, 8 fractional bits:
// 298/256 = 255/219 and 291/256 = 255/224.

fn full_luma(y: u8) -> u8 {
    (((i32::from(y) - 16) * 298) >> 8).clamp(0, 255) as u8
}

fn full_chroma(c: u8) -> u8 {
    ((((i32::from(c) - 128) * 291) >> 8) + 128).clamp(0, 255) as u8
}

/// In full range. libjpeg-turbo also wants the sides of the Y plane even; the last column and row are
/// repeated for that.
fn full_range(picture: &[u8], size: Size) -> Vec<u8> {
    let luma = |&y: &u8| full_luma(y);
    let chroma = |&c: &u8| full_chroma(c);
    let (width, height) = (size.width() as usize, size.height() as usize);
    let (y, uv) = picture.split_at(width * height);
    let mut out = Vec::with_capacity((width + 1) * (height + 1) + uv.len());
    for row in y.chunks_exact(width) {
        out.extend(row.iter().map(luma));
        if width % 2 == 1 {
            out.extend_from_within(out.len() - 1..);
        }
    }
    if height % 2 == 1 {
        out.extend_from_within(out.len() - width.next_multiple_of(2)..);
    }
    out.extend(uv.iter().map(chroma));
    out
}

pub(crate) fn jpeg(picture: &[u8], size: Size, quality: u8) -> Result<Bytes> {
    let (width, height) = (size.width() as usize, size.height() as usize);
    compress(full_range(picture, size), width, height, quality)
}

fn compress(pixels: Vec<u8>, width: usize, height: usize, quality: u8) -> Result<Bytes> {
    let subsamp = turbojpeg::Subsamp::Sub2x2;
    let image = turbojpeg::YuvImage { pixels, width, align: 1, height, subsamp };
    let compressed = turbojpeg::compress_yuv(image.as_deref(), i32::from(quality))
        .map_err(|e| internal("compressed", e))?;
    Ok(Bytes::copy_from_slice(&compressed))
}

/// A JPEG that several pictures are put on; grey where there is none.
pub(crate) struct JpegCanvas {
    /// In full range: Y, then U, then V.
    planes: Vec<u8>,
    width: usize,
    height: usize,
}

impl JpegCanvas {
    /// Both sides of whole blocks.
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self { planes: vec![128; width * height * 3 / 2], width, height }
    }

    /// Copies a picture to a place that begins with a block of 16 pixels and has room for it in whole ones.
    pub(crate) fn put(&mut self, picture: &[u8], size: Size, x: u32, y: u32) {
        let (width, height) = (size.width() as usize, size.height() as usize);
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        let (x, y) = (x as usize, y as usize);
        let (luma, chroma) = self.planes.split_at_mut(self.width * self.height);
        let (from_y, rest) = picture.split_at(width * height);
        copy(from_y, width, &mut luma[y * self.width + x..], self.width, 16, full_luma);
        let (u, v) = chroma.split_at_mut(chroma.len() / 2);
        let (from_u, from_v) = rest.split_at(half_width * half_height);
        let stride = self.width / 2;
        let first = y / 2 * stride + x / 2;
        copy(from_u, half_width, &mut u[first..], stride, 8, full_chroma);
        copy(from_v, half_width, &mut v[first..], stride, 8, full_chroma);
    }

    pub(crate) fn jpeg(self, quality: Quality) -> Result<Bytes> {
        compress(self.planes, self.width, self.height, quality.get())
    }
}

/// Copies a plane into a larger one. What is left of the blocks at its right and lower edge repeats the edge,
/// so that no other colour is compressed into it.
fn copy(
    from: &[u8],
    width: usize,
    to: &mut [u8],
    stride: usize,
    block: usize,
    change: impl Fn(u8) -> u8,
) {
    let (padded, rows) = (width.next_multiple_of(block), from.len() / width);
    for (row, out) in from.chunks_exact(width).zip(to.chunks_mut(stride)) {
        for (value, out) in row.iter().zip(&mut *out) {
            *out = change(*value);
        }
        let last = out[width - 1];
        out[width..padded].fill(last);
    }
    let last = (rows - 1) * stride;
    for row in rows..rows.next_multiple_of(block) {
        to.copy_within(last..last + padded, row * stride);
    }
}

pub(crate) fn png(picture: &[u8], size: Size) -> Result<Bytes> {
    let mut out = Vec::new();
    encode(picture, size, image::codecs::png::PngEncoder::new(Cursor::new(&mut out)))?;
    Ok(out.into())
}

pub(crate) fn webp(picture: &[u8], size: Size) -> Result<Bytes> {
    let mut out = Vec::new();
    encode(picture, size, image::codecs::webp::WebPEncoder::new_lossless(Cursor::new(&mut out)))?;
    Ok(out.into())
}

fn encode(picture: &[u8], size: Size, encoder: impl ImageEncoder) -> Result<()> {
    let mut rgb = vec![0; packed_len(size)];
    pack(picture, size, yuv::yuv420_to_rgb, &mut rgb)?;
    encoder
        .write_image(&rgb, size.width(), size.height(), ExtendedColorType::Rgb8)
        .map_err(|e| internal("encoded", e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// A picture of one colour, in BT.601 limited-range YUV.
    fn plain(size: Size, [y, u, v]: [u8; 3]) -> Vec<u8> {
        let luma = (size.width() * size.height()) as usize;
        let chroma = (yuv420p_len(size) - luma) / 2;
        [vec![y; luma], vec![u; chroma], vec![v; chroma]].concat()
    }

    fn close(left: [u8; 3], right: [u8; 3]) -> bool {
        left.iter().zip(right).all(|(l, r)| l.abs_diff(r) <= 3)
    }

    #[rstest]
    #[case::black([16, 128, 128], [0, 0, 0])]
    #[case::white([235, 128, 128], [255, 255, 255])]
    #[case::red([81, 90, 240], [0, 0, 255])]
    #[case::blue([41, 240, 110], [255, 0, 0])]
    fn colours_come_out_as_bgr(#[case] yuv: [u8; 3], #[case] bgr: [u8; 3]) {
        let size = Size::new(32, 18).expect("valid");
        let mut out = vec![0; packed_len(size)];
        bgr24(&plain(size, yuv), size, &mut out).expect("converts");
        for pixel in out.chunks_exact(3) {
            assert!(close(pixel.try_into().expect("three"), bgr), "{pixel:?} is not {bgr:?}");
        }
    }

    #[rstest]
    #[case::odd_width(33, 18)]
    #[case::odd_height(32, 19)]
    #[case::odd_both(17, 17)]
    fn every_format_takes_odd_sizes(#[case] width: u32, #[case] height: u32) {
        let size = Size::new(width, height).expect("valid");
        let picture = plain(size, [81, 90, 240]);
        for encoded in [jpeg(&picture, size, 80), png(&picture, size), webp(&picture, size)] {
            let image = image::load_from_memory(&encoded.expect("encodes")).expect("decodes");
            let rgb = image.to_rgb8();
            assert_eq!(rgb.dimensions(), (width, height));
            assert!(close(rgb.get_pixel(width / 2, height / 2).0, [255, 0, 0]));
        }
        let mut out = vec![0; packed_len(size)];
        bgr24(&picture, size, &mut out).expect("converts");
        assert!(out.chunks_exact(3).all(|bgr| close(bgr.try_into().expect("three"), [0, 0, 255])));
    }
}
