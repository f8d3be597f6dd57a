//! A look into NAL units (ISO/IEC 14496-15: each behind its length as a big-endian u32).

use crate::codec::Codec;

/// A NAL unit type of H.264 (Rec. ITU-T H.264, table 7-1).
const H264_SLICE: u8 = 1;
const H264_IDR: u8 = 5;
const H264_SEI: u8 = 6;
const H264_SPS: u8 = 7;
/// The SEI payload that announces a point from which decoding gives whole pictures
/// (Rec. ITU-T H.264, D.1.8).
const RECOVERY_POINT: u8 = 6;
/// NAL unit types of H.265 that hold a picture at which decoding can start (table 7-1).
const H265_IRAP: std::ops::RangeInclusive<u8> = 16..=21;
const H265_VPS: u8 = 32;

const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Whether decoding can start at this access unit.
///
/// H.264: an IDR picture, a recovery point (intra-refresh cameras send nothing else), or a picture
/// of I slices only, which some cameras send instead of IDR. H.265: an IRAP picture, of which IDR
/// is one kind and CRA another.
pub(crate) fn starts_here(codec: Codec, access_unit: &[u8]) -> bool {
    match codec {
        Codec::H264 => h264_starts_here(access_unit),
        Codec::H265 => units(access_unit)
            .any(|unit| unit.first().is_some_and(|head| H265_IRAP.contains(&((head >> 1) & 63)))),
        Codec::Mjpeg => true,
    }
}

fn h264_starts_here(access_unit: &[u8]) -> bool {
    let (mut slices, mut intra) = (0, 0);
    for unit in units(access_unit) {
        match unit.first().map(|head| head & 31) {
            Some(H264_IDR) => return true,
            Some(H264_SEI) if has_recovery_point(&unit[1..]) => return true,
            Some(H264_SLICE) => {
                slices += 1;
                intra += u32::from(is_intra_slice(&unit[1..]));
            }
            _ => {}
        }
    }
    slices > 0 && slices == intra
}

/// Walks the SEI messages: a type and a size, each as a run of 255s and a last byte.
fn has_recovery_point(mut sei: &[u8]) -> bool {
    fn number(sei: &mut &[u8]) -> Option<usize> {
        let mut value = 0;
        loop {
            let (&byte, rest) = sei.split_first()?;
            *sei = rest;
            value += usize::from(byte);
            if byte != 255 {
                return Some(value);
            }
        }
    }
    while sei.len() > 2 {
        let (Some(kind), Some(size)) = (number(&mut sei), number(&mut sei)) else { return false };
        if kind == usize::from(RECOVERY_POINT) {
            return true;
        }
        sei = sei.get(size..).unwrap_or_default();
    }
    false
}

/// Reads `slice_type` of a slice header: the second Exp-Golomb number. 2 and 7 are I slices.
fn is_intra_slice(header: &[u8]) -> bool {
    let mut bits = header
        .iter()
        .take(16)
        .flat_map(|byte| (0..8).rev().map(move |shift| u32::from(byte >> shift & 1)));
    let mut exp_golomb = || {
        let zeros = bits.by_ref().take_while(|bit| *bit == 0).count();
        (zeros < 16).then(|| (0..zeros).try_fold(1, |value, _| Some(value << 1 | bits.next()?)))?
    };
    let _first_macroblock = exp_golomb();
    // The numbers are stored plus one.
    matches!(exp_golomb(), Some(3 | 8))
}

/// The access unit with start codes instead of lengths, behind the parameter sets of `record` (an
/// `AVCDecoderConfigurationRecord` or `HEVCDecoderConfigurationRecord`) unless it has its own.
pub(crate) fn annex_b(codec: Codec, access_unit: &[u8], record: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(access_unit.len() + 256);
    let has_its_own = units(access_unit).any(|unit| match codec {
        Codec::H264 => unit.first().is_some_and(|head| head & 31 == H264_SPS),
        _ => unit.first().is_some_and(|head| (head >> 1) & 63 == H265_VPS),
    });
    let sets = record.filter(|_| !has_its_own).map(|record| parameter_sets(codec, record));
    for unit in sets.into_iter().flatten().chain(units(access_unit)) {
        out.extend(START_CODE);
        out.extend(unit);
    }
    out
}

/// The parameter sets in a decoder configuration record, in its order; fewer when it is damaged.
fn parameter_sets(codec: Codec, record: &[u8]) -> Vec<&[u8]> {
    fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
        let (taken, after) = rest.split_at_checked(count)?;
        *rest = after;
        Some(taken)
    }
    fn sets<'a>(rest: &mut &'a [u8], count: usize, out: &mut Vec<&'a [u8]>) -> Option<()> {
        for _ in 0..count {
            let length = take(rest, 2)?;
            out.push(take(rest, usize::from(length[0]) << 8 | usize::from(length[1]))?);
        }
        Some(())
    }
    let mut out = Vec::new();
    let mut rest = record;
    let mut read = || -> Option<()> {
        if codec == Codec::H264 {
            let head = take(&mut rest, 6)?;
            sets(&mut rest, usize::from(head[5] & 31), &mut out)?;
            let count = take(&mut rest, 1)?[0];
            sets(&mut rest, usize::from(count), &mut out)
        } else {
            let arrays = take(&mut rest, 23)?[22];
            for _ in 0..arrays {
                let head = take(&mut rest, 3)?;
                sets(&mut rest, usize::from(head[1]) << 8 | usize::from(head[2]), &mut out)?;
            }
            Some(())
        }
    };
    let _ = read();
    out
}

/// The name of the profile that a decoder configuration record declares.
pub(crate) fn profile(codec: Codec, record: &[u8]) -> Option<&'static str> {
    match codec {
        // Rec. ITU-T H.264, annex A.
        Codec::H264 => Some(match (record.get(1)?, record.get(2)?) {
            (66, flags) if flags & 0x40 != 0 => "Constrained Baseline",
            (66, _) => "Baseline",
            (77, _) => "Main",
            (88, _) => "Extended",
            (100, _) => "High",
            (110, _) => "High 10",
            (122, _) => "High 4:2:2",
            (244, _) => "High 4:4:4 Predictive",
            _ => return None,
        }),
        // Rec. ITU-T H.265, annex A.
        Codec::H265 => Some(match record.get(1)? & 31 {
            1 => "Main",
            2 => "Main 10",
            3 => "Main Still Picture",
            4 => "Range Extensions",
            _ => return None,
        }),
        Codec::Mjpeg => None,
    }
}

fn units(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        let unit = after.get(..length)?;
        rest = &after[length..];
        Some(unit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn access_unit(units: &[&[u8]]) -> Vec<u8> {
        units
            .iter()
            .flat_map(|unit| {
                (unit.len() as u32).to_be_bytes().into_iter().chain(unit.iter().copied())
            })
            .collect()
    }

    #[rstest]
    #[case::idr(&[32, 33, 34, 19], true)]
    #[case::cra(&[21], true)]
    #[case::trailing(&[1], false)]
    #[case::parameter_sets_alone(&[32, 33, 34], false)]
    #[case::nothing(&[], false)]
    fn h265_starts_at_irap_pictures(#[case] types: &[u8], #[case] starts: bool) {
        let units: Vec<[u8; 2]> = types.iter().map(|kind| [kind << 1, 1]).collect();
        let units: Vec<&[u8]> = units.iter().map(<[u8; 2]>::as_slice).collect();
        assert_eq!(starts_here(Codec::H265, &access_unit(&units)), starts);
    }

    #[rstest]
    #[case::idr(vec![vec![0x67, 1], vec![0x68, 1], vec![0x65, 0x88]], true)]
    // first_mb_in_slice 0 (`1`), slice_type 7 (`0001000`)
    #[case::i_slice(vec![vec![0x41, 0b1000_1000]], true)]
    // slice_type 5 (`00110`): P
    #[case::p_slice(vec![vec![0x41, 0b1001_1000]], false)]
    #[case::both(vec![vec![0x41, 0b1000_1000], vec![0x41, 0b1001_1000]], false)]
    #[case::recovery_point(vec![vec![0x06, 6, 1, 0xc4, 0x80], vec![0x41, 0b1001_1000]], true)]
    #[case::another_sei_first(vec![vec![0x06, 5, 2, 9, 9, 6, 1, 0xc4, 0x80], vec![0x41, 0b1001_1000]], true)]
    #[case::another_sei(vec![vec![0x06, 5, 2, 6, 6, 0x80], vec![0x41, 0b1001_1000]], false)]
    #[case::parameter_sets_alone(vec![vec![0x67, 1], vec![0x68, 1]], false)]
    #[case::nothing(vec![], false)]
    fn h264_starts_where_whole_pictures_come(#[case] units: Vec<Vec<u8>>, #[case] starts: bool) {
        let units: Vec<&[u8]> = units.iter().map(Vec::as_slice).collect();
        assert_eq!(starts_here(Codec::H264, &access_unit(&units)), starts);
    }

    #[test]
    fn a_keyframe_brings_its_parameter_sets_once() {
        let record = [1, 66, 0, 30, 255, 0xe1, 0, 2, 0x67, 7, 1, 0, 2, 0x68, 8];
        let bare = access_unit(&[&[0x65, 5]]);
        let expected = [0, 0, 0, 1, 0x67, 7, 0, 0, 0, 1, 0x68, 8, 0, 0, 0, 1, 0x65, 5];
        assert_eq!(annex_b(Codec::H264, &bare, Some(&record)), expected);
        let whole = access_unit(&[&[0x67, 7], &[0x68, 8], &[0x65, 5]]);
        assert_eq!(annex_b(Codec::H264, &whole, Some(&record)), expected);
        assert_eq!(annex_b(Codec::H264, &bare, None), [0, 0, 0, 1, 0x65, 5]);
    }

    #[test]
    fn h265_records_hold_arrays_of_sets() {
        let mut record = vec![0; 23];
        record[22] = 2;
        record.extend([0x20, 0, 1, 0, 2, 0x40, 1]);
        record.extend([0x21, 0, 1, 0, 2, 0x42, 1]);
        let expected: [&[u8]; 2] = [&[0x40, 1], &[0x42, 1]];
        assert_eq!(parameter_sets(Codec::H265, &record), expected);
    }

    #[rstest]
    #[case(Codec::H264, &[1, 100, 0, 40], Some("High"))]
    #[case(Codec::H264, &[1, 66, 0xc0, 30], Some("Constrained Baseline"))]
    #[case(Codec::H265, &[1, 0x61], Some("Main"))]
    #[case(Codec::H265, &[], None)]
    #[case(Codec::Mjpeg, &[], None)]
    fn profiles_have_names(
        #[case] codec: Codec,
        #[case] record: &[u8],
        #[case] name: Option<&str>,
    ) {
        assert_eq!(profile(codec, record), name);
    }

    proptest! {
        #[test]
        fn never_panics_on_any_bytes(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            record in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            for codec in [Codec::H264, Codec::H265] {
                let _ = starts_here(codec, &bytes);
                let _ = annex_b(codec, &bytes, Some(&record));
                let _ = profile(codec, &record);
            }
        }
    }
}
