//! The recordings in a folder: found at the start, listed, deleted. Nothing outside of the folder is
//! ever read or deleted. One process owns a folder at a time. Calls may block.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::movie::{self, Facts};
use super::name::{Kind, Name};
use crate::codec::Codec;
use crate::config::CameraId;
use crate::error::{Error, ErrorKind, Result};

/// Held by the process that records into the folder.
const LOCK: &str = ".fanlight.lock";

/// One recording as it is now.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Its id in the API.
    pub id: String,
    /// The camera's id.
    pub camera: CameraId,
    /// The camera's name when it began.
    pub name: String,
    /// How it came about.
    pub kind: Kind,
    /// When its first picture was taken.
    pub started_at: Timestamp,
    /// How long it is.
    pub duration: Duration,
    /// Bytes on disk.
    pub bytes: u64,
    /// Its codec.
    pub codec: Codec,
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Whether it is being written.
    pub in_progress: bool,
    /// Where it lies.
    pub file: PathBuf,
}

#[derive(Debug)]
struct Entry {
    facts: Facts,
    finished: bool,
}

/// The recordings in one folder.
#[derive(Debug)]
pub(super) struct Library {
    /// Without symbolic links.
    folder: PathBuf,
    entries: Mutex<BTreeMap<Name, Entry>>,
    /// Whether all that was there at the start has been found.
    found_all: AtomicBool,
    _lock: Option<File>,
}

impl Library {
    /// Takes a folder, which is made where it is not there.
    ///
    /// # Errors
    /// [`ErrorKind::FolderUnwritable`], [`ErrorKind::DiskFull`].
    pub(super) fn open(folder: &Path) -> Result<Arc<Self>> {
        let refused = |error| movie::refused("written", folder, &error);
        fs::create_dir_all(folder).map_err(refused)?;
        let folder = folder.canonicalize().map_err(refused)?;
        let lock = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK));
        let lock = lock.map_err(refused)?;
        let lock = match lock.try_lock() {
            Ok(()) => Some(lock),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(
                    ErrorKind::FolderUnwritable,
                    format!(
                        "another Fanlight that is running records into {}; choose another folder",
                        folder.display()
                    ),
                ));
            }
            // Where files cannot be locked, nobody is told.
            Err(TryLockError::Error(_)) => None,
        };
        Ok(Arc::new(Self {
            folder,
            entries: Mutex::default(),
            found_all: AtomicBool::new(false),
            _lock: lock,
        }))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<Name, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds what is there, and finishes what a crash left unfinished. Newest first.
    pub(super) fn find_all(&self) {
        let mut found = self.files();
        found.sort_by(|a, b| b.0.cmp(&a.0));
        for (name, finished) in found {
            // What this process has begun meanwhile is no leftover.
            if self.entries().contains_key(&name) {
                continue;
            }
            let path = self.folder.join(name.path(finished));
            let facts = if finished { movie::read(&path).map(Some) } else { self.adopt(&name) };
            match facts {
                Ok(Some(facts)) => {
                    self.entries().insert(name, Entry { facts, finished: true });
                }
                Ok(None) => {
                    tracing::warn!("{} holds no whole second and is removed", path.display());
                    if let Err(error) = fs::remove_file(&path) {
                        tracing::warn!("{} cannot be removed: {error}", path.display());
                    }
                }
                Err(error) => tracing::warn!("{} is left alone: {error}", path.display()),
            }
        }
        self.found_all.store(true, Ordering::Release);
    }

    fn adopt(&self, name: &Name) -> io::Result<Option<Facts>> {
        let part = self.folder.join(name.path(false));
        let facts = movie::mend(&part)?;
        if facts.is_some() {
            fs::rename(&part, self.folder.join(name.path(true)))?;
            tracing::info!("{} was cut off and is finished now", part.display());
        }
        Ok(facts)
    }

    /// All files that are named like recordings; links are not followed.
    fn files(&self) -> Vec<(Name, bool)> {
        let mut found = Vec::new();
        for (camera, path) in folders(&self.folder) {
            let Ok(camera) = CameraId::parse(&camera) else { continue };
            for (date, path) in folders(&path) {
                found.extend(
                    children(&path)
                        .filter(|child| child.file_type().is_ok_and(|kind| kind.is_file()))
                        .filter_map(|child| child.file_name().into_string().ok())
                        .filter_map(|file| Name::of_file(&camera, &date, &file)),
                );
            }
        }
        found
    }

    /// Announces a recording, and makes the folder for its file, whose path it tells. The start is
    /// moved on where the name is taken.
    pub(super) fn begin(&self, name: Name, facts: Facts) -> Result<(Name, PathBuf)> {
        let mut name = name;
        while self.entries().contains_key(&name) || self.folder.join(name.path(true)).exists() {
            name.started += Duration::from_millis(1);
        }
        let path = self.folder.join(name.path(false));
        let day = path.parent().unwrap_or(&self.folder);
        // Whoever put a link here, would have us write elsewhere.
        let inside = fs::create_dir_all(day)
            .and_then(|()| day.canonicalize())
            .map_err(|error| movie::refused("written", day, &error))?;
        if inside != day {
            return Err(Error::new(
                ErrorKind::FolderUnwritable,
                format!("{} leads out of the recordings folder", day.display()),
            ));
        }
        self.entries().insert(name.clone(), Entry { facts, finished: false });
        Ok((name, path))
    }

    /// How far one has come that is being written.
    pub(super) fn progress(&self, name: &Name, bytes: u64, duration: Duration) {
        if let Some(entry) = self.entries().get_mut(name) {
            entry.facts.bytes = bytes;
            entry.facts.duration = duration;
        }
    }

    /// One is complete: it gets its final name.
    pub(super) fn finished(&self, name: &Name) -> io::Result<()> {
        let renamed =
            fs::rename(self.folder.join(name.path(false)), self.folder.join(name.path(true)));
        let mut entries = self.entries();
        match (&renamed, entries.get_mut(name)) {
            (Ok(()), Some(entry)) => entry.finished = true,
            // It is found at the next start, if it is still there.
            (Err(_), _) => drop(entries.remove(name)),
            (Ok(()), None) => {}
        }
        renamed
    }

    /// One came to nothing.
    pub(super) fn discard(&self, name: &Name) {
        self.entries().remove(name);
        let path = self.folder.join(name.path(false));
        let _ = fs::remove_file(&path);
        self.remove_empty(&path);
    }

    /// The newest recordings, of one camera or all, that began before `before`.
    pub(super) fn list(
        &self,
        camera: Option<&CameraId>,
        before: Option<&Before>,
        limit: usize,
    ) -> Vec<Recording> {
        let entries = self.entries();
        let recordings = entries.iter().rev();
        recordings
            .filter(|(name, _)| camera.is_none_or(|camera| name.camera == *camera))
            .filter(|(name, _)| before.is_none_or(|before| before.is_after(name)))
            .take(limit)
            .map(|(name, entry)| self.tell(name, entry))
            .collect()
    }

    pub(super) fn find(&self, id: &str) -> Result<Recording> {
        let found = Name::of_id(id).and_then(|name| {
            let entries = self.entries();
            entries.get(&name).map(|entry| self.tell(&name, entry))
        });
        found.ok_or_else(not_found)
    }

    fn tell(&self, name: &Name, entry: &Entry) -> Recording {
        let Facts { stream, name: camera_name, duration, bytes } = &entry.facts;
        Recording {
            id: name.id(),
            camera: name.camera.clone(),
            name: camera_name.clone(),
            kind: name.kind,
            started_at: name.started,
            duration: *duration,
            bytes: *bytes,
            codec: stream.codec,
            width: stream.width,
            height: stream.height,
            in_progress: !entry.finished,
            file: self.folder.join(name.path(entry.finished)),
        }
    }

    /// The path of a recording's file, once it is sure that it lies in the folder.
    pub(super) fn file(&self, id: &str) -> Result<PathBuf> {
        let file = self.find(id)?.file;
        if is_own(&file) { Ok(file) } else { Err(not_found()) }
    }

    /// Deletes a finished recording.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingNotFound`], [`ErrorKind::RecordingInProgress`],
    /// [`ErrorKind::FolderUnwritable`].
    pub(super) fn delete(&self, id: &str) -> Result<()> {
        let name = Name::of_id(id).ok_or_else(not_found)?;
        match self.entries().get(&name) {
            None => return Err(not_found()),
            Some(entry) if !entry.finished => {
                return Err(Error::new(
                    ErrorKind::RecordingInProgress,
                    "this recording is being written; stop it first",
                ));
            }
            Some(_) => {}
        }
        self.remove(&name)
    }

    fn remove(&self, name: &Name) -> Result<()> {
        let path = self.folder.join(name.path(true));
        // One that somebody else has removed or replaced is forgotten, and not touched.
        if is_own(&path) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(movie::refused("deleted", &path, &error));
                }
                _ => {}
            }
        }
        self.entries().remove(name);
        self.remove_empty(&path);
        Ok(())
    }

    /// The folders of a day and of a camera go with their last file.
    fn remove_empty(&self, path: &Path) {
        for folder in path.ancestors().skip(1).take(2) {
            if folder == self.folder || fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }

    /// Bytes of all recordings.
    pub(super) fn bytes(&self) -> u64 {
        self.entries().values().map(|entry| entry.facts.bytes).sum()
    }

    /// Deletes finished recordings, the oldest first, until all have no more than `quota` bytes.
    pub(super) fn keep_within(&self, quota: u64) {
        // Before everything was found, nobody knows which is the oldest.
        while self.found_all.load(Ordering::Acquire) && self.bytes() > quota {
            let oldest = {
                let entries = self.entries();
                entries.iter().find(|(_, entry)| entry.finished).map(|(name, _)| name.clone())
            };
            let Some(oldest) = oldest else { return };
            tracing::info!(id = oldest.id(), "deleted to keep within the quota");
            if let Err(error) = self.remove(&oldest) {
                tracing::warn!("{error}");
                return;
            }
        }
    }
}

/// Where a page of the list ends: before a time or before a recording.
#[derive(Debug, Clone)]
pub struct Before(Start);

#[derive(Debug, Clone)]
enum Start {
    Time(Timestamp),
    Recording(Name),
}

impl std::str::FromStr for Before {
    type Err = Error;

    /// Reads a time (RFC 3339) or the id of a recording.
    fn from_str(text: &str) -> Result<Self> {
        let time = text.parse().ok().map(Start::Time);
        time.or_else(|| Name::of_id(text).map(Start::Recording)).map(Self).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                "before is a time, such as 2026-03-15T08:15:00Z, or the id of a recording",
            )
        })
    }
}

impl Before {
    fn is_after(&self, name: &Name) -> bool {
        match &self.0 {
            Start::Time(time) => name.started < *time,
            Start::Recording(before) => name < before,
        }
    }
}

pub(super) fn not_found() -> Error {
    Error::new(ErrorKind::RecordingNotFound, "there is no such recording")
}

fn children(folder: &Path) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

/// The folders in a folder, which are no links.
fn folders(folder: &Path) -> impl Iterator<Item = (String, PathBuf)> {
    children(folder)
        .filter(|child| child.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|child| child.file_name().into_string().ok().map(|name| (name, child.path())))
}
/// Whether the path leads through no link: every part of it is our own, so links are what could
/// lead elsewhere.
fn is_own(file: &Path) -> bool {
    file.canonicalize().is_ok_and(|real| real == file)
}
