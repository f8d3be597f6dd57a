//! All recordings of an engine: where they are kept, and how much of them.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use atomic_write_file::AtomicWriteFile;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};

use super::library::{self, Before, Library, Recording};
use super::movie;
use super::segments::Segments;
use super::thumbnail::{self, Thumbnails};
use crate::config::CameraId;
use crate::error::{Error, ErrorKind, Result};
use crate::sidecar::Sidecar;

/// The largest number of bytes that every reader of JSON holds exactly: 8 PiB.
const MAX_QUOTA: u64 = (1 << 53) - 1;

/// How recording is set up by whoever starts the program.
#[derive(Debug, Clone)]
pub struct RecordingConfig {
    /// The folder, whatever was chosen before.
    pub folder: Option<PathBuf>,
    /// The quota, whatever was chosen before.
    pub quota: Option<u64>,
    /// The folder until somebody chooses one. Without any, nothing can be recorded.
    pub default_folder: Option<PathBuf>,
    /// How long a file is, about.
    pub segment_seconds: u32,
    /// How much is kept for clips until somebody chooses; 0 keeps what the packet feed has.
    pub clip_seconds: u32,
    /// Where choices survive a restart.
    pub file: Option<PathBuf>,
}

impl Default for RecordingConfig {
    fn default() -> Self {
        Self {
            folder: None,
            quota: None,
            default_folder: None,
            segment_seconds: 600,
            clip_seconds: 0,
            file: None,
        }
    }
}

/// What is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingSettings {
    /// Where recordings go; none: nothing is recorded.
    pub folder: Option<PathBuf>,
    /// The most bytes of all recordings.
    pub quota: Option<u64>,
    /// How long a file is, about.
    pub segment_seconds: u32,
    /// How much of each camera is kept in memory for clips.
    pub clip_seconds: u32,
}

/// A change of the settings; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct RecordingChange {
    /// Another folder.
    pub folder: Option<PathBuf>,
    /// Another quota, or none.
    pub quota: Option<Option<u64>>,
    /// Other seconds for clips.
    pub clip_seconds: Option<u32>,
}

/// A page of the recordings, and what all of them take.
#[derive(Debug)]
pub struct Listing {
    /// Newest first.
    pub recordings: Vec<Recording>,
    /// What is in force.
    pub settings: RecordingSettings,
    /// Bytes of all recordings.
    pub total: u64,
    /// Bytes that the disk has left.
    pub free: u64,
    /// Why nothing can be recorded now.
    pub error: Option<Error>,
}

/// The longest that clips may go back.
const MAX_CLIP: u32 = 300;
/// Thumbnails that are made at a time.
const AT_ONCE: usize = 2;

/// What somebody chose, as it is saved.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::option_option, reason = "never chosen and chosen to be none differ")]
struct Chosen {
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    quota_bytes: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clip_seconds: Option<u32>,
}

#[expect(clippy::option_option, reason = "never chosen and chosen to be none differ")]
fn present<'de, D: serde::Deserializer<'de>>(
    value: D,
) -> std::result::Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// All recordings of an engine.
#[derive(Debug)]
pub struct Recordings {
    settings: watch::Sender<RecordingSettings>,
    chosen: Mutex<Chosen>,
    file: Option<PathBuf>,
    library: Mutex<Option<Arc<Library>>>,
    /// The last refusal, until something was written.
    fault: Mutex<Option<Error>>,
    thumbnails: Thumbnails,
    making: Semaphore,
}

impl Recordings {
    pub(crate) fn new(config: RecordingConfig) -> Arc<Self> {
        let chosen = config.file.as_deref().map(load).unwrap_or_default();
        let settings = RecordingSettings {
            folder: config.folder.or_else(|| chosen.folder.clone()).or(config.default_folder),
            quota: config.quota.or(chosen.quota_bytes.flatten()),
            segment_seconds: config.segment_seconds,
            clip_seconds: chosen.clip_seconds.unwrap_or(config.clip_seconds).min(MAX_CLIP),
        };
        let recordings = Arc::new(Self {
            settings: watch::Sender::new(settings),
            chosen: Mutex::new(chosen),
            file: config.file,
            library: Mutex::default(),
            fault: Mutex::default(),
            thumbnails: Thumbnails::default(),
            making: Semaphore::new(AT_ONCE),
        });
        // A folder that nobody has recorded into is not made before somebody does.
        if recordings.settings().folder.is_some_and(|folder| folder.is_dir())
            && let Err(error) = recordings.library()
        {
            tracing::warn!("{error}");
        }
        recordings
    }

    /// What is in force.
    pub fn settings(&self) -> RecordingSettings {
        self.settings.borrow().clone()
    }

    pub(super) fn follow(&self) -> watch::Receiver<RecordingSettings> {
        self.settings.subscribe()
    }

    /// Whether anything can be recorded.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingsOff`].
    pub(super) fn folder(&self) -> Result<PathBuf> {
        self.settings.borrow().folder.clone().ok_or_else(|| {
            Error::new(
                ErrorKind::RecordingsOff,
                "there is no folder for recordings; choose one in the settings or with --recordings",
            )
        })
    }

    /// The library, which is opened by whoever first needs it. Blocks.
    pub(super) fn library(self: &Arc<Self>) -> Result<Arc<Library>> {
        let mut library = self.library.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = &*library {
            return Ok(Arc::clone(library));
        }
        let opened = Library::open(&self.folder()?);
        *self.fault() = opened.as_ref().err().cloned();
        let opened = opened?;
        *library = Some(Arc::clone(&opened));
        drop(library);
        self.find_all(&opened);
        Ok(opened)
    }

    /// Finds what a library holds, in a thread of its own: it may be much.
    fn find_all(self: &Arc<Self>, library: &Arc<Library>) {
        let (all, found) = (Arc::clone(self), Arc::clone(library));
        let finding = move || {
            found.find_all();
            all.keep_within_quota();
        };
        if let Err(error) = std::thread::Builder::new().name("recordings".to_owned()).spawn(finding)
        {
            tracing::warn!("recordings of before are not listed: {error}");
        }
    }

    fn fault(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, error: Option<Error>) {
        *self.fault() = error;
    }

    /// The library, if it is open or its folder is there.
    fn present(self: &Arc<Self>) -> Result<Option<Arc<Library>>> {
        match self.settings().folder {
            Some(folder) if folder.is_dir() => self.library().map(Some),
            _ => Ok(self.library.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        }
    }

    pub(super) fn is_current(&self, library: &Arc<Library>) -> bool {
        let current = self.library.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().is_some_and(|current| Arc::ptr_eq(current, library))
    }

    /// Deletes what is over the quota, the oldest first. Blocks.
    pub(super) fn keep_within_quota(&self) {
        let library = self.library.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let quota = self.settings.borrow().quota;
        if let (Some(library), Some(quota)) = (library, quota) {
            library.keep_within(quota);
        }
    }

    /// The newest recordings, of one camera or all. Blocks.
    pub fn list(
        self: &Arc<Self>,
        camera: Option<&CameraId>,
        before: Option<&Before>,
        limit: usize,
    ) -> Listing {
        let settings = self.settings();
        let free = settings.folder.as_deref().map_or(0, free);
        let listing =
            |recordings, total, error| Listing { recordings, settings, total, free, error };
        match self.present() {
            Ok(Some(library)) => {
                let recordings = library.list(camera, before, limit);
                listing(recordings, library.bytes(), self.fault().clone())
            }
            Ok(None) => {
                let error = self.folder().err().or_else(|| self.fault().clone());
                listing(Vec::new(), 0, error)
            }
            Err(error) => listing(Vec::new(), 0, Some(error)),
        }
    }

    fn some(self: &Arc<Self>) -> Result<Arc<Library>> {
        self.present()?.ok_or_else(library::not_found)
    }

    /// One recording.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingNotFound`].
    pub fn find(self: &Arc<Self>, id: &str) -> Result<Recording> {
        self.some()?.find(id)
    }

    /// Where a recording's file lies, for sure inside of the folder. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingNotFound`].
    pub fn file(self: &Arc<Self>, id: &str) -> Result<PathBuf> {
        self.some()?.file(id)
    }

    /// The parts of a recording, in the file that [`Recordings::file`] tells. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingNotFound`], also for a file that is gone or cannot be read.
    pub fn segments(self: &Arc<Self>, id: &str) -> Result<Segments> {
        let library = self.some()?;
        // Asked first: one that is finished meanwhile is told as one in progress, and the next answer has the rest.
        let in_progress = library.find(id)?.in_progress;
        let file = library.file(id)?;
        movie::segments(&file, in_progress).map_err(|error| {
            tracing::warn!("{} cannot be read: {error}", file.display());
            library::not_found()
        })
    }

    /// Deletes a recording. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingNotFound`], [`ErrorKind::RecordingInProgress`],
    /// [`ErrorKind::FolderUnwritable`].
    pub fn delete(self: &Arc<Self>, id: &str) -> Result<()> {
        self.some()?.delete(id)
    }

    /// The first picture of a recording as a JPEG this wide.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingNotFound`], and why it cannot be decoded.
    pub(crate) async fn thumbnail(
        self: &Arc<Self>,
        sidecar: &Sidecar,
        id: &str,
        width: u32,
    ) -> Result<Bytes> {
        let kept = self.thumbnails.find(id, width);
        // What was deleted since has none any more.
        let (all, wanted) = (Arc::clone(self), id.to_owned());
        let path = tokio::task::spawn_blocking(move || all.file(&wanted))
            .await
            .map_err(|_| Error::new(ErrorKind::Internal, "reading was interrupted"))??;
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let _turn = self.making.acquire().await;
        let made = thumbnail::make(sidecar, path, width).await?;
        self.thumbnails.keep(id, width, made.clone());
        Ok(made)
    }

    /// Changes settings, at once and for later. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`], [`ErrorKind::FolderUnwritable`], [`ErrorKind::DiskFull`],
    /// [`ErrorKind::StorageFailed`]; then nothing has changed.
    pub fn change(self: &Arc<Self>, change: RecordingChange) -> Result<RecordingSettings> {
        self.put_in_force(change, self.file.as_deref())
    }

    /// Changes settings at once, for as long as this engine lives: whoever starts it says them again
    /// the next time. Blocks.
    ///
    /// # Errors
    /// As [`Recordings::change`].
    pub fn reconfigure(self: &Arc<Self>, change: RecordingChange) -> Result<RecordingSettings> {
        self.put_in_force(change, None)
    }

    fn put_in_force(
        self: &Arc<Self>,
        change: RecordingChange,
        file: Option<&Path>,
    ) -> Result<RecordingSettings> {
        let mut chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut saved, mut settings) = (chosen.clone(), self.settings());
        let mut opened = None;
        if let Some(folder) = change.folder {
            if !folder.is_absolute() {
                return Err(invalid("folder must be an absolute path, such as /srv/recordings"));
            }
            if settings.folder.as_ref() != Some(&folder) {
                opened = Some(Library::open(&folder)?);
            }
            settings.folder = Some(folder.clone());
            saved.folder = Some(folder);
        }
        if let Some(quota) = change.quota {
            if quota.is_some_and(|bytes| !(1..=MAX_QUOTA).contains(&bytes)) {
                let most = format!("quota_bytes must be 1 to {MAX_QUOTA}, or null for none");
                return Err(invalid(&most));
            }
            settings.quota = quota;
            saved.quota_bytes = Some(quota);
        }
        if let Some(seconds) = change.clip_seconds {
            if seconds > MAX_CLIP {
                return Err(invalid("clip_seconds must be 0 to 300"));
            }
            settings.clip_seconds = seconds;
            saved.clip_seconds = Some(seconds);
        }
        if let Some(file) = file {
            save(file, &saved).map_err(|error| {
                let file = file.display();
                Error::new(ErrorKind::StorageFailed, format!("{file} cannot be saved: {error}"))
            })?;
            *chosen = saved;
        }
        drop(chosen);
        if let Some(library) = opened {
            *self.library.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Arc::clone(&library));
            *self.fault() = None;
            self.find_all(&library);
        }
        self.settings.send_replace(settings.clone());
        self.keep_within_quota();
        Ok(settings)
    }
}

/// Bytes left on the disk of a folder, which need not be there yet.
pub(super) fn free(folder: &Path) -> u64 {
    let there = folder.ancestors().find(|ancestor| ancestor.is_dir());
    there.and_then(|there| fs4::available_space(there).ok()).unwrap_or(0)
}

impl RecordingSettings {
    /// Bytes left on the disk of the folder. Blocks.
    pub fn free(&self) -> u64 {
        self.folder.as_deref().map_or(0, free)
    }
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, why)
}

/// A file that cannot be read is as if nothing had been chosen.
fn load(file: &Path) -> Chosen {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!("{} is not used: {error}", file.display());
            Chosen::default()
        }),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!("{} is not used: {error}", file.display());
            }
            Chosen::default()
        }
    }
}

fn save(file: &Path, chosen: &Chosen) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut out = AtomicWriteFile::open(file)?;
    out.write_all(&serde_json::to_vec_pretty(chosen)?)?;
    out.commit()
}
