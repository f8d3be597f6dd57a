//! One movie on disk: written fragment by fragment, finished with an index, and mended after a
//! crash. Everything here may block.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::fragments::{Fragment, Fragments};
use super::mp4::{self, Head, Indexed, TIMESCALE};
use super::sample::Sample;
use super::segments::{self, Placed, Segments};
use super::timeline::Timeline;
use crate::error::{Error, ErrorKind, Result};
use crate::packet::StreamInfo;

/// The largest `moov` or `moof` that is read: ours have kilobytes.
const LARGEST_BOX: u64 = 1 << 20;
/// The largest keyframe that is read.
const LARGEST_KEYFRAME: u32 = 16 << 20;
const BOX_HEADER: u64 = 8;

/// A movie being written.
#[derive(Debug)]
pub(super) struct Movie {
    file: File,
    head: Head,
    stream: Arc<StreamInfo>,
    started: Timestamp,
    timeline: Timeline,
    fragments: Fragments,
    index: Vec<Indexed>,
    /// Bytes of whole fragments, and of what comes before them.
    bytes: u64,
    /// When the last fragment ends, in ticks.
    end: u64,
    buffer: Vec<u8>,
}

/// What there is to tell about a movie.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) stream: StreamInfo,
    /// The camera's name when it was begun.
    pub(super) name: String,
    pub(super) duration: Duration,
    pub(super) bytes: u64,
}

/// What the system's refusal means for a person.
pub(super) fn refused(what: &str, path: &Path, error: &io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::new(
            ErrorKind::DiskFull,
            format!("the disk of {shown} is full; delete recordings, or set a quota that fits"),
        ),
        _ => Error::new(ErrorKind::FolderUnwritable, format!("{shown} cannot be {what}: {error}")),
    }
}

fn length(ticks: u64) -> Duration {
    Duration::from_micros(ticks * 1_000_000 / u64::from(TIMESCALE))
}

impl Movie {
    /// Begins a movie with this first sample, which is a keyframe. `seconds` is how long it will
    /// probably be.
    pub(super) fn create(path: &Path, first: &Sample, name: &str, seconds: u32) -> Result<Self> {
        let stream = Arc::clone(&first.stream);
        // Fragments end at keyframes, too, so there are more than seconds.
        let head = mp4::head(&stream, name, first.captured_at, seconds as usize * 2 + 64)?;
        let refused = |error| refused("written", path, &error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(refused)?;
        file.write_all(&head.bytes).map_err(|error| {
            let _ = fs::remove_file(path);
            refused(error)
        })?;
        Ok(Self {
            file,
            bytes: head.bytes.len() as u64,
            head,
            stream,
            started: first.captured_at,
            timeline: Timeline::new(first.captured_at),
            fragments: Fragments::new(),
            index: Vec::new(),
            end: 0,
            buffer: Vec::new(),
        })
    }

    pub(super) fn stream(&self) -> &StreamInfo {
        &self.stream
    }

    pub(super) fn started(&self) -> Timestamp {
        self.started
    }

    /// Bytes on disk.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How long what is on disk is.
    pub(super) fn duration(&self) -> Duration {
        length(self.end)
    }

    /// Adds a sample; true when that put a fragment on disk.
    pub(super) fn add(&mut self, sample: Sample) -> io::Result<bool> {
        let at = self.timeline.place(&sample);
        match self.fragments.add(at, sample) {
            Some(fragment) => self.write(&fragment).map(|()| true),
            None => Ok(false),
        }
    }

    /// Puts on disk what waits; true when there was something.
    pub(super) fn flush(&mut self) -> io::Result<bool> {
        match self.fragments.flush() {
            Some(fragment) => self.write(&fragment).map(|()| true),
            None => Ok(false),
        }
    }

    /// In one call, so that a process that dies leaves a whole fragment or a part at the end.
    fn write(&mut self, fragment: &Fragment) -> io::Result<()> {
        self.buffer.clear();
        let sequence = self.index.len() as u32 + 1;
        mp4::fragment(sequence, fragment.at, &fragment.samples, &mut self.buffer)
            .map_err(io::Error::other)?;
        if let Err(error) = self.file.write_all(&self.buffer) {
            // A part of a fragment is of no use to anybody.
            self.file.set_len(self.bytes)?;
            self.file.seek(SeekFrom::Start(self.bytes))?;
            return Err(error);
        }
        self.bytes += self.buffer.len() as u64;
        self.end = fragment.end();
        self.index.push(Indexed {
            bytes: self.buffer.len() as u32,
            at: fragment.at,
            keyframe: fragment.samples.first().is_some_and(|sample| sample.keyframe),
        });
        Ok(())
    }

    /// Whether anything can be played of it.
    pub(super) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Puts the length and the index in. The file does not grow.
    pub(super) fn finish(mut self) -> io::Result<()> {
        finish(&mut self.file, &self.head, &self.index, self.end)
    }
}

fn finish(file: &mut File, head: &Head, index: &[Indexed], end: u64) -> io::Result<()> {
    if let Some(index) = mp4::index(head.room, index, end).map_err(io::Error::other)? {
        // Its header comes last: until then, it is the room that it was.
        file.seek(SeekFrom::Start(head.room_at as u64 + BOX_HEADER))?;
        file.write_all(&index[BOX_HEADER as usize..])?;
        file.seek(SeekFrom::Start(head.room_at as u64))?;
        file.write_all(&index[..BOX_HEADER as usize])?;
    }
    let moov = mp4::finished_moov(&head.moov, end).map_err(io::Error::other)?;
    let before = head.room_at.checked_sub(moov.len()).ok_or(io::ErrorKind::InvalidData)?;
    file.seek(SeekFrom::Start(before as u64))?;
    file.write_all(&moov)?;
    file.sync_data()
}

/// A box in a file.
struct Found {
    kind: [u8; 4],
    at: u64,
    length: u64,
}

/// The box there, if all of it is there.
fn box_at(file: &mut File, at: u64, size: u64) -> io::Result<Option<Found>> {
    if at + BOX_HEADER > size {
        return Ok(None);
    }
    let header = read_at(file, at, BOX_HEADER)?;
    Ok(mp4::header(&header)
        .map(|(kind, length)| Found { kind, at, length })
        .filter(|found| found.length >= BOX_HEADER && at + found.length <= size))
}

fn read_at(file: &mut File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no recording of Fanlight's")
}

/// A movie's beginning, and where its fragments begin.
fn open_head(file: &mut File, size: u64) -> io::Result<(Head, u64)> {
    let ftyp = box_at(file, 0, size)?.filter(|b| b.kind == *b"ftyp").ok_or_else(damaged)?;
    let moov = box_at(file, ftyp.length, size)?
        .filter(|b| b.kind == *b"moov" && b.length <= LARGEST_BOX)
        .ok_or_else(damaged)?;
    let bytes = read_at(file, moov.at, moov.length)?;
    let moov_read = mp4::moov(&bytes).ok_or_else(damaged)?;
    let room_at = moov.at + moov.length;
    // `free`, or an index with the rest of the room behind it.
    let mut fragments = room_at;
    while let Some(found) = box_at(file, fragments, size)? {
        if found.kind != *b"free" && found.kind != *b"sidx" {
            break;
        }
        fragments += found.length;
    }
    let room = (fragments - room_at) as usize;
    Ok((Head { moov: moov_read, bytes: Vec::new(), room_at: room_at as usize, room }, fragments))
}

fn facts(head: &Head, end: u64, bytes: u64) -> io::Result<Facts> {
    let (stream, name) = mp4::stream_of(&head.moov).ok_or_else(damaged)?;
    Ok(Facts { stream, name, duration: length(end), bytes })
}

/// Reads what a finished movie says of itself.
pub(super) fn read(path: &Path) -> io::Result<Facts> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let (head, _) = open_head(&mut file, size)?;
    facts(&head, mp4::duration(&head.moov).ok_or_else(damaged)?, size)
}

/// The fragment there, if all of it is there.
fn fragment_at(file: &mut File, at: u64, size: u64) -> io::Result<Option<Placed>> {
    let moof = box_at(file, at, size)?;
    let Some(moof) = moof.filter(|b| b.kind == *b"moof" && b.length <= LARGEST_BOX) else {
        return Ok(None);
    };
    let Some(told) = mp4::moof(&read_at(file, at, moof.length)?) else { return Ok(None) };
    let mdat = box_at(file, at + moof.length, size)?.filter(|b| b.kind == *b"mdat");
    Ok(mdat.map(|mdat| Placed {
        bytes: at..mdat.at + mdat.length,
        ticks: told.at..told.end,
        keyframe: told.keyframe,
    }))
}

/// Where the parts of a movie are, as far as it has come; one that is being written may grow
/// meanwhile.
pub(super) fn segments(path: &Path, in_progress: bool) -> io::Result<Segments> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let (head, mut at) = open_head(&mut file, size)?;
    let mut fragments = Vec::new();
    while let Some(fragment) = fragment_at(&mut file, at, size)? {
        at = fragment.bytes.end;
        fragments.push(fragment);
    }
    let segments = segments::group(&fragments, !in_progress);
    Ok(Segments { head: 0..head.room_at as u64, segments, in_progress })
}

/// Finishes a movie whose writing was cut off: what follows the last whole fragment is cut away.
/// None when nothing of it can be played.
pub(super) fn mend(path: &Path) -> io::Result<Option<Facts>> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let size = file.metadata()?.len();
    let Ok((head, mut at)) = open_head(&mut file, size) else { return Ok(None) };
    let mut index: Vec<Indexed> = Vec::new();
    let mut end = 0;
    while let Some(Placed { bytes, ticks, keyframe }) = fragment_at(&mut file, at, size)? {
        let length = (bytes.end - bytes.start) as u32;
        index.push(Indexed { bytes: length, at: ticks.start, keyframe });
        end = ticks.end;
        at = bytes.end;
    }
    if index.is_empty() {
        return Ok(None);
    }
    file.set_len(at)?;
    finish(&mut file, &head, &index, end)?;
    facts(&head, end, at).map(Some)
}

/// The first picture of a movie, finished or not.
pub(super) fn first_keyframe(path: &Path) -> io::Result<(StreamInfo, Bytes)> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let (head, at) = open_head(&mut file, size)?;
    let moof = box_at(&mut file, at, size)?
        .filter(|found| found.kind == *b"moof" && found.length <= LARGEST_BOX)
        .ok_or_else(damaged)?;
    let told = mp4::moof(&read_at(&mut file, at, moof.length)?).ok_or_else(damaged)?;
    let (offset, length) = told.first;
    if length > LARGEST_KEYFRAME || at + offset + u64::from(length) > size {
        return Err(damaged());
    }
    let (stream, _) = mp4::stream_of(&head.moov).ok_or_else(damaged)?;
    Ok((stream, read_at(&mut file, at + offset, length.into())?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Codec;
    use crate::config::Size;
    use crate::sidecar::Sidecar;
    use crate::testing::{self, Clip};
    use jiff::SignedDuration;
    use rstest::rstest;
    use std::path::PathBuf;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const PLAIN: &[&str] = &["-preset", "ultrafast", "-bf", "0"];
    const REORDERED: &[&str] = &["-preset", "ultrafast", "-bf", "3", "-b_strategy", "0"];

    fn samples(clip: &Clip) -> Vec<Sample> {
        let began = Timestamp::now();
        let samples = clip.units.iter().zip(&clip.shown).map(|((keyframe, data), shown)| Sample {
            stream: Arc::clone(&clip.stream),
            captured_at: began + SignedDuration::from_millis(*shown),
            pts: shown * 1000,
            keyframe: *keyframe,
            data: data.clone(),
        });
        samples.collect()
    }

    /// A movie of these samples that nobody has finished.
    fn movie(path: &Path, samples: &[Sample]) -> Movie {
        let mut movie = Movie::create(path, &samples[0], "Front door", 600).expect("a movie");
        for sample in samples {
            movie.add(sample.clone()).expect("room");
        }
        movie
    }

    /// Pictures that FFmpeg decodes of a file; fails at any complaint of it.
    async fn pictures(sidecar: &Sidecar, path: &Path) -> usize {
        let size = Size::new(16, 16).expect("valid");
        let child = sidecar.spawn(|command| {
            command
                .args(["-hide_banner", "-loglevel", "level+warning", "-nostdin"])
                .args(["-i", &path.to_string_lossy()])
                .args(["-fps_mode", "passthrough", "-vf", &format!("scale={}:{}", 16, 16)])
                .args(["-pix_fmt", "yuv420p", "-f", "rawvideo"])
                .pipe_stdout();
        });
        let mut child = child.await.expect("FFmpeg starts");
        let (mut out, mut err) = (Vec::new(), String::new());
        child.stdin.shutdown().await.expect("it reads nothing");
        let (read, told) =
            tokio::join!(child.stdout.read_to_end(&mut out), child.stderr.read_to_string(&mut err));
        read.and(told).expect("pipes");
        // What it says before it has read its level is no complaint.
        let complaints: Vec<_> = err.lines().filter(|line| !line.starts_with("[info]")).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
        out.len() / crate::convert::yuv420p_len(size)
    }

    fn file(folder: &tempfile::TempDir) -> PathBuf {
        folder.path().join("movie.mp4")
    }

    #[rstest]
    #[case("libx264", PLAIN)]
    #[case("libx264", REORDERED)]
    #[case("libx265", &["-preset", "ultrafast", "-x265-params", "log-level=error"])]
    #[tokio::test]
    async fn what_is_recorded_plays_whole(#[case] codec: &str, #[case] options: &[&str]) {
        let sidecar = testing::sidecar();
        let clip = Clip::encode_with(&sidecar, codec, 130, options).await;
        let folder = tempfile::tempdir().expect("a folder");
        let mut movie = movie(&file(&folder), &samples(&clip));
        movie.flush().expect("room");
        movie.finish().expect("room");
        let facts = read(&file(&folder)).expect("is one");
        assert_eq!(facts.name, "Front door");
        assert_eq!(facts.stream.config_record, clip.stream.config_record);
        assert_eq!((facts.stream.width, facts.stream.height), (320, 180));
        let length = facts.duration.as_secs_f64();
        assert!((length - 5.2).abs() < 0.1, "{length}");
        assert_eq!(pictures(&sidecar, &file(&folder)).await, 130);
    }

    #[tokio::test]
    async fn what_a_crash_leaves_plays_and_is_mended() {
        let sidecar = testing::sidecar();
        let clip = Clip::encode(&sidecar, "libx264", 130).await;
        let folder = tempfile::tempdir().expect("a folder");
        let path = file(&folder);
        let written = movie(&path, &samples(&clip));
        let bytes = written.bytes();
        drop(written);
        // Whole fragments are on disk; the process died within the next one.
        let mut torn = OpenOptions::new().append(true).open(&path).expect("is there");
        torn.write_all(b"\0\0\x04\0moof\0\0").expect("room");
        let facts = mend(&path).expect("can be read").expect("holds something");
        assert_eq!(facts.bytes, bytes);
        assert_eq!(fs::metadata(&path).expect("is there").len(), bytes);
        let length = facts.duration.as_secs_f64();
        assert!(length > 4.1, "{length}");
        let told = read(&path).expect("is finished");
        assert_eq!(told.duration, facts.duration);
        let expected = (length * 25.0).round() as usize;
        assert_eq!(pictures(&sidecar, &path).await, expected);
    }

    #[tokio::test]
    async fn its_first_picture_is_found() {
        let sidecar = testing::sidecar();
        let clip = Clip::encode(&sidecar, "libx264", 30).await;
        let folder = tempfile::tempdir().expect("a folder");
        drop(movie(&file(&folder), &samples(&clip)));
        let (stream, data) = first_keyframe(&file(&folder)).expect("is there");
        assert_eq!(data, clip.units[0].1);
        assert_eq!(stream.config_record, clip.stream.config_record);
    }

    /// A file of the movie's parts alone, as a player puts them together.
    fn put_together(path: &Path, parts: &Segments, into: &Path) {
        let bytes = fs::read(path).expect("is there");
        let mut whole = Vec::new();
        let ranges = parts.segments.iter().map(|segment| &segment.bytes);
        for range in std::iter::once(&parts.head).chain(ranges) {
            whole.extend(&bytes[range.start as usize..range.end as usize]);
        }
        fs::write(into, whole).expect("room");
    }

    #[rstest]
    #[case("libx264", PLAIN)]
    #[case("libx264", REORDERED)]
    #[tokio::test]
    async fn its_parts_play_put_together(#[case] codec: &str, #[case] options: &[&str]) {
        let sidecar = testing::sidecar();
        let clip = Clip::encode_with(&sidecar, codec, 130, options).await;
        let folder = tempfile::tempdir().expect("a folder");
        let (path, parts_only) = (file(&folder), folder.path().join("parts.mp4"));
        let mut movie = movie(&path, &samples(&clip));
        // What is written so far, without the part that still grows.
        let early = segments(&path, true).expect("can be read");
        assert!(early.segments.iter().all(|segment| segment.bytes.end <= movie.bytes()));
        movie.flush().expect("room");
        movie.finish().expect("room");
        let parts = segments(&path, false).expect("can be read");
        assert!(!early.segments.is_empty());
        assert_eq!(early.segments, parts.segments[..early.segments.len()]);
        assert!(parts.segments.iter().all(|segment| segment.keyframe));
        let length: Duration = parts.segments.iter().map(|segment| segment.duration).sum();
        let facts = read(&path).expect("is one");
        assert!(facts.duration.abs_diff(length) < Duration::from_millis(1), "{length:?}");
        assert_eq!(parts.segments.last().map(|segment| segment.bytes.end), Some(facts.bytes));
        put_together(&path, &parts, &parts_only);
        assert_eq!(pictures(&sidecar, &parts_only).await, 130);
    }

    #[tokio::test]
    async fn a_part_that_is_cut_off_is_none() {
        let sidecar = testing::sidecar();
        let clip = Clip::encode(&sidecar, "libx264", 130).await;
        let folder = tempfile::tempdir().expect("a folder");
        let path = file(&folder);
        let written = movie(&path, &samples(&clip));
        let bytes = written.bytes();
        drop(written);
        let whole = segments(&path, false).expect("can be read");
        let truncated = OpenOptions::new().write(true).open(&path).expect("is there");
        truncated.set_len(bytes - 1).expect("can be");
        let told = segments(&path, false).expect("can be read");
        let (end, before) =
            (&whole.segments[whole.segments.len() - 1], told.segments.last().expect("some"));
        assert!(before.bytes.end < end.bytes.end);
        assert!(before.bytes.end < bytes);
        // Not even the beginning is there.
        truncated.set_len(20).expect("can be");
        assert!(segments(&path, false).is_err());
    }

    #[test]
    fn what_is_no_movie_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        for content in
            [&b""[..], b"\0\0\0\x10ftyp", &[0xff; 100], b"a diary of many words, and no movie"]
        {
            fs::write(file(&folder), content).expect("room");
            assert!(read(&file(&folder)).is_err());
            assert!(mend(&file(&folder)).expect("can be read").is_none());
            assert!(first_keyframe(&file(&folder)).is_err());
            assert!(segments(&file(&folder), false).is_err());
            assert_eq!(fs::read(file(&folder)).expect("is there"), content);
        }
    }

    #[test]
    fn motion_jpeg_is_refused_in_words() {
        let mut stream = StreamInfo::clone(&testing::stream());
        stream.codec = Codec::Mjpeg;
        let sample = Sample {
            stream: Arc::new(stream),
            captured_at: Timestamp::now(),
            pts: 0,
            keyframe: true,
            data: Bytes::new(),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let error = Movie::create(&file(&folder), &sample, "", 1).expect_err("cannot be");
        assert_eq!(error.kind(), ErrorKind::UnsupportedCodec);
        assert!(!file(&folder).exists());
    }
}
