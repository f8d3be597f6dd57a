//! The parts of a recording that a player fetches one by one (RFC 8216): fragments put together, so
//! that each part begins with a keyframe. Pure: files are `movie`'s business.

use std::ops::Range;
use std::time::Duration;

use super::mp4::TIMESCALE;

/// A segment ends before it has more bytes than this, whatever comes next: players hold it whole. A
/// single fragment may have more.
const LARGEST: u64 = 32 << 20;

/// A part of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its bytes in the file.
    pub bytes: Range<u64>,
    /// How long it is.
    pub duration: Duration,
    /// Whether it begins with a keyframe, as all do but those after one that would have become too
    /// large.
    pub keyframe: bool,
}

/// What of a recording can be played, in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    /// The bytes that every part needs before it: `ftyp` and `moov`.
    pub head: Range<u64>,
    /// In order, without gaps between them. While the recording is being written, those that will
    /// not change any more.
    pub segments: Vec<Segment>,
    /// Whether more may come.
    pub in_progress: bool,
}

/// A whole fragment in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) bytes: Range<u64>,
    /// When it begins and ends, in ticks.
    pub(super) ticks: Range<u64>,
    pub(super) keyframe: bool,
}

/// Puts the fragments of a file together, as far as they are `complete` or followed by the beginning
/// of the next segment.
pub(super) fn group(fragments: &[Placed], complete: bool) -> Vec<Segment> {
    let mut runs: Vec<&[Placed]> = Vec::new();
    let mut from = 0;
    for (at, fragment) in fragments.iter().enumerate().skip(1) {
        if fragment.keyframe || fragment.bytes.end - fragments[from].bytes.start > LARGEST {
            runs.push(&fragments[from..at]);
            from = at;
        }
    }
    if complete && from < fragments.len() {
        runs.push(&fragments[from..]);
    }
    runs.into_iter().map(segment).collect()
}

fn segment(run: &[Placed]) -> Segment {
    let (first, last) = (&run[0], &run[run.len() - 1]);
    let ticks = last.ticks.end.saturating_sub(first.ticks.start);
    Segment {
        bytes: first.bytes.start..last.bytes.end,
        duration: Duration::from_micros(ticks * 1_000_000 / u64::from(TIMESCALE)),
        keyframe: first.keyframe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Fragments of a second and this many bytes each; `K` begins with a keyframe.
    fn fragments(kinds: &str, bytes: u64) -> Vec<Placed> {
        let ticks = u64::from(TIMESCALE);
        let placed = (0..).zip(kinds.chars()).map(|(n, kind)| Placed {
            bytes: 100 + n * bytes..100 + (n + 1) * bytes,
            ticks: n * ticks..(n + 1) * ticks,
            keyframe: kind == 'K',
        });
        placed.collect()
    }

    #[rstest]
    #[case::whole("KppKpKK", 10, true, &[3, 2, 1, 1])]
    #[case::still_being_written("KppKpKp", 10, false, &[3, 2])]
    #[case::nothing_is_sure_yet("Kpp", 10, false, &[])]
    #[case::nothing_there("", 10, true, &[])]
    #[case::too_large("KpppK", 12 << 20, true, &[2, 2, 1])]
    #[case::each_too_large("KpK", 40 << 20, true, &[1, 1, 1])]
    fn segments(
        #[case] kinds: &str,
        #[case] bytes: u64,
        #[case] complete: bool,
        #[case] seconds: &[u64],
    ) {
        let made = group(&fragments(kinds, bytes), complete);
        let durations: Vec<_> = made.iter().map(|segment| segment.duration.as_secs()).collect();
        assert_eq!(durations, seconds);
        let mut at = 100;
        for segment in &made {
            assert_eq!(segment.bytes.start, at);
            at = segment.bytes.end;
        }
        let kinds: Vec<_> = kinds.chars().collect();
        for segment in &made {
            let first = ((segment.bytes.start - 100) / bytes) as usize;
            assert_eq!(segment.keyframe, kinds[first] == 'K');
        }
    }

    #[test]
    fn what_was_told_of_a_recording_in_progress_stays_so() {
        let all = fragments("KppKpKKppK", 10);
        let whole = group(&all, true);
        for there in 0..all.len() {
            let told = group(&all[..there], false);
            assert_eq!(told, whole[..told.len()]);
        }
    }
}
