//! A camera is opened where the ownership says, and left the moment it says otherwise.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanlight_engine::{
    CameraConfig, CameraId, CameraUrl, Config, ConsumerInfo, ConsumerKind, Engine, Error,
    ErrorKind, Hold, Ownership, Peer, Role, State, Status,
};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

#[derive(Debug)]
struct Script(watch::Sender<Hold>);

impl Ownership for Script {
    fn follow(&self, _: &CameraId) -> watch::Receiver<Hold> {
        self.0.subscribe()
    }
}

/// An engine with one camera that takes connections and says nothing.
struct Rig {
    engine: Engine,
    camera: Arc<fanlight_engine::Camera>,
    silent: TcpListener,
    script: Arc<Script>,
}

impl Rig {
    async fn new(hold: Hold) -> Self {
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = silent.local_addr().expect("bound").port();
        let script = Arc::new(Script(watch::Sender::new(hold)));
        let ownership = Arc::clone(&script) as _;
        let engine = Engine::start(Config { ownership, ..Config::default() }).expect("starts");
        let url = CameraUrl::parse(&format!("rtsp://127.0.0.1:{port}/cam")).expect("valid");
        let id = CameraId::parse("cam").expect("valid");
        let (_, camera) = engine.add(CameraConfig::new(id, url)).await.expect("added");
        Self { engine, camera, silent, script }
    }

    fn holds(&self, hold: Hold) {
        self.script.0.send_replace(hold);
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
