//! Several pictures in one JPEG, for who shows many at a time: encoding, handing over and decoding one
//! picture costs a fraction of what it costs for each of them.

use std::sync::Arc;

use bytes::Bytes;

use crate::config::Size;
use crate::convert;
use crate::error::Result;
use crate::frame::{Frame, Quality};

/// Pictures begin where blocks of a JPEG with 4:2:0 chroma do, so that none is compressed together with
/// its neighbour.
const BLOCK: u32 = 16;

/// Where a picture is on its sheet, in pixels; its size is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
}

/// Some pictures, one beside the other.
#[derive(Debug)]
pub struct Sheet {
    /// All of them.
    pub jpeg: Bytes,
    /// Where each is, in the order in which they were given.
    pub places: Vec<Place>,
}

impl Sheet {
    /// Puts these pictures on one sheet. One alone is the same JPEG that others get of it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Internal`] when it cannot be encoded, as when it would be larger than a JPEG may be.
    pub fn new(frames: &[Arc<Frame>], quality: Quality) -> Result<Self> {
        if let [frame] = frames {
            let jpeg = frame.jpeg(quality)?;
            return Ok(Self { jpeg, places: vec![Place::default()] });
        }
        let sizes: Vec<Size> = frames.iter().map(|frame| frame.size).collect();
        let (places, (width, height)) = arrange(&sizes);
        let mut canvas = convert::JpegCanvas::new(width, height);
        for (frame, place) in frames.iter().zip(&places) {
            canvas.put(frame.yuv420p(), frame.size, place.x, place.y);
        }
        Ok(Self { jpeg: canvas.jpeg(quality)?, places })
    }
}

/// Rows of pictures, the high ones first, about as wide as high. The places, and the whole size.
fn arrange(sizes: &[Size]) -> (Vec<Place>, (u32, u32)) {
    let cell =
        |size: &Size| (size.width().next_multiple_of(BLOCK), size.height().next_multiple_of(BLOCK));
    let cells: Vec<_> = sizes.iter().map(cell).collect();
    let area: u64 = cells.iter().map(|&(width, height)| u64::from(width) * u64::from(height)).sum();
    let widest = cells.iter().map(|&(width, _)| width).max().unwrap_or(BLOCK);
    let room = widest.max((area as f64).sqrt().ceil() as u32);
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(cells[index].1));
    let mut places = vec![Place::default(); cells.len()];
    let (mut x, mut y, mut row, mut right) = (0, 0, 0, BLOCK);
    for index in order {
        let (width, height) = cells[index];
        if x > 0 && x + width > room.next_multiple_of(BLOCK) {
            (x, y, row) = (0, y + row, 0);
        }
        places[index] = Place { x, y };
        x += width;
        row = row.max(height);
        right = right.max(x);
    }
    (places, (right, (y + row).max(BLOCK)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).expect("valid")
    }

    #[rstest]
    #[case::one(&[(320, 180)])]
    #[case::sixteen_alike(&[(320, 180); 16])]
    #[case::one_large_among_small(&[(160, 90), (1280, 720), (160, 120), (160, 90)])]
    #[case::odd_sides(&[(333, 181), (161, 91), (17, 333)])]
    fn pictures_lie_side_by_side(#[case] sizes: &[(u32, u32)]) {
        let sizes: Vec<_> = sizes.iter().map(|&(width, height)| size(width, height)).collect();
        let (places, (width, height)) = arrange(&sizes);
        let rects: Vec<_> = places
            .iter()
            .zip(&sizes)
            .map(|(place, size)| {
                (place.x, place.y, place.x + size.width(), place.y + size.height())
            })
            .collect();
        for (index, a) in rects.iter().enumerate() {
            assert!(a.2 <= width && a.3 <= height, "{a:?} is outside of {width}x{height}");
            assert!(a.0 % BLOCK == 0 && a.1 % BLOCK == 0, "{a:?} begins within a block");
            for b in &rects[index + 1..] {
                let apart = a.2 <= b.0 || b.2 <= a.0 || a.3 <= b.1 || b.3 <= a.1;
                assert!(apart, "{a:?} covers {b:?}");
            }
        }
    }

    #[test]
    fn sixteen_tiles_make_a_sheet_without_waste() {
        let (_, whole) = arrange(&[size(320, 180); 16]);
        assert!(whole.0 * whole.1 <= 16 * 320 * 192 * 5 / 4, "{whole:?}");
    }

    #[test]
    fn each_picture_is_found_in_its_place() {
        let colours = [[81, 90, 240], [41, 240, 110], [145, 54, 34]];
        let rgb = [[255, 0, 0], [0, 0, 255], [0, 255, 0]];
        let sizes = [size(40, 24), size(33, 17), size(16, 16)];
        let (places, (width, height)) = arrange(&sizes);
        let mut canvas = convert::JpegCanvas::new(width, height);
        for ((size, place), colour) in sizes.iter().zip(&places).zip(colours) {
            let luma = (size.width() * size.height()) as usize;
            let chroma = (convert::yuv420p_len(*size) - luma) / 2;
            let [y, u, v] = colour;
            let picture = [vec![y; luma], vec![u; chroma], vec![v; chroma]].concat();
            canvas.put(&picture, *size, place.x, place.y);
        }
        let jpeg = canvas.jpeg(Quality::default()).expect("encodes");
        let image = image::load_from_memory(&jpeg).expect("decodes").to_rgb8();
        assert_eq!(image.dimensions(), (width, height));
        for ((size, place), rgb) in sizes.iter().zip(&places).zip(rgb) {
            // Decoders smooth the colours between neighbours by a pixel.
            for (x, y) in [(1, 1), (size.width() - 2, size.height() - 2)] {
                let found = image.get_pixel(place.x + x, place.y + y).0;
                let near = found.iter().zip(rgb).all(|(a, b)| a.abs_diff(b) <= 8);
                assert!(near, "{found:?} is not {rgb:?} at {x}, {y}");
            }
        }
    }
}
