//! What lives as long as the process: the engine, its API, the settings, and the hold on the tasks
//! around them. What a window needs is built on this, and not known here.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use fanlight_engine::{Config, Engine, FileRegistry, RecordingConfig};
use tauri::{App, Manager as _};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::{self, Api};
use crate::settings::Settings;
use crate::{keyring, log_file, sidecar};

/// How far back a clip can go until the person chooses.
const CLIP_SECONDS: u32 = 30;

/// The managed state of the app.
pub(crate) struct Desktop {
    pub(crate) engine: Engine,
    pub(crate) api: Api,
    pub(crate) settings: Settings,
    /// One change of settings at a time.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// The FFmpeg of the settings, as it was when the engine started.
    pub(crate) ffmpeg_at_start: Option<PathBuf>,
    /// Whether passwords lie in the system's keyring, and not in the camera list.
    pub(crate) has_keyring: bool,
    /// Where cameras and settings are kept.
    pub(crate) folder: PathBuf,
    /// Whether the window is on screen; a hidden one gets no frames. Written by `window` only.
    pub(crate) visible: watch::Sender<bool>,
    /// Ends the API and the tasks that serve the window.
    pub(crate) cancelled: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Desktop {
    /// Starts the engine with the cameras of the data folder, and serves the API.
    pub(crate) fn start(app: &App) -> anyhow::Result<Self> {
        fanlight_api::raise_file_limit();
        let folder = data_folder(app)?;
        fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be created", folder.display()))?;
        log_file::keep_in(&logs(&folder));
        let settings = Settings::load(folder.join("settings.json"));
        let values = settings.values();
        let ffmpeg = values.ffmpeg_path.clone();
        let cameras = FileRegistry::new(folder.join("cameras.json"));
        let keyring = keyring::find(chosen_folder().as_deref());
        let has_keyring = keyring.is_some();
        let cameras = match keyring {
            Some(keyring) => cameras.with_vault(keyring),
            None => cameras,
        };
        // Not every desktop has a folder for videos.
        let recordings = app
            .path()
            .video_dir()
            .map_or_else(|_| folder.join("recordings"), |videos| videos.join("Fanlight"));
        let config = Config {
            ffmpeg: sidecar::of_environment().or_else(|| ffmpeg.clone()),
            bundled_ffmpeg: sidecar::bundled(app),
            replays: std::env::var_os("FANLIGHT_REPLAY_DIR").map(Into::into),
            registry: Arc::new(cameras),
            recordings: RecordingConfig {
                default_folder: Some(recordings),
                clip_seconds: CLIP_SECONDS,
                file: Some(folder.join("recordings.json")),
                ..RecordingConfig::default()
            },
            ..Config::default()
        };
        let cancelled = CancellationToken::new();
        let tasks = TaskTracker::new();
        // Engine and listener belong to the runtime that Tauri runs commands on.
        tauri::async_runtime::block_on(async {
            let engine = Engine::start(config)?;
            let api = api::start(&engine, &values, cancelled.child_token(), &tasks).await;
            Ok(Self {
                settings,
                changing: tokio::sync::Mutex::default(),
                ffmpeg_at_start: ffmpeg,
                has_keyring,
                folder,
                engine,
                api,
                visible: watch::Sender::new(true),
                cancelled,
                tasks,
            })
        })
    }
}

/// The data folder that the person chose in `FANLIGHT_DATA_DIR`, in place of the system's.
pub(crate) fn chosen_folder() -> Option<PathBuf> {
    std::env::var_os("FANLIGHT_DATA_DIR").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Where the log is, in a data folder.
pub(crate) fn logs(folder: &Path) -> PathBuf {
    folder.join("logs")
}

fn data_folder(app: &App) -> anyhow::Result<PathBuf> {
    match chosen_folder() {
        Some(folder) => Ok(folder),
        None => app.path().app_data_dir().context("the system has no folder for the data of apps"),
    }
}
