//! A camera is opened where the ownership says, and left the moment it says otherwise.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fanlight_engine::{
    CameraConfig, CameraId, CameraUrl, Config, ConsumerInfo, ConsumerKind, Engine, Error,
    ErrorKind, Hold, OwnerReport, Ownership, Peer, RecorderState, RecordingConfig, Role, Schedule,
    State, Status,
};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

#[derive(Debug)]
struct Script {
    hold: watch::Sender<Hold>,
    /// What the owner tells.
    reports: watch::Sender<Option<OwnerReport>>,
    /// What is told where the camera is open.
    told: Mutex<Vec<OwnerReport>>,
}

impl Ownership for Script {
    fn follow(&self, _: &CameraId) -> watch::Receiver<Hold> {
        self.hold.subscribe()
    }

    fn reports(&self, _: &CameraId) -> Option<watch::Receiver<Option<OwnerReport>>> {
        Some(self.reports.subscribe())
    }

    fn report(&self, _: &CameraId, report: OwnerReport) {
        self.told.lock().expect("not poisoned").push(report);
    }
}

/// An engine with one camera that takes connections and says nothing.
struct Rig {
    engine: Engine,
    camera: Arc<fanlight_engine::Camera>,
    silent: TcpListener,
    script: Arc<Script>,
    _recordings: tempfile::TempDir,
}

impl Rig {
    async fn new(hold: Hold) -> Self {
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = silent.local_addr().expect("bound").port();
        let script = Arc::new(Script {
            hold: watch::Sender::new(hold),
            reports: watch::Sender::new(None),
            told: Mutex::default(),
        });
        let recordings = tempfile::tempdir().expect("a folder");
        let config = Config {
            ownership: Arc::clone(&script) as _,
            recordings: RecordingConfig {
                default_folder: Some(recordings.path().to_owned()),
                ..RecordingConfig::default()
            },
            ..Config::default()
        };
        let engine = Engine::start(config).expect("starts");
        let url = CameraUrl::parse(&format!("rtsp://127.0.0.1:{port}/cam")).expect("valid");
        let id = CameraId::parse("cam").expect("valid");
        let (_, camera) = engine.add(CameraConfig::new(id, url)).await.expect("added");
        Self { engine, camera, silent, script, _recordings: recordings }
    }

    fn holds(&self, hold: Hold) {
        self.script.hold.send_replace(hold);
    }

    fn owner_tells(&self, report: Option<&str>) {
        self.script.reports.send_replace(report.map(report_of));
    }

    /// Waits until this is told of the camera.
    async fn tells(&self, is_meant: impl Fn(&OwnerReport) -> bool) {
        let told = || self.script.told.lock().expect("not poisoned").last().is_some_and(&is_meant);
        soon(told).await;
    }

    async fn records(&self, state: RecorderState) {
        soon(|| self.camera.recorder().state == state).await;
    }

    async fn connected(&self) -> TcpStream {
        let connected = timeout(Duration::from_secs(10), self.silent.accept());
        connected.await.expect("it connects").expect("accepted").0
    }

    /// Waits for such a status.
    async fn shows(&self, is_meant: impl FnMut(&Status) -> bool) -> Status {
        let mut status = self.camera.status();
        let shown = timeout(Duration::from_secs(10), status.wait_for(is_meant));
        shown.await.expect("soon").expect("goes on").clone()
    }

    async fn is_left_alone(&self) -> bool {
        timeout(Duration::from_millis(500), self.silent.accept()).await.is_err()
    }
}

async fn soon(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), wait).await.expect("soon");
}

/// What an owner tells of a camera in this state, as it travels.
fn report_of(rest: &str) -> OwnerReport {
    let text = format!(r#"{{"since": "2026-01-01T00:00:00Z", {rest}}}"#);
    OwnerReport::decode(text.as_bytes()).expect("a report")
}

fn away() -> Error {
    Error::new(ErrorKind::SharedStateUnavailable, "the shared state is away")
}

fn elsewhere() -> Hold {
    let url = "http://127.0.0.1:9".parse().expect("a URL");
    Hold::There(Peer { name: "other".into(), url })
}

/// Reads until the other end closes; how long that took.
async fn closed(mut camera: TcpStream) -> Duration {
    let since = Instant::now();
    let mut heard = Vec::new();
    let end = timeout(Duration::from_secs(10), camera.read_to_end(&mut heard));
    let _ = end.await.expect("it is closed");
    since.elapsed()
}

#[tokio::test]
async fn a_camera_that_is_lost_is_left_at_once() {
    for lost in [Hold::Nobody(away()), elsewhere()] {
        let rig = Rig::new(Hold::Here).await;
        let camera = rig.connected().await;
        rig.holds(lost);
        let took = closed(camera).await;
        assert!(took < Duration::from_millis(100), "{took:?}");
        assert!(rig.is_left_alone().await);
        rig.engine.shutdown().await;
    }
}

#[tokio::test]
async fn a_camera_that_nobody_may_open_says_why_and_wakes_up() {
    let rig = Rig::new(Hold::Nobody(away())).await;
    let status = rig.camera.status().borrow().clone();
    let fault = status.fault.expect("a reason");
    assert_eq!((status.state, status.attempt, status.next_try), (State::Reconnecting, 0, None));
    assert_eq!((fault.kind, &*fault.message), (away().kind(), away().message()));
    assert!(rig.is_left_alone().await);
    rig.holds(Hold::Here);
    let _camera = rig.connected().await;
    rig.shows(|status| status.fault.is_none()).await;
    rig.engine.shutdown().await;
}

#[tokio::test]
async fn a_camera_of_another_is_left_alone_and_its_owner_asked_for_readers_only() {
    let rig = Rig::new(elsewhere()).await;
    assert_eq!(rig.camera.hold(), elsewhere());
    assert!(rig.is_left_alone().await, "although it is to be connected always");
    assert_eq!(rig.camera.status().borrow().state, State::Stopped);
    let info =
        ConsumerInfo { kind: ConsumerKind::Http, name: "x".into(), pid: None, format: "h264" };
    let reader = rig.camera.packets(Role::Main, info.clone()).expect("joined");
    let fault = rig.shows(|status| status.fault.is_some()).await.fault.expect("one");
    assert_eq!(fault.kind, ErrorKind::OwnerUnreachable);
    assert!(fault.message.contains("other"), "{}", fault.message);
    assert!(rig.is_left_alone().await);
    drop(reader);
    rig.shows(|status| status.state == State::Stopped).await;
    // What only its owner can do is not done.
    for refused in [
        rig.camera.record().expect_err("elsewhere"),
        rig.camera.clip(5).await.expect_err("elsewhere"),
        rig.camera.relay(Role::Main, info).expect_err("elsewhere"),
    ] {
        assert_eq!(refused.kind(), ErrorKind::NotOwner);
    }
    rig.engine.shutdown().await;
}

#[tokio::test]
async fn a_camera_of_another_is_shown_as_its_owner_tells() {
    let rig = Rig::new(elsewhere()).await;
    assert_eq!(rig.camera.status().borrow().state, State::Stopped, "nothing was told yet");
    rig.owner_tells(Some(r#""status": {"state": "online"}, "recorder": "recording""#));
    let status = rig.shows(|status| status.state == State::Online).await;
    assert_eq!(status.since, "2026-01-01T00:00:00Z".parse().expect("a time"), "since when, too");
    let owner = rig.camera.snapshot().owner.expect("another");
    assert_eq!((&*owner.name, owner.recorder), ("other", RecorderState::Recording));
    rig.owner_tells(Some(
        r#""status": {"state": "auth_failed", "code": "auth_failed", "message": "it says no"}"#,
    ));
    let status = rig.shows(|status| status.state == State::AuthFailed).await;
    assert_eq!(status.fault.expect("why").message, "it says no");
    assert!(rig.is_left_alone().await, "nobody reads it here");
    rig.holds(Hold::Nobody(away()));
    rig.shows(|status| status.state == State::Reconnecting).await;
    rig.holds(Hold::Here);
    rig.owner_tells(None);
    let _camera = rig.connected().await;
    rig.tells(|report| report.status.state == State::Connecting).await;
    rig.engine.shutdown().await;
}

#[tokio::test]
async fn a_recording_that_was_begun_by_hand_goes_with_the_camera() {
    let rig = Rig::new(elsewhere()).await;
    rig.owner_tells(Some(r#""status": {}, "recorder": "recording", "record": true"#));
    // It is still the owner's.
    assert!(rig.is_left_alone().await);
    assert_eq!(rig.camera.recorder().state, RecorderState::Off);
    rig.owner_tells(None);
    rig.holds(Hold::Here);
    rig.records(RecorderState::Waiting).await;
    rig.tells(|report| report.wish.record && report.recorder == RecorderState::Waiting).await;
    rig.engine.update(rig.camera.id(), |_| Ok(())).await.expect("changed");
    assert_eq!(rig.camera.recorder().state, RecorderState::Waiting);
    // And what ends there has ended here.
    rig.holds(elsewhere());
    rig.records(RecorderState::Off).await;
    rig.owner_tells(Some(r#""status": {}, "record": false"#));
    rig.shows(|status| status.state == State::Reconnecting).await;
    rig.owner_tells(None);
    rig.holds(Hold::Here);
    let _camera = rig.connected().await;
    rig.tells(|report| !report.wish.record).await;
    assert_eq!(rig.camera.recorder().state, RecorderState::Off);
    rig.engine.shutdown().await;
}

#[tokio::test]
async fn a_changed_schedule_is_newer_than_what_the_owner_was_asked_for() {
    let rig = Rig::new(elsewhere()).await;
    let always = |config: &mut CameraConfig| {
        config.record = Schedule::Always;
        Ok(())
    };
    rig.engine.update(rig.camera.id(), always).await.expect("changed");
    // Told before it knew of the change.
    rig.owner_tells(Some(r#""status": {"state": "stalled"}, "record": false, "always": false"#));
    rig.shows(|status| status.state == State::Stalled).await;
    rig.holds(Hold::Here);
    rig.records(RecorderState::Waiting).await;
    rig.engine.shutdown().await;
}
