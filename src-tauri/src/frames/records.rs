//! The bytes of `next_frames`, one record after the other, numbers in little endian:
//! `u32 length | u32 key | u64 sequence | u64 capture time, unix ns | length bytes of JPEG`.

use bytes::Bytes;
use fanlight_engine::{Frame, Quality};

const HEADER_BYTES: usize = 24;

/// One tile's frame.
pub(super) struct Record {
    key: u32,
    sequence: u64,
    captured_at: u64,
    jpeg: Bytes,
}

impl Record {
    /// Encodes the frame, unless someone did before. A frame that cannot be encoded is skipped.
    pub(super) fn new(key: u32, frame: &Frame) -> Option<Self> {
        match frame.jpeg(Quality::default()) {
            Ok(jpeg) => Some(Self {
                key,
                sequence: frame.sequence,
                // After 1970, and for some centuries within 64 bits.
                captured_at: frame.captured_at.as_nanosecond() as u64,
                jpeg,
            }),
            Err(error) => {
                tracing::warn!("a frame was not shown: {error}");
                None
            }
        }
    }
}

/// Puts the records into one piece.
pub(super) fn pack(records: impl Iterator<Item = Record>) -> Vec<u8> {
    let records: Vec<_> = records.collect();
    let total = records.iter().map(|r| HEADER_BYTES + r.jpeg.len()).sum();
    let mut bytes = Vec::with_capacity(total);
    for record in &records {
        bytes.extend((record.jpeg.len() as u32).to_le_bytes());
        bytes.extend(record.key.to_le_bytes());
        bytes.extend(record.sequence.to_le_bytes());
        bytes.extend(record.captured_at.to_le_bytes());
        bytes.extend_from_slice(&record.jpeg);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_each_field_where_the_page_reads_it() {
        let record = |key, jpeg: &'static [u8]| Record {
            key,
            sequence: 0x0102_0304_0506_0708,
            captured_at: 1_700_000_000_123_456_789,
            jpeg: Bytes::from_static(jpeg),
        };
        let bytes = pack([record(7, b"abc"), record(8, b"")].into_iter());
        assert_eq!(bytes.len(), 2 * HEADER_BYTES + 3);
        assert_eq!(bytes[0..4], [3, 0, 0, 0]);
        assert_eq!(bytes[4..8], [7, 0, 0, 0]);
        assert_eq!(bytes[8..16], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(bytes[16..24], 1_700_000_000_123_456_789_u64.to_le_bytes());
        assert_eq!(&bytes[24..27], b"abc");
        assert_eq!(bytes[27..35], [0, 0, 0, 0, 8, 0, 0, 0]);
    }

    #[test]
    fn nothing_new_is_no_bytes() {
        assert!(pack(std::iter::empty()).is_empty());
    }
}
