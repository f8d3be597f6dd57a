//! The bytes of `next_frames`: one JPEG with the newest picture of each tile, and before it where in it
//! each tile's picture is. Numbers in little endian:
//! `u32 tiles | for each: u32 key, u64 sequence, u64 capture time in unix ns, u32 x, y, width, height | JPEG`.

use std::sync::Arc;

use fanlight_engine::{Frame, Quality, Sheet};

/// One tile's part of the picture.
struct Part {
    key: u32,
    sequence: u64,
    captured_at: u64,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

const PART_BYTES: usize = 36;

/// Puts the frames, by their tiles' keys, into one picture. Nothing is no bytes.
pub(super) fn of(newest: Vec<(u32, Arc<Frame>)>) -> fanlight_engine::Result<Vec<u8>> {
    let (keys, frames): (Vec<_>, Vec<_>) = newest.into_iter().unzip();
    if frames.is_empty() {
        return Ok(Vec::new());
    }
    let sheet = Sheet::new(&frames, Quality::default())?;
    let parts = keys.iter().zip(&frames).zip(&sheet.places).map(|((&key, frame), place)| Part {
        key,
        sequence: frame.sequence,
        // After 1970, and for some centuries within 64 bits.
        captured_at: frame.captured_at.as_nanosecond() as u64,
        x: place.x,
        y: place.y,
        width: frame.size.width(),
        height: frame.size.height(),
    });
    Ok(pack(&parts.collect::<Vec<_>>(), &sheet.jpeg))
}

fn pack(parts: &[Part], jpeg: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 + PART_BYTES * parts.len() + jpeg.len());
    bytes.extend((parts.len() as u32).to_le_bytes());
    for part in parts {
        bytes.extend(part.key.to_le_bytes());
        bytes.extend(part.sequence.to_le_bytes());
        bytes.extend(part.captured_at.to_le_bytes());
        for number in [part.x, part.y, part.width, part.height] {
            bytes.extend(number.to_le_bytes());
        }
    }
    bytes.extend_from_slice(jpeg);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_each_field_where_the_page_reads_it() {
        let part = |key| Part {
            key,
            sequence: 0x0102_0304_0506_0708,
            captured_at: 1_700_000_000_123_456_789,
            x: 16,
            y: 32,
            width: 320,
            height: 180,
        };
        let bytes = pack(&[part(7), part(8)], b"abc");
        assert_eq!(bytes.len(), 4 + 2 * PART_BYTES + 3);
        assert_eq!(bytes[0..4], [2, 0, 0, 0]);
        assert_eq!(bytes[4..8], [7, 0, 0, 0]);
        assert_eq!(bytes[8..16], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(bytes[16..24], 1_700_000_000_123_456_789_u64.to_le_bytes());
        assert_eq!(bytes[24..40], [16, 0, 0, 0, 32, 0, 0, 0, 64, 1, 0, 0, 180, 0, 0, 0]);
        assert_eq!(bytes[40..44], [8, 0, 0, 0]);
        assert_eq!(&bytes[76..], b"abc");
    }

    #[test]
    fn nothing_new_is_no_bytes() {
        assert_eq!(of(Vec::new()).expect("packs"), [0_u8; 0]);
    }
}
