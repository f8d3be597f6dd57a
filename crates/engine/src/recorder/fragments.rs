//! Samples into fragments: when one ends, and when each of its samples is decoded. Pure.

use super::mp4::{FragmentSample, TIMESCALE};
use super::sample::Sample;

/// A fragment ends once it is this long: what a crash may cost.
const LONG: i64 = TIMESCALE as i64;
/// At a keyframe it may end earlier, so that players find one at its start.
const SHORT: i64 = TIMESCALE as i64 / 2;
/// It ends here whatever comes next.
const LONGEST: i64 = 2 * LONG;
/// Or with this many bytes.
const LARGEST: usize = 16 << 20;
/// How long a picture is shown when nothing tells: that of 25 a second.
const USUAL_STEP: u32 = TIMESCALE / 25;
/// The longest that one is shown because the next is late.
const LONGEST_STEP: i64 = 60 * TIMESCALE as i64;

/// Samples that belong together.
#[derive(Debug, PartialEq)]
pub(super) struct Fragment {
    /// When its first sample is decoded, in ticks.
    pub(super) at: u64,
    pub(super) samples: Vec<FragmentSample>,
}

impl Fragment {
    /// When its last sample ends.
    pub(super) fn end(&self) -> u64 {
        self.at + self.samples.iter().map(|sample| u64::from(sample.duration)).sum::<u64>()
    }
}

/// The fragment that is being collected.
#[derive(Debug)]
pub(super) struct Fragments {
    waiting: Vec<(i64, Sample)>,
    bytes: usize,
    /// The latest time of what waits.
    latest: i64,
    /// From when on the next sample can be decoded.
    free_from: i64,
    /// How long the last picture was shown.
    step: u32,
}

impl Fragments {
    pub(super) fn new() -> Self {
        Self { waiting: Vec::new(), bytes: 0, latest: 0, free_from: 0, step: USUAL_STEP }
    }

    /// Adds a sample that is shown then. Hands out the fragment before it once that is complete.
    pub(super) fn add(&mut self, at: i64, sample: Sample) -> Option<Fragment> {
        let complete = self.is_complete(at, sample.keyframe).then(|| self.end(Some(at))).flatten();
        self.latest = if self.waiting.is_empty() { at } else { self.latest.max(at) };
        self.bytes += sample.data.len();
        self.waiting.push((at, sample));
        complete
    }

    /// Where pictures are reordered, one that is shown after all that came before begins a group:
    /// none that follows is shown before those. So the times of decoding stay in order from one
    /// fragment to the next.
    fn is_complete(&self, at: i64, keyframe: bool) -> bool {
        let Some((first, _)) = self.waiting.first() else { return false };
        let length = at - first;
        let begins = at > self.latest;
        (begins && (length >= LONG || keyframe && length >= SHORT))
            || length >= LONGEST
            || self.bytes >= LARGEST
    }

    /// Ends the fragment that is being collected, if there is any of it.
    pub(super) fn flush(&mut self) -> Option<Fragment> {
        self.end(None)
    }

    /// `next`: when the picture that follows is shown.
    fn end(&mut self, next: Option<i64>) -> Option<Fragment> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        // Packets come in the order of decoding and say when they are shown. The n-th is decoded
        // when the n-th of all is shown; that some are shown earlier, composition times below
        // zero may say (8.8.8, version 1).
        let is_reordered = waiting.windows(2).any(|pair| pair[1].0 < pair[0].0);
        let mut shown: Vec<i64> = waiting.iter().map(|(at, _)| *at).collect();
        shown.sort_unstable();
        let mut decoded = Vec::with_capacity(shown.len());
        for at in shown {
            let at = at.max(self.free_from);
            self.free_from = at + 1;
            decoded.push(at);
        }
        let (first, last) = (*decoded.first()?, *decoded.last()?);
        if let [.., before, last] = decoded[..] {
            self.step = u32::try_from(last - before).unwrap_or(USUAL_STEP);
        }
        // The next of reordered pictures is shown after some that follow it.
        let next = next.filter(|_| !is_reordered);
        let until_next =
            next.map(|next| next - last).filter(|step| (1..LONGEST_STEP).contains(step));
        decoded.push(last + until_next.unwrap_or(self.step.into()));
        let samples = waiting.into_iter().zip(decoded.windows(2)).map(|((at, sample), span)| {
            FragmentSample {
                duration: (span[1] - span[0]) as u32,
                composition: at - span[0],
                keyframe: sample.keyframe,
                data: sample.data,
            }
        });
        Some(Fragment { at: first as u64, samples: samples.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use bytes::Bytes;
    use jiff::Timestamp;

    const FRAME: i64 = 3600;

    fn sample(keyframe: bool) -> Sample {
        Sample {
            stream: testing::stream(),
            captured_at: Timestamp::UNIX_EPOCH,
            pts: 0,
            keyframe,
            data: Bytes::from_static(b"data"),
        }
    }

    /// Fragments of pictures shown in this order, 25 a second; `gop` apart are keyframes.
    fn fragments(order: impl IntoIterator<Item = i64>, gop: i64) -> Vec<Fragment> {
        let mut fragments = Fragments::new();
        let mut made: Vec<_> = order
            .into_iter()
            .filter_map(|n| fragments.add(n * FRAME, sample(n % gop == 0)))
            .collect();
        made.extend(fragments.flush());
        made
    }

    fn lengths(fragments: &[Fragment]) -> Vec<usize> {
        fragments.iter().map(|fragment| fragment.samples.len()).collect()
    }

    #[test]
    fn a_fragment_is_a_second_and_begins_at_a_keyframe_where_there_is_one() {
        assert_eq!(lengths(&fragments(0..100, 50)), [25, 25, 25, 25]);
        assert_eq!(lengths(&fragments(0..100, 40)), [25, 15, 25, 15, 20]);
        assert_eq!(lengths(&fragments(0..50, 1)), [13, 13, 13, 11]);
    }

    #[test]
    fn without_reordering_everything_is_shown_when_it_is_decoded() {
        for fragment in fragments(0..60, 25) {
            assert!(fragment.samples.iter().all(|s| s.composition == 0 && s.duration == 3600));
        }
    }

    #[test]
    fn decoding_never_runs_back_although_pictures_are_reordered() {
        // I0 P4 B2 B1 B3, P8 B6 B5 B7 ...
        let order = std::iter::once(0)
            .chain((0..40).flat_map(|n| [4, 2, 1, 3].map(|b| n * 4 + b)))
            .collect::<Vec<_>>();
        let made = fragments(order.clone(), 1000);
        assert!(made.len() > 3);
        let mut shown = Vec::new();
        let mut free = 0;
        for fragment in &made {
            let mut at = fragment.at as i64;
            assert!(at >= free, "{at} {free}");
            for sample in &fragment.samples {
                shown.push((at + sample.composition) / FRAME);
                at += i64::from(sample.duration);
            }
            free = at;
        }
        assert_eq!(shown, order);
    }

    #[test]
    fn a_gap_is_bridged_by_the_picture_before_it() {
        let made = fragments((0..30).chain(180..200), 25);
        let last = made.iter().flat_map(|f| &f.samples).map(|s| i64::from(s.duration)).max();
        assert_eq!(last, Some(151 * FRAME));
        assert_eq!(made.last().map(Fragment::end), Some(200 * 3600));
    }
}
