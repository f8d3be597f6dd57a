//! The cameras of one process, from start to shutdown.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::camera::Camera;
use crate::camera_url::CameraUrl;
use crate::config::{CameraConfig, CameraId, Schedule, Transport};
use crate::consumer::Quota;
use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::Fingerprint;
use crate::ownership::{Alone, Hold, Ownership, Peer};
use crate::pause;
use crate::peer::{self, Introduction, Wire};
use crate::probe::{self, MAX_PROBES, Probe};
use crate::recorder::{RecordingConfig, Recordings};
use crate::registry::{MemoryRegistry, Registry};
use crate::sidecar::{Ffmpeg, FfmpegMissing, Hardware, Sidecar};
use crate::source::{self, Opened, Relay, Replays, Route, SourceConfig, Tools};
use crate::status::State;
use crate::stream::Surroundings;

/// A shutdown that takes longer leaves its tasks to the end of the process.
const SHUTDOWN: Duration = Duration::from_secs(4);

/// How the engine runs.
pub struct Config {
    /// The FFmpeg to use and no other, as the user named it.
    pub ffmpeg: Option<PathBuf>,
    /// The FFmpeg that came with the program, where it is not beside it. The one on PATH stands
    /// in when this one does not run.
    pub bundled_ffmpeg: Option<PathBuf>,
    /// The folder of the video files that `replay:` cameras play.
    pub replays: Option<PathBuf>,
    /// Whether decoders may use the graphics hardware.
    pub hardware: Hardware,
    /// Where the camera list survives a restart.
    pub registry: Arc<dyn Registry>,
    /// Where and how cameras are recorded.
    pub recordings: RecordingConfig,
    /// How long a rendition goes on decoding after its last consumer left, so that a script that
    /// reconnects or a page that reloads finds it running.
    pub linger: Duration,
    /// The most cameras this engine keeps.
    pub max_cameras: usize,
    /// The most consumers that read one camera at a time.
    pub max_consumers_per_camera: usize,
    /// The most consumers that read any camera at a time.
    pub max_consumers: usize,
    /// Decides which instance opens which camera, where several share their cameras.
    pub ownership: Arc<dyn Ownership>,
    /// What opens the other instances' APIs to this one, and this one's to them. They share it.
    pub relay_token: Option<SecretString>,
    /// What this instance calls itself when it reads from others.
    pub relay_name: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ffmpeg: None,
            bundled_ffmpeg: None,
            replays: None,
            hardware: Hardware::default(),
            registry: Arc::new(MemoryRegistry),
            recordings: RecordingConfig::default(),
            linger: Duration::from_secs(5),
            max_cameras: 1000,
            max_consumers_per_camera: 128,
            max_consumers: 1000,
            ownership: Arc::new(Alone),
            relay_token: None,
            relay_name: "unnamed".to_owned(),
        }
    }
}

/// Whether adding a camera started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    Started,
    /// The same id with the same URL was there already.
    AlreadyRunning,
}

/// Keeps the cameras. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    cameras: Mutex<BTreeMap<CameraId, Arc<Camera>>>,
    /// Held while the list changes, so that the registry sees one change at a time.
    changing: tokio::sync::Mutex<()>,
    registry: Arc<dyn Registry>,
    max_cameras: usize,
    around: Surroundings,
    /// What a person should know about the start.
    notice: Option<String>,
    /// The port of our own API, which is no camera; 0 while unknown.
    own_port: AtomicU16,
    /// Permits for looking at cameras that are not added.
    probes: Semaphore,
    cancelled: CancellationToken,
}

impl Engine {
    /// Starts the engine and every camera in its registry. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// [`ErrorKind::StorageFailed`] when the registry cannot be read.
    pub fn start(config: Config) -> Result<Self> {
        let loaded = config.registry.load()?;
        if let Some(notice) = &loaded.notice {
            tracing::warn!("{notice}");
        }
        let sidecar = Sidecar::new(config.ffmpeg, config.bundled_ffmpeg, config.hardware);
        let around = Surroundings {
            tools: Arc::new(Tools {
                sidecar,
                replays: Replays::new(config.replays),
                introduction: Introduction { name: config.relay_name, token: config.relay_token },
            }),
            recordings: Recordings::new(config.recordings),
            linger: config.linger,
            consumers: Arc::new(Quota::new(config.max_consumers_per_camera, config.max_consumers)),
            pause: Arc::default(),
            ownership: config.ownership,
            changes: watch::Sender::new(0),
            tasks: TaskTracker::new(),
        };
        let engine = Self(Arc::new(Inner {
            cameras: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            registry: config.registry,
            max_cameras: config.max_cameras,
            around,
            notice: loaded.notice,
            own_port: AtomicU16::new(0),
            probes: Semaphore::new(MAX_PROBES),
            cancelled: CancellationToken::new(),
        }));
        let around = &engine.0.around;
        let (tools, cancelled) = (Arc::clone(&around.tools), engine.0.cancelled.clone());
        around.tasks.spawn(async move {
            let _ = cancelled.run_until_cancelled(tools.sidecar.try_hardware()).await;
        });
        for camera in loaded.cameras {
            engine.insert(camera);
        }
        Ok(engine)
    }

    fn cameras_map(&self) -> MutexGuard<'_, BTreeMap<CameraId, Arc<Camera>>> {
        self.0.cameras.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, config: CameraConfig) -> Arc<Camera> {
        let around = self.0.around.clone();
        let camera = Arc::new(Camera::start(config, around, self.0.cancelled.child_token()));
        self.cameras_map().insert(camera.id().clone(), Arc::clone(&camera));
        self.changed();
        camera
    }

    fn changed(&self) {
        self.0.around.changes.send_modify(|version| *version += 1);
    }

    /// Tells the engine which loopback port is its own API, so that no camera points there.
    pub fn set_own_port(&self, port: u16) {
        self.0.own_port.store(port, Ordering::Relaxed);
    }

    /// Adds a camera, saves it and starts it. Adding the same id and URL again changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::StreamExists`] when the id has another URL, [`ErrorKind::InvalidRequest`],
    /// [`ErrorKind::QuotaExceeded`], [`ErrorKind::StorageFailed`]; then nothing has changed.
    pub async fn add(&self, config: CameraConfig) -> Result<(Added, Arc<Camera>)> {
        self.check(&config)?;
        let _changing = self.0.changing.lock().await;
        if let Some(existing) = self.cameras_map().get(&config.id) {
            return if existing.config().url == config.url {
                Ok((Added::AlreadyRunning, Arc::clone(existing)))
            } else {
                Err(Error::new(
                    ErrorKind::StreamExists,
                    format!(
                        "stream {} exists with another URL; remove it first or choose another id",
                        config.id
                    ),
                ))
            };
        }
        if self.cameras_map().len() >= self.0.max_cameras {
            return Err(Error::new(
                ErrorKind::QuotaExceeded,
                format!("there are already {} cameras, which is the most", self.0.max_cameras),
            ));
        }
        let saved = config.clone();
        self.store(move |registry| registry.put(&saved)).await?;
        Ok((Added::Started, self.insert(config)))
    }

    fn check(&self, config: &CameraConfig) -> Result<()> {
        config.check()?;
        self.refuse_own_port(&config.url)?;
        config.substream.as_ref().map_or(Ok(()), |url| self.refuse_own_port(url))
    }

    /// Changes a camera's settings and saves them. Its readers stay; where its source changed, it
    /// connects anew at once.
    ///
    /// # Errors
    /// [`ErrorKind::StreamNotFound`], [`ErrorKind::InvalidRequest`], [`ErrorKind::StorageFailed`];
    /// then nothing has changed.
    pub async fn update(
        &self,
        id: &CameraId,
        change: impl FnOnce(&mut CameraConfig) -> Result<()>,
    ) -> Result<Arc<Camera>> {
        let _changing = self.0.changing.lock().await;
        let camera = self.camera(id)?;
        let mut config = CameraConfig::clone(&camera.config());
        change(&mut config)?;
        if config.id != *id {
            return Err(Error::new(ErrorKind::InvalidRequest, "a stream_id cannot be changed"));
        }
        self.check(&config)?;
        let saved = config.clone();
        self.store(move |registry| registry.put(&saved)).await?;
        camera.apply(config);
        self.changed();
        Ok(camera)
    }

    /// All recordings.
    pub fn recordings(&self) -> &Arc<Recordings> {
        &self.0.around.recordings
    }

    /// The first picture of a recording as a JPEG this wide.
    ///
    /// # Errors
    /// [`ErrorKind::RecordingNotFound`], [`ErrorKind::InvalidRequest`], and why it cannot be decoded.
    pub async fn thumbnail(&self, recording: &str, width: u32) -> Result<Bytes> {
        let Surroundings { recordings, tools, .. } = &self.0.around;
        recordings.thumbnail(&tools.sidecar, recording, width).await
    }

    /// Ends a camera's recording; what was always recorded is not any more. Its file is finished
    /// then.
    ///
    /// # Errors
    /// [`ErrorKind::StreamNotFound`], [`ErrorKind::StorageFailed`]; then nothing has changed.
    pub async fn stop_recording(&self, id: &CameraId) -> Result<Arc<Camera>> {
        let mut camera = self.camera(id)?;
        if camera.config().record != Schedule::Off {
            let off = |config: &mut CameraConfig| {
                config.record = Schedule::Off;
                Ok(())
            };
            camera = self.update(id, off).await?;
        }
        camera.stop_recording().await;
        Ok(camera)
    }

    /// Has a camera connect anew at once, whatever it is waiting for.
    ///
    /// # Errors
    /// [`ErrorKind::StreamNotFound`]; [`ErrorKind::StreamNotRunning`] while all are paused.
    pub fn restart(&self, id: &CameraId) -> Result<()> {
        let camera = self.camera(id)?;
        if self.0.around.pause.is_on() {
            return Err(pause::paused());
        }
        camera.restart();
        Ok(())
    }

    /// Disconnects every camera at once, until [`Engine::resume`]. Readers end with
    /// [`ErrorKind::StreamNotRunning`], and so do those who come meanwhile.
    pub fn pause(&self) {
        if self.0.around.pause.begin() {
            tracing::info!("all cameras are paused");
            self.changed();
        }
    }

    /// Ends a pause: every camera that is wanted is connected, one shortly after the other.
    pub fn resume(&self) {
        if self.0.around.pause.end() {
            tracing::info!("the pause is over");
            self.changed();
        }
    }

    /// Since when all cameras are paused, if they are.
    pub fn paused(&self) -> Option<Timestamp> {
        self.0.around.pause.since()
    }

    /// Removes a camera. Its readers end; without `force`, having readers is an error.
    ///
    /// # Errors
    /// [`ErrorKind::StreamNotFound`], [`ErrorKind::StreamInUse`], [`ErrorKind::StorageFailed`];
    /// then nothing has changed.
    pub async fn remove(&self, id: &CameraId, force: bool) -> Result<()> {
        let _changing = self.0.changing.lock().await;
        let camera = self.camera(id)?;
        let consumers = camera.consumer_count();
        if consumers > 0 && !force {
            return Err(Error::new(
                ErrorKind::StreamInUse { consumers },
                format!("stream {id} is being read by {consumers} consumer(s)"),
            ));
        }
        let removed = id.clone();
        self.store(move |registry| registry.remove(&removed)).await?;
        camera.stop();
        self.cameras_map().remove(id);
        self.changed();
        Ok(())
    }

    /// Takes over what others changed in a registry that several instances share: cameras are
    /// added, changed and removed here as they are there. Readers of a removed camera end.
    ///
    /// # Errors
    /// Why the registry cannot be read; then nothing has changed.
    pub async fn synchronise(&self) -> Result<()> {
        let _changing = self.0.changing.lock().await;
        let mut gone = self.cameras_map().clone();
        for config in self.store(|registry| registry.load()).await?.cameras {
            match gone.remove(&config.id) {
                None => drop(self.insert(config)),
                Some(camera) if *camera.config() != config => {
                    camera.apply(config);
                    self.changed();
                }
                Some(_) => {}
            }
        }
        for (id, camera) in gone {
            camera.stop();
            self.cameras_map().remove(&id);
            self.changed();
        }
        Ok(())
    }

    /// Runs a call of the registry where it may block.
    async fn store<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Registry) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let registry = Arc::clone(&self.0.registry);
        tokio::task::spawn_blocking(move || call(&*registry)).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Internal, "saving the camera list was interrupted"))
        })
    }

    /// The camera with this id.
    ///
    /// # Errors
    /// [`ErrorKind::StreamNotFound`].
    pub fn camera(&self, id: &CameraId) -> Result<Arc<Camera>> {
        self.cameras_map().get(id).cloned().ok_or_else(|| {
            Error::new(ErrorKind::StreamNotFound, format!("there is no stream {id}"))
        })
    }

    /// The camera at this very URL, under whatever id.
    pub fn camera_with_url(&self, url: &CameraUrl) -> Option<Arc<Camera>> {
        self.cameras_map().values().find(|camera| camera.config().url == *url).cloned()
    }

    /// All cameras, by id.
    pub fn cameras(&self) -> Vec<Arc<Camera>> {
        self.cameras_map().values().cloned().collect()
    }

    /// Looks at a camera for a few seconds without adding it. One that is added and online already
    /// is looked at over its open connection.
    ///
    /// # Errors
    /// Why it cannot be opened or read; [`ErrorKind::QuotaExceeded`] while others are looked at.
    pub async fn probe(
        &self,
        url: &CameraUrl,
        transport: Transport,
        accepted: Option<Fingerprint>,
    ) -> Result<Probe> {
        self.refuse_own_port(url)?;
        let known = self.camera_with_url(url);
        let session = match known.as_ref().map(|camera| (camera.hold(), camera.status())) {
            Some((Hold::Here, status)) => {
                let status = status.borrow().clone();
                status.session.filter(|_| status.state == State::Online)
            }
            // A camera is opened by one instance alone, to test it, too.
            Some((Hold::There(_), _)) => Some(Relay::session()),
            Some((Hold::Nobody(why), _)) => return Err(why),
            None => None,
        };
        // Kept connected for as long as it is looked at.
        let (online, _wanted) = known
            .zip(session)
            .map(|(camera, session)| {
                let (reader, wanted) = camera.look();
                (Opened::Feed(reader, session), wanted)
            })
            .unzip();
        let tools = &self.0.around.tools;
        let config = SourceConfig { url: url.clone(), transport, accepted };
        let open = async {
            match online {
                Some(opened) => Ok(opened),
                None => source::open(&config, &mut Route::default(), tools).await,
            }
        };
        self.0
            .cancelled
            .run_until_cancelled(probe::probe(open, &tools.sidecar, &self.0.probes))
            .await
            .unwrap_or_else(|| {
                Err(Error::new(ErrorKind::StreamNotRunning, "Fanlight is shutting down"))
            })
    }

    fn refuse_own_port(&self, url: &CameraUrl) -> Result<()> {
        let own_port = self.0.own_port.load(Ordering::Relaxed);
        if own_port != 0 && url.is_loopback_port(own_port) {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "the URL points to Fanlight itself; it must point to a camera",
            ));
        }
        Ok(())
    }

    /// What other instances have to bear, where they share a secret.
    pub fn relay_token(&self) -> Option<&SecretString> {
        self.0.around.tools.introduction.token.as_ref()
    }

    /// The headers by which this instance introduces itself to others.
    pub fn introduction(&self) -> Vec<(&'static str, HeaderValue)> {
        self.0.around.tools.introduction.headers()
    }

    /// Connects to another instance's API.
    ///
    /// # Errors
    /// [`ErrorKind::OwnerUnreachable`].
    pub async fn reach(&self, peer: &Peer) -> Result<Box<dyn Wire>> {
        peer::connect(peer).await
    }

    /// How many consumers may read any camera at a time.
    pub fn max_consumers(&self) -> usize {
        self.0.around.consumers.total()
    }

    /// Wakes up at every change of the camera list or of a camera's status.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.around.changes.subscribe()
    }

    /// What a person should know about the start, such as a damaged camera list.
    pub fn notice(&self) -> Option<&str> {
        self.0.notice.as_deref()
    }

    /// The FFmpeg in use. Blocks for some milliseconds at the first call.
    ///
    /// # Errors
    /// [`FfmpegMissing`] with what was tried.
    pub fn ffmpeg(&self) -> std::result::Result<Arc<Ffmpeg>, FfmpegMissing> {
        self.0.around.tools.sidecar.ffmpeg()
    }

    /// Whether the shutdown has begun.
    pub fn is_shutting_down(&self) -> bool {
        self.0.cancelled.is_cancelled()
    }

    /// Waits until the shutdown begins.
    pub async fn ended(&self) {
        self.0.cancelled.cancelled().await;
    }

    /// Whether the camera list can be saved now. Blocks for a disk.
    ///
    /// # Errors
    /// [`ErrorKind::StorageFailed`].
    pub fn check_storage(&self) -> Result<()> {
        self.0.registry.check()
    }

    /// Why nothing can be changed for now, where that is known without asking.
    pub fn degraded(&self) -> Option<Error> {
        self.0.registry.degraded()
    }

    /// Ends every camera and every child process, in four seconds at most.
    pub async fn shutdown(&self) {
        self.0.cancelled.cancel();
        self.0.around.tasks.close();
        if tokio::time::timeout(SHUTDOWN, self.0.around.tasks.wait()).await.is_err() {
            tracing::warn!(
                tasks = self.0.around.tasks.len(),
                "shutdown goes on without waiting longer"
            );
        }
    }
}
