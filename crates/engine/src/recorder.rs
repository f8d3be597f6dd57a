//! Recordings: a camera's packets, untouched, in MP4 files.
//!
//! A [`Recorder`] reads its camera's packet feed while it is wanted, and hands what it reads to a
//! `writer`, which is a thread. `movie` is one file: `timeline` places samples in it, `fragments`
//! groups them, `mp4` has the bytes. `library` knows the files in the folder, [`Recordings`] where
//! that folder is and how much may be in it. `segments` are the parts in which a file is played.
//! `clip` keeps the last seconds for those who come late.

mod clip;
mod fragments;
mod library;
mod movie;
mod mp4;
mod name;
mod recordings;
mod sample;
mod segments;
mod thumbnail;
mod timeline;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

pub use library::{Before, Recording};
pub use name::Kind as RecordingKind;
pub use recordings::{Listing, RecordingChange, RecordingConfig, RecordingSettings, Recordings};
pub use segments::{Segment, Segments};

use crate::config::{CameraConfig, Schedule};
use crate::error::{Error, ErrorKind, Result};
use crate::ownership::Hold;
use crate::packet_feed::FeedItem;
use crate::stream::{Stream, Surroundings};
use clip::ClipBuffer;
use name::Name;
use sample::Sample;
use writer::{Accepted, Site, Writer};

/// Without a picture for this long, a recorder says that it waits.
const QUIET: Duration = Duration::from_secs(3);
/// After a failure, the first wait and the longest.
const FIRST_REST: Duration = Duration::from_secs(2);
const LONGEST_REST: Duration = Duration::from_secs(30);
/// How long somebody who ends a recording waits for its file.
const END: Duration = Duration::from_secs(10);
/// The longest clip.
const MAX_CLIP: u32 = 300;

/// What a recorder is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecorderState {
    /// Nothing is wanted of it.
    #[default]
    Off,
    /// Pictures go to disk.
    Recording,
    /// It is wanted, but the camera sends nothing now.
    Waiting,
    /// It is wanted, but something is in its way; it tries again by itself.
    Failed,
}

impl RecorderState {
    const ALL: [Self; 4] = [Self::Off, Self::Recording, Self::Waiting, Self::Failed];

    /// The state of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Recording => "recording",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        }
    }
}

/// What is wanted of a recorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Whether it is to record: by its schedule, or as somebody asked since.
    pub record: bool,
    /// What it does by itself.
    pub schedule: Schedule,
}

impl From<Schedule> for Wish {
    fn from(schedule: Schedule) -> Self {
        Self { record: schedule == Schedule::Always, schedule }
    }
}

/// Everything there is to tell about a recorder at one moment.
#[derive(Debug, Clone)]
pub struct RecorderSnapshot {
    /// What it does by itself.
    pub schedule: Schedule,
    /// What it is doing.
    pub state: RecorderState,
    /// Since when; none while it is off.
    pub since: Option<Timestamp>,
    /// The recording that is being written.
    pub file: Option<String>,
    /// Its bytes.
    pub bytes: u64,
    /// What is in its way.
    pub error: Option<Error>,
    /// Bytes written since the camera was started.
    pub written: u64,
    /// Packets lost since then, because the disk was too slow.
    pub lost: u64,
    /// Bytes kept in memory for clips.
    pub buffered: u64,
}

/// What recorder and writer tell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    state: RecorderState,
    since: Option<Timestamp>,
    file: Option<Name>,
    bytes: u64,
    error: Option<Error>,
    written: u64,
    lost: u64,
}

impl Told {
    pub(crate) fn state(&self) -> RecorderState {
        self.state
    }

    fn enter(&mut self, state: RecorderState) {
        if self.state != state {
            self.state = state;
            self.since = (state != RecorderState::Off).then(Timestamp::now);
        }
    }

    /// A fragment of what arrives went to disk.
    fn recording(&mut self) {
        self.enter(RecorderState::Recording);
        self.error = None;
    }
}

/// One camera's recorder. Its tasks end with the camera.
#[derive(Debug)]
pub(crate) struct Recorder {
    wish: watch::Sender<Wish>,
    stream: Arc<Stream>,
    clips: Arc<ClipBuffer>,
    site: Site,
}

impl Recorder {
    /// Starts what keeps clips and what records, as tasks of the engine.
    pub(crate) fn start(
        config: &CameraConfig,
        stream: Arc<Stream>,
        hold: watch::Receiver<Hold>,
        around: &Surroundings,
        cancelled: &CancellationToken,
        span: &tracing::Span,
    ) -> Self {
        let site = Site {
            recordings: Arc::clone(&around.recordings),
            camera: config.id.clone(),
            name: Arc::new(Mutex::new(config.name.clone())),
            told: watch::Sender::default(),
        };
        let wish = watch::Sender::new(Wish::from(config.record));
        let clips = Arc::<ClipBuffer>::default();
        let work = Work {
            site: site.clone(),
            stream: Arc::clone(&stream),
            wish: wish.subscribe(),
            hold: hold.clone(),
            cancelled: cancelled.clone(),
        };
        around.tasks.spawn(work.run().instrument(span.clone()));
        let recordings = Arc::clone(&around.recordings);
        let keeping = keep(Arc::clone(&stream), hold, Arc::clone(&clips), recordings);
        let end = cancelled.clone();
        around.tasks.spawn(async move {
            let _ = end.run_until_cancelled(keeping).await;
        });
        around.tasks.spawn(pass_on(
            site.told.subscribe(),
            around.changes.clone(),
            cancelled.clone(),
        ));
        Self { wish, stream, clips, site }
    }

    /// Takes over changed settings. A schedule that stays what it was leaves alone what somebody
    /// started by hand.
    pub(crate) fn apply(&self, config: &CameraConfig) {
        config.name.clone_into(&mut self.site.name.lock().unwrap_or_else(PoisonError::into_inner));
        self.wish.send_if_modified(|wish| {
            let changes = wish.schedule != config.record;
            if changes {
                *wish = config.record.into();
            }
            changes
        });
    }

    /// Takes over what was asked of the instance that had the camera open before. Where that went
    /// by another schedule, the change of it is newer.
    pub(crate) fn take_over(&self, theirs: Wish) {
        self.wish.send_if_modified(|wish| {
            let changes = wish.schedule == theirs.schedule && wish.record != theirs.record;
            if changes {
                *wish = theirs;
            }
            changes
        });
    }

    /// Follows what is wanted of it.
    pub(crate) fn wish(&self) -> watch::Receiver<Wish> {
        self.wish.subscribe()
    }

    /// Follows what it tells.
    pub(crate) fn told(&self) -> watch::Receiver<Told> {
        self.site.told.subscribe()
    }

    /// Has it record, until told otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingsOff`], [`ErrorKind::UnsupportedCodec`].
    pub(crate) fn want(&self) -> Result<()> {
        self.site.recordings.folder()?;
        if let Some(stream) = self.stream.feed.stream() {
            mp4::head(&stream, "", Timestamp::now(), 0)?;
        }
        self.wish.send_modify(|wish| wish.record = true);
        self.site.told.send_if_modified(|told| {
            let begins = told.state == RecorderState::Off;
            if begins {
                told.enter(RecorderState::Waiting);
            }
            begins
        });
        Ok(())
    }

    /// Has it end, and waits until its file is finished; not for long, as a disk may stand still.
    pub(crate) async fn end(&self) {
        self.wish.send_modify(|wish| wish.record = false);
        let mut told = self.site.told.subscribe();
        let off = told.wait_for(|told| told.state == RecorderState::Off);
        let _ = timeout(END, off).await;
    }

    pub(crate) fn snapshot(&self) -> RecorderSnapshot {
        let told = self.site.told.borrow().clone();
        RecorderSnapshot {
            schedule: self.wish.borrow().schedule,
            state: told.state,
            since: told.since,
            file: told.file.as_ref().map(Name::id),
            bytes: told.bytes,
            error: told.error,
            written: told.written,
            lost: told.lost,
            buffered: self.clips.bytes() as u64,
        }
    }

    /// Saves the last seconds, or what there is of them.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingsOff`], [`ErrorKind::NothingBuffered`], and what a disk refuses.
    pub(crate) async fn clip(&self, seconds: u32) -> Result<Recording> {
        if !(1..=MAX_CLIP).contains(&seconds) {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("seconds must be 1 to {MAX_CLIP}; got {seconds}"),
            ));
        }
        self.site.recordings.folder()?;
        let kept = self.clips.samples();
        let samples = if kept.is_empty() {
            let present = self.stream.feed.reader().present();
            present.iter().map(|packet| Sample::from(&**packet)).collect()
        } else {
            kept
        };
        let site = self.site.clone();
        tokio::task::spawn_blocking(move || clip::save(&site, clip::last(samples, seconds)))
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "saving was interrupted")))
    }
}

/// Keeps the last seconds for clips, while somebody wants that, where the camera is open.
async fn keep(
    stream: Arc<Stream>,
    mut hold: watch::Receiver<Hold>,
    clips: Arc<ClipBuffer>,
    recordings: Arc<Recordings>,
) {
    let mut settings = recordings.follow();
    loop {
        let wanted =
            |settings: &RecordingSettings| settings.clip_seconds > 0 && settings.folder.is_some();
        // The sender lives in `recordings`.
        let Ok(seconds) = settings.wait_for(wanted).await.map(|s| s.clip_seconds) else { return };
        if hold.wait_for(is_here).await.is_err() {
            return;
        }
        let mut reader = stream.feed.reader();
        loop {
            tokio::select! {
                _ = settings.changed() => break,
                Ok(_) = hold.wait_for(is_elsewhere) => break,
                item = reader.next() => if let FeedItem::Packet(packet) = item {
                    clips.keep(Sample::from(&*packet), seconds);
                }
            }
        }
        if !wanted(&settings.borrow_and_update()) || is_elsewhere(&hold.borrow()) {
            clips.clear();
        }
    }
}

fn is_here(hold: &Hold) -> bool {
    *hold == Hold::Here
}

fn is_elsewhere(hold: &Hold) -> bool {
    !is_here(hold)
}

/// Tells whoever shows the cameras when a recorder's state changes; its progress is no news.
async fn pass_on(
    mut told: watch::Receiver<Told>,
    changes: watch::Sender<u64>,
    cancelled: CancellationToken,
) {
    let mut before = RecorderState::Off;
    while let Some(Ok(())) = cancelled.run_until_cancelled(told.changed()).await {
        let state = told.borrow_and_update().state;
        if std::mem::replace(&mut before, state) != state {
            changes.send_modify(|version| *version += 1);
        }
    }
}

/// The task that records.
struct Work {
    site: Site,
    stream: Arc<Stream>,
    wish: watch::Receiver<Wish>,
    hold: watch::Receiver<Hold>,
    cancelled: CancellationToken,
}

impl Work {
    /// Records while it is wanted and the camera is open here, and tries again after failures.
    async fn run(mut self) {
        let mut rest = FIRST_REST;
        let cancelled = self.cancelled.clone();
        loop {
            while !self.is_due() {
                // It may have been wanted and not any more before this was noticed.
                self.off();
                if !matches!(cancelled.run_until_cancelled(self.changed()).await, Some(Ok(()))) {
                    return;
                }
            }
            let written = self.site.told.borrow().written;
            let ended = self.run_once().await;
            if let Err(error) = ended {
                if self.site.told.borrow().written > written {
                    rest = FIRST_REST;
                }
                self.failed(&error);
                let resting = cancelled.run_until_cancelled(timeout(rest, self.not_due())).await;
                rest = (rest * 2).min(LONGEST_REST);
                match resting {
                    Some(Err(_)) => continue,
                    Some(Ok(())) => {}
                    None => break,
                }
            }
            rest = FIRST_REST;
            if cancelled.is_cancelled() {
                break;
            }
        }
        self.off();
    }

    /// Whether there is something to record, and this is the instance to do it.
    fn is_due(&mut self) -> bool {
        self.wish.borrow_and_update().record & is_here(&self.hold.borrow_and_update())
    }

    /// Waits for a change of that. An error once the camera is gone.
    async fn changed(&mut self) -> std::result::Result<(), watch::error::RecvError> {
        tokio::select! {
            changed = self.wish.changed() => changed,
            Ok(()) = self.hold.changed() => Ok(()),
        }
    }

    /// Waits until there is nothing to record any more, here.
    async fn not_due(&mut self) {
        tokio::select! {
            _ = self.wish.wait_for(|wish| !wish.record) => {}
            Ok(_) = self.hold.wait_for(is_elsewhere) => {}
        }
    }

    fn off(&self) {
        self.site.told.send_if_modified(|told| {
            let changes = told.state != RecorderState::Off;
            told.enter(RecorderState::Off);
            (told.file, told.bytes, told.error) = (None, 0, None);
            changes
        });
    }

    fn failed(&self, error: &Error) {
        tracing::warn!(code = error.kind().code(), "not recorded: {error}");
        if matches!(error.kind(), ErrorKind::DiskFull | ErrorKind::FolderUnwritable) {
            self.site.recordings.note(Some(error.clone()));
        }
        self.site.told.send_modify(|told| {
            told.enter(RecorderState::Failed);
            told.error = Some(error.clone());
        });
    }

    fn waits(&self) {
        // After a failure, only what is on disk is proof of the opposite.
        self.site.told.send_if_modified(|told| {
            let changes = matches!(told.state, RecorderState::Off | RecorderState::Recording);
            if changes {
                told.enter(RecorderState::Waiting);
            }
            changes
        });
    }

    /// Records until it is not wanted any more or fails.
    async fn run_once(&mut self) -> Result<()> {
        self.site.recordings.folder()?;
        let writer = Writer::start(self.site.clone())?;
        let wanted = self.stream.want();
        let mut reader = self.stream.feed.reader();
        self.waits();
        let mut skipping = false;
        loop {
            let item = tokio::select! {
                biased;
                () = self.cancelled.cancelled() => break,
                _ = self.wish.wait_for(|wish| !wish.record) => break,
                Ok(_) = self.hold.wait_for(is_elsewhere) => break,
                item = timeout(QUIET, reader.next()) => item,
            };
            match item {
                Err(_) => self.waits(),
                // One of the numbers is that of the session that ended.
                Ok(FeedItem::Gap { missed }) => self.lost(missed.saturating_sub(1)),
                Ok(FeedItem::Packet(packet)) => {
                    // After a loss, nothing can be decoded before a keyframe.
                    skipping &= !packet.keyframe;
                    let accepted = if skipping {
                        Accepted::Full
                    } else {
                        writer.write(Sample::from(&*packet))
                    };
                    match accepted {
                        Accepted::Yes => {}
                        Accepted::Full => {
                            skipping = true;
                            self.lost(1);
                        }
                        Accepted::No => break,
                    }
                }
            }
        }
        // A disk may stand still, but nothing is read any more.
        drop(wanted);
        writer.end().await
    }

    fn lost(&self, packets: u64) {
        if packets > 0 {
            tracing::warn!(packets, "the disk is too slow: not recorded");
            self.site.told.send_modify(|told| told.lost += packets);
        }
    }
}
