//! Several instances on loopback ports, and a script that says who has which camera open.
// Each test file uses its own part.
#![allow(dead_code)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use fanlight_api::{Settings, Token, router};
use fanlight_engine::{
    Camera, CameraConfig, CameraId, CameraUrl, Config, ConsumerInfo, ConsumerKind, Engine, Hold,
    Mode, Ownership, PacketConsumer, Peer, RecordingConfig, Role,
};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What a busy machine may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The same for every camera, and changed by the test.
#[derive(Debug)]
struct Script(watch::Sender<Hold>);

impl Ownership for Script {
    fn follow(&self, _: &CameraId) -> watch::Receiver<Hold> {
        self.0.subscribe()
    }
}

/// One instance: an engine and its API.
pub(crate) struct Instance {
    pub(crate) engine: Engine,
    pub(crate) peer: Peer,
    hold: Arc<Script>,
    serving: CancellationToken,
    pub(crate) recordings: TempDir,
}

/// How an instance is started.
#[derive(Default)]
pub(crate) struct Setup<'a> {
    pub(crate) videos: Option<&'a Path>,
    /// What the API asks for.
    pub(crate) token: Option<&'a str>,
    /// What it bears itself.
    pub(crate) relay_token: Option<&'a str>,
}

impl Instance {
    pub(crate) async fn start(name: &str, hold: Hold, setup: Setup<'_>) -> Self {
        let listener = fanlight_api::bind([127, 0, 0, 1].into(), 0).await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let script = Arc::new(Script(watch::Sender::new(hold)));
        let recordings = tempfile::tempdir().expect("a folder");
        let engine = Engine::start(Config {
            ffmpeg: std::env::var_os("FANLIGHT_FFMPEG").map(Into::into),
            replays: setup.videos.map(Path::to_owned),
            recordings: RecordingConfig {
                folder: Some(recordings.path().to_owned()),
                ..RecordingConfig::default()
            },
            ownership: Arc::clone(&script) as _,
            relay_token: setup.relay_token.map(|token| token.to_owned().into()),
            relay_name: name.to_owned(),
            ..Config::default()
        })
        .expect("starts");
        let token = setup.token.map(|token| Token::parse(token).expect("valid"));
        let router = router(engine.clone(), Settings { port, token, ..Settings::default() });
        let serving = CancellationToken::new();
        tokio::spawn(fanlight_api::serve(listener, router, 100, serving.clone()));
        let url = format!("http://127.0.0.1:{port}").parse().expect("a URL");
        let peer = Peer { name: name.to_owned(), url };
        Self { engine, peer, hold: script, serving, recordings }
    }

    /// Where this instance says the cameras are.
    pub(crate) fn holds(&self, hold: Hold) {
        self.hold.0.send_replace(hold);
    }

    pub(crate) async fn add(&self, id: &str, url: &str) -> Arc<Camera> {
        self.add_with(id, url, |_| {}).await
    }

    pub(crate) async fn add_with(
        &self,
        id: &str,
        url: &str,
        change: impl FnOnce(&mut CameraConfig),
    ) -> Arc<Camera> {
        let id = CameraId::parse(id).expect("valid");
        let mut config = CameraConfig::new(id, CameraUrl::parse(url).expect("valid"));
        config.mode = Mode::Always;
        change(&mut config);
        self.engine.add(config).await.expect("added").1
    }

    pub(crate) async fn end(self) {
        self.serving.cancel();
        self.engine.shutdown().await;
    }
}

pub(crate) fn packets(camera: &Camera) -> PacketConsumer {
    let kind = ConsumerKind::Http;
    let info = ConsumerInfo { kind, name: "a script".into(), pid: None, format: "h264" };
    camera.packets(Role::Main, info).expect("joined")
}

/// Who reads a camera: kind and name.
pub(crate) fn readers(camera: &Camera) -> Vec<(&'static str, String)> {
    camera.consumers().into_iter().map(|c| (c.info.kind.name(), c.info.name)).collect()
}

/// Waits until something is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "in vain: {what}");
}

/// A folder with a video of this size and codec in it, `cars.EXTENSION`.
pub(crate) fn video(size: &str, seconds: u32, codec: &[&str], extension: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let ffmpeg = std::env::var_os("FANLIGHT_FFMPEG").unwrap_or_else(|| "ffmpeg".into());
    let made = Command::new(ffmpeg)
        .args(["-v", "error", "-nostdin", "-f", "lavfi"])
        .args(["-i", &format!("testsrc2=size={size}:rate=25:duration={seconds}")])
        .args(["-pix_fmt", "yuv420p", "-g", "25", "-bf", "0", "-threads", "1", "-c:v"])
        .args(codec)
        .arg(folder.path().join(format!("cars.{extension}")))
        .status()
        .expect("these tests need FFmpeg");
    assert!(made.success(), "FFmpeg makes the video");
    folder
}

pub(crate) const H264: &[&str] = &["libx264", "-preset", "ultrafast"];
