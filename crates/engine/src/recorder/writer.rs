//! Samples onto the disk, in a thread of its own: a disk that stands still holds nobody up but its
//! own recording, and what waits for it is bounded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::Told;
use super::library::Library;
use super::movie::{self, Facts, Movie};
use super::name::{Kind, Name};
use super::recordings::Recordings;
use super::sample::Sample;
use crate::config::CameraId;
use crate::error::{Error, ErrorKind, Result};

/// What may wait for a disk, in bytes: half a minute of a 16 Mbit/s camera.
const MAX_QUEUED: usize = 64 << 20;
/// Without a picture for this long, what was collected goes to disk.
const QUIET: Duration = Duration::from_secs(1);
/// Without one for this long, the file is finished. A camera that comes back gets a new one.
const GIVE_UP: Duration = Duration::from_secs(10);
/// A file is at most this part of the quota, so that there is always something to delete.
const PART_OF_QUOTA: u64 = 4;

/// Whom a writer works for.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) recordings: Arc<Recordings>,
    pub(super) camera: CameraId,
    /// The camera's name, which may change.
    pub(super) name: Arc<Mutex<String>>,
    pub(super) told: watch::Sender<Told>,
}

impl Site {
    pub(super) fn name(&self) -> String {
        self.name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What became of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepted {
    Yes,
    /// Too much is waiting already.
    Full,
    /// The writer has ended.
    No,
}

/// A thread that writes.
#[derive(Debug)]
pub(super) struct Writer {
    samples: Sender<Sample>,
    queued: Arc<AtomicUsize>,
    ended: oneshot::Receiver<Result<()>>,
}

impl Writer {
    pub(super) fn start(site: Site) -> Result<Self> {
        let (samples, waiting) = mpsc::channel();
        let queued = Arc::<AtomicUsize>::default();
        let (end, ended) = oneshot::channel();
        let queue = Arc::clone(&queued);
        std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                let ended = Session { site, open: None }.run(&waiting, &queue);
                // Whoever started it may be gone.
                let _ = end.send(ended);
            })
            .map_err(|error| Error::new(ErrorKind::Internal, format!("no thread: {error}")))?;
        Ok(Self { samples, queued, ended })
    }

    /// Hands over a sample; never waits.
    pub(super) fn write(&self, sample: Sample) -> Accepted {
        let bytes = sample.data.len();
        if self.queued.load(Ordering::Relaxed) + bytes > MAX_QUEUED {
            return Accepted::Full;
        }
        self.queued.fetch_add(bytes, Ordering::Relaxed);
        match self.samples.send(sample) {
            Ok(()) => Accepted::Yes,
            Err(_) => Accepted::No,
        }
    }

    /// Has the file finished, and tells how it went.
    pub(super) async fn end(self) -> Result<()> {
        drop(self.samples);
        self.ended
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a recording broke off")))
    }
}

/// A writer at work.
struct Session {
    site: Site,
    open: Option<Open>,
}

/// A file being written.
struct Open {
    library: Arc<Library>,
    name: Name,
    movie: Movie,
}

impl Session {
    fn run(mut self, waiting: &Receiver<Sample>, queued: &AtomicUsize) -> Result<()> {
        let mut last = Instant::now();
        loop {
            match waiting.recv_timeout(QUIET) {
                Ok(sample) => {
                    last = Instant::now();
                    let bytes = sample.data.len();
                    let written = self.write(sample);
                    queued.fetch_sub(bytes, Ordering::Relaxed);
                    written?;
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(open) = &mut self.open {
                        if open.movie.flush().map_err(|error| open.refused(&error))? {
                            open.tell(&self.site, false);
                        }
                        if last.elapsed() >= GIVE_UP {
                            self.close()?;
                        }
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return self.close(),
            }
        }
    }

    fn write(&mut self, sample: Sample) -> Result<()> {
        if self.open.as_ref().is_some_and(|open| open.ends_before(&sample, &self.site.recordings)) {
            self.close()?;
        }
        let Some(open) = &mut self.open else {
            if sample.keyframe {
                let mut open = Open::begin(&self.site, &sample)?;
                let added = open.movie.add(sample).map_err(|error| open.refused(&error));
                self.open = Some(open);
                added?;
            }
            return Ok(());
        };
        match open.movie.add(sample) {
            Ok(true) => {
                open.tell(&self.site, true);
                self.site.recordings.keep_within_quota();
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(error) => Err(open.refused(&error)),
        }
    }

    /// Finishes the file that is open.
    fn close(&mut self) -> Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let flushed = open.movie.flush();
        open.tell(&self.site, false);
        self.site.told.send_modify(|told| (told.file, told.bytes) = (None, 0));
        let refused = flushed.err().map(|error| open.refused(&error));
        open.finish()?;
        refused.map_or(Ok(()), Err)
    }
}

impl Drop for Session {
    /// After a failure, what is on disk is worth finishing.
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!("{error}");
        }
    }
}

impl Open {
    fn begin(site: &Site, first: &Sample) -> Result<Self> {
        let seconds = site.recordings.settings().segment_seconds;
        let camera_name = site.name();
        let (library, name, movie) =
            begin(&site.recordings, &site.camera, &camera_name, first, Kind::Recording, seconds)?;
        Ok(Self { library, name, movie })
    }

    /// Whether this sample belongs into another file.
    fn ends_before(&self, sample: &Sample, recordings: &Recordings) -> bool {
        if !sample.same_format(self.movie.stream()) {
            return true;
        }
        if !sample.keyframe {
            return false;
        }
        let settings = recordings.settings();
        let length = sample.captured_at.duration_since(self.movie.started());
        let quota = settings.quota.unwrap_or(u64::MAX);
        length.as_secs() >= i64::from(settings.segment_seconds)
            || self.movie.bytes() >= quota / PART_OF_QUOTA
            || !recordings.is_current(&self.library)
    }

    /// Tells how far it has come. `live`: because pictures arrive.
    fn tell(&self, site: &Site, live: bool) {
        let bytes = self.movie.bytes();
        self.library.progress(&self.name, bytes, self.movie.duration());
        site.told.send_modify(|told| {
            let new = told.file.as_ref() != Some(&self.name);
            told.written += if new { bytes } else { bytes.saturating_sub(told.bytes) };
            (told.file, told.bytes) = (Some(self.name.clone()), bytes);
            if live {
                told.recording();
            }
        });
        if live {
            site.recordings.note(None);
        }
    }

    fn refused(&self, error: &std::io::Error) -> Error {
        movie::refused("written", self.library.folder(), error)
    }

    fn finish(self) -> Result<()> {
        finish(&self.library, &self.name, self.movie)
    }
}

/// Begins a movie in the library.
pub(super) fn begin(
    recordings: &Arc<Recordings>,
    camera: &CameraId,
    camera_name: &str,
    first: &Sample,
    kind: Kind,
    seconds: u32,
) -> Result<(Arc<Library>, Name, Movie)> {
    let library = recordings.library()?;
    let facts = Facts {
        stream: (*first.stream).clone(),
        name: camera_name.to_owned(),
        duration: Duration::ZERO,
        bytes: 0,
    };
    let name = Name::new(camera.clone(), first.captured_at, kind);
    let (name, path) = library.begin(name, facts)?;
    match Movie::create(&path, first, camera_name, seconds) {
        Ok(movie) => Ok((library, name, movie)),
        Err(error) => {
            library.discard(&name);
            Err(error)
        }
    }
}

/// Finishes a movie in the library; one without pictures is as if it had never been.
pub(super) fn finish(library: &Library, name: &Name, movie: Movie) -> Result<()> {
    if movie.is_empty() {
        library.discard(name);
        return Ok(());
    }
    let refused = |error| movie::refused("finished", library.folder(), &error);
    let finished = movie.finish().map_err(refused);
    // Without its index it plays all the same.
    library.finished(name).map_err(refused).and(finished)
}
