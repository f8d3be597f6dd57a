//! What a camera has just sent, kept so that somebody can save it. Bounded in seconds and bytes.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;

use super::library::Recording;
use super::movie;
use super::name::Kind;
use super::sample::Sample;
use super::writer::{self, Site};
use crate::codec::Codec;
use crate::error::{Error, ErrorKind, Result};

/// The most that is kept of one camera: 30 s of 12 Mbit/s.
const MAX_BYTES: usize = 48 << 20;

/// The last seconds of a camera, from a keyframe on.
#[derive(Debug, Default)]
pub(super) struct ClipBuffer(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    samples: VecDeque<Sample>,
    bytes: usize,
}

impl ClipBuffer {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a sample, and forgets what is not needed for the last `seconds` any more.
    pub(super) fn keep(&self, sample: Sample, seconds: u32) {
        if sample.stream.codec == Codec::Mjpeg {
            return;
        }
        self.kept().keep(sample, seconds);
    }

    pub(super) fn clear(&self) {
        *self.kept() = Kept::default();
    }

    pub(super) fn bytes(&self) -> usize {
        self.kept().bytes
    }

    pub(super) fn samples(&self) -> Vec<Sample> {
        self.kept().samples.iter().cloned().collect()
    }
}

impl Kept {
    fn keep(&mut self, sample: Sample, seconds: u32) {
        let (keyframe, now) = (sample.keyframe, sample.captured_at);
        self.bytes += sample.data.len();
        self.samples.push_back(sample);
        while self.bytes > MAX_BYTES && !self.samples.is_empty() {
            self.forget_first_group();
        }
        let long = SignedDuration::from_secs(seconds.into());
        while keyframe
            && self
                .second_keyframe()
                .is_some_and(|at| now.duration_since(self.samples[at].captured_at) >= long)
        {
            self.forget_first_group();
        }
    }

    fn second_keyframe(&self) -> Option<usize> {
        self.samples.iter().skip(1).position(|sample| sample.keyframe).map(|at| at + 1)
    }

    fn forget_first_group(&mut self) {
        let end = self.second_keyframe().unwrap_or(self.samples.len());
        let gone: usize = self.samples.drain(..end).map(|sample| sample.data.len()).sum();
        self.bytes -= gone;
    }
}

/// Of what there is, the last `seconds`, from the keyframe before; all in the newest format.
pub(super) fn last(samples: Vec<Sample>, seconds: u32) -> Vec<Sample> {
    let Some(newest) = samples.last() else { return samples };
    let (stream, now) = (newest.stream.clone(), newest.captured_at);
    let format = samples.iter().rposition(|sample| !sample.same_format(&stream));
    let candidates = format.map_or(0, |at| at + 1);
    let long = SignedDuration::from_secs(seconds.into());
    let keyframes = || samples.iter().enumerate().skip(candidates).filter(|(_, s)| s.keyframe);
    let start = keyframes()
        .filter(|(_, sample)| now.duration_since(sample.captured_at) >= long)
        .last()
        .or_else(|| keyframes().next())
        .map(|(at, _)| at);
    match start {
        Some(start) => samples.into_iter().skip(start).collect(),
        None => Vec::new(),
    }
}

/// Writes samples as a clip. Blocks.
///
/// # Errors
/// [`ErrorKind::NothingBuffered`], and what a disk refuses.
pub(super) fn save(site: &Site, samples: Vec<Sample>) -> Result<Recording> {
    let (Some(first), Some(newest)) = (samples.first(), samples.last()) else {
        return Err(Error::new(
            ErrorKind::NothingBuffered,
            "the camera has sent nothing that a clip could be made of; try again once it is online",
        ));
    };
    let length = newest.captured_at.duration_since(first.captured_at).as_secs();
    let seconds = u32::try_from(length).unwrap_or_default() + 1;
    let (recordings, name) = (&site.recordings, site.name());
    let (library, clip, mut movie) =
        writer::begin(recordings, &site.camera, &name, first, Kind::Clip, seconds)?;
    let written = samples
        .into_iter()
        .try_for_each(|sample| movie.add(sample).map(drop))
        .and_then(|()| movie.flush().map(drop));
    if let Err(error) = written {
        library.discard(&clip);
        return Err(movie::refused("written", library.folder(), &error));
    }
    library.progress(&clip, movie.bytes(), movie.duration());
    site.told.send_modify(|told| told.written += movie.bytes());
    writer::finish(&library, &clip, movie)?;
    recordings.keep_within_quota();
    library.find(&clip.id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::StreamInfo;
    use crate::testing;
    use bytes::Bytes;
    use jiff::Timestamp;
    use std::sync::Arc;

    fn sample(stream: &Arc<StreamInfo>, second: i64, keyframe: bool, bytes: usize) -> Sample {
        Sample {
            stream: Arc::clone(stream),
            captured_at: Timestamp::from_second(second).expect("valid"),
            pts: second * 1_000_000,
            keyframe,
            data: Bytes::from(vec![0; bytes]),
        }
    }

    /// The seconds that are kept of one picture a second, a keyframe every ten.
    fn kept(buffer: &ClipBuffer) -> Vec<i64> {
        buffer.samples().iter().map(|sample| sample.captured_at.as_second()).collect()
    }

    #[test]
    fn whole_groups_are_kept_for_the_seconds_wanted() {
        let (buffer, stream) = (ClipBuffer::default(), testing::stream());
        for second in 0..95 {
            buffer.keep(sample(&stream, second, second % 10 == 0, 1), 30);
        }
        assert_eq!(kept(&buffer), (60..95).collect::<Vec<_>>());
        assert_eq!(buffer.bytes(), 35);
    }

    #[test]
    fn its_memory_is_bounded() {
        let (buffer, stream) = (ClipBuffer::default(), testing::stream());
        for second in 0..30 {
            buffer.keep(sample(&stream, second, second % 5 == 0, 4 << 20), 300);
            assert!(buffer.bytes() <= MAX_BYTES);
        }
        assert_eq!(kept(&buffer), (20..30).collect::<Vec<_>>());
    }

    #[test]
    fn a_clip_begins_at_the_keyframe_before() {
        let stream = testing::stream();
        let samples: Vec<_> = (0..40).map(|s| sample(&stream, s, s % 10 == 0, 1)).collect();
        let begins = |seconds| last(samples.clone(), seconds)[0].captured_at.as_second();
        assert_eq!((begins(5), begins(10), begins(300)), (30, 20, 0));
    }

    #[test]
    fn a_clip_is_of_one_format() {
        let (before, mut after) = (testing::stream(), StreamInfo::clone(&testing::stream()));
        after.config_record = Bytes::from_static(b"other");
        let after = Arc::new(after);
        let mut samples: Vec<_> = (0..10).map(|s| sample(&before, s, s == 0, 1)).collect();
        samples.extend((10..20).map(|s| sample(&after, s, s == 10, 1)));
        assert_eq!(last(samples, 300).len(), 10);
    }
}
