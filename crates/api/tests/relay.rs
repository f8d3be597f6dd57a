//! Instances that read a camera from the one that has it open.

mod instances;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use fanlight_engine::{
    Camera, ConsumerInfo, ConsumerKind, Delivery, Error, ErrorKind, Hold, PacketConsumer, Path,
    Peer, RecorderState, Schedule, Size, Spec, State,
};
use futures_util::future::join_all;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instances::{H264, Instance, PATIENCE, SECRET, Setup, eventually, packets, readers, video};
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

async fn next(reader: &mut PacketConsumer) -> Delivery {
    timeout(PATIENCE, reader.next()).await.expect("a packet comes").expect("goes on")
}

async fn some(reader: &mut PacketConsumer, count: usize) -> Vec<Delivery> {
    let mut read = Vec::new();
    while read.len() < count {
        read.push(next(reader).await);
    }
    read
}

fn status(camera: &Camera) -> (State, Option<(ErrorKind, String)>) {
    let status = camera.status().borrow().clone();
    (status.state, status.fault.map(|fault| (fault.kind, fault.message)))
}

/// Sends a request to an instance; the status and the JSON of the answer.
async fn ask(
    instance: &Instance,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, serde_json::Value) {
    let address = instance.peer.url.authority().to_owned();
    let tcp = TcpStream::connect(&address).await.expect("connected");
    let (mut sender, connection) = http1::handshake(TokioIo::new(tcp)).await.expect("HTTP");
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", address);
    for (name, value) in [("content-type", "application/json")].iter().chain(headers) {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(bytes::Bytes::from_static(b"{}"))).expect("a request");
    let answer = sender.send_request(request).await.expect("answers");
    let status = answer.status();
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[rstest]
#[case::h264(H264, "mp4")]
#[case::h265(&["libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:pools=1"], "mp4")]
#[case::mjpeg(&["mjpeg"], "avi")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_packets_come_from_the_owner_over_one_connection(
    #[case] codec: &[&str],
    #[case] extension: &str,
) {
    let videos = video("320x180", 4, codec, extension);
    let setup = || Setup { videos: Some(videos.path()), ..Setup::default() };
    let a = Instance::start("a", Hold::Here, setup()).await;
    let b = Instance::start("b", Hold::There(a.peer.clone()), setup()).await;
    let url = format!("replay:cars.{extension}");
    let there = a.add("cam", &url).await;
    let here = b.add("cam", &url).await;
    eventually("it is online at its owner", || there.status().borrow().state == State::Online)
        .await;
    assert_eq!(status(&here), (State::Stopped, None), "nobody reads it here");
    assert!(readers(&there).is_empty());
    // In the middle of a GOP.
    let mut original = packets(&there);
    some(&mut original, 10).await;

    let began = Instant::now();
    let mut relayed: Vec<_> = (0..5).map(|_| packets(&here)).collect();
    let first = next(&mut relayed[0]).await;
    let took = began.elapsed();
    assert!(first.packet.keyframe, "from the owner's cached GOP");
    assert!(took < Duration::from_millis(900), "sooner than the next keyframe: {took:?}");
    assert_eq!(readers(&there)[1..], [("relay", "b".to_owned())]);

    let reading = join_all(relayed.iter_mut().map(|reader| some(reader, 50)));
    let (sent, received) = tokio::join!(some(&mut original, 60), reading);
    let sent: HashMap<_, _> = sent.into_iter().map(|d| (d.packet.sequence, d.packet)).collect();
    let mut same = 0;
    for received in received {
        for Delivery { packet, missed } in received {
            assert_eq!(missed, 0);
            let Some(sent) = sent.get(&packet.sequence) else { continue };
            same += 1;
            assert_eq!(packet.captured_at, sent.captured_at);
            assert_eq!((packet.pts, packet.clock), (sent.pts, sent.clock));
            assert_eq!((packet.keyframe, packet.lost), (sent.keyframe, sent.lost));
            assert_eq!(packet.data, sent.data);
            assert_eq!(packet.stream, sent.stream);
        }
    }
    assert!(same >= 100, "{same} packets were compared");
    assert_eq!(readers(&there)[1..], [("relay", "b".to_owned())], "however many read it here");
    let snapshot = here.snapshot();
    assert_eq!(snapshot.owner.map(|owner| owner.name).as_deref(), Some("a"));
    assert_eq!(snapshot.main.status.session.map(|session| session.path), Some(Path::Relay));
    assert!(there.snapshot().main.renditions.is_empty(), "nothing is decoded for it");

    drop(relayed);
    eventually("the relay leaves when nobody reads", || readers(&there).len() == 1).await;
    eventually("and says so", || status(&here) == (State::Stopped, None)).await;
    a.end().await;
    b.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_of_a_relayed_camera_are_decoded_where_they_are_wanted() {
    let videos = video("320x180", 4, H264, "mp4");
    let setup = || Setup { videos: Some(videos.path()), ..Setup::default() };
    let a = Instance::start("a", Hold::Here, setup()).await;
    let b = Instance::start("b", Hold::There(a.peer.clone()), setup()).await;
    let there = a.add("cam", "replay:cars.mp4").await;
    let here = b.add("cam", "replay:cars.mp4").await;
    eventually("it is online at its owner", || there.status().borrow().state == State::Online)
        .await;
    let info =
        ConsumerInfo { kind: ConsumerKind::Http, name: "x".into(), pid: None, format: "bgr24" };
    let size = Size::new(160, 90).expect("valid");
    let mut frames = here.frames(Spec::new(size), info).expect("joined");
    let frame = timeout(PATIENCE, frames.next_after(0)).await.expect("in time").expect("a frame");
    assert_eq!(frame.bgr24().expect("pixels").len(), 160 * 90 * 3);
    let (code, stream) = ask(&b, "GET", "/api/streams/cam", &[]).await;
    assert_eq!((code, &stream["owner"]), (StatusCode::OK, &"a".into()));
    assert_eq!(stream["ingest"]["path"], "relay");
    let (_, stream) = ask(&a, "GET", "/api/streams/cam", &[]).await;
    assert_eq!(stream.get("owner"), None);
    assert_eq!(stream["renditions"], serde_json::json!([]));
    a.end().await;
    b.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_stay_while_a_camera_moves() {
    let videos = video("320x180", 4, H264, "mp4");
    let setup = || Setup { videos: Some(videos.path()), ..Setup::default() };
    let a = Instance::start("a", Hold::Here, setup()).await;
    let b = Instance::start("b", Hold::There(a.peer.clone()), setup()).await;
    let there = a.add("cam", "replay:cars.mp4").await;
    let here = b.add_with("cam", "replay:cars.mp4", |c| c.record = Schedule::Always).await;
    let (mut reader, mut at_a) = (packets(&here), packets(&there));
    let mut last = next(&mut reader).await.packet.sequence;
    assert_eq!(here.recorder().state, RecorderState::Off, "records where it is open alone");

    // From the owner to this instance.
    a.holds(Hold::There(b.peer.clone()));
    b.holds(Hold::Here);
    eventually("it is opened here", || path(&here) == Some(Path::Ffmpeg)).await;
    eventually("and read from here there", || path(&there) == Some(Path::Relay)).await;
    eventually("and recorded", || here.recorder().state == RecorderState::Recording).await;
    last = goes_on(&mut reader, last).await;
    goes_on(&mut at_a, 0).await;
    assert!(readers(&here).contains(&("relay", "a".to_owned())), "{:?}", readers(&here));

    // Nobody may open it.
    let why = Error::new(ErrorKind::SharedStateUnavailable, "the shared state is away");
    b.holds(Hold::Nobody(why.clone()));
    let shown = (State::Reconnecting, Some((why.kind(), why.message().to_owned())));
    eventually("its status says why", || status(&here) == shown).await;
    eventually("no recording", || here.recorder().state == RecorderState::Off).await;
    assert!(timeout(Duration::from_millis(300), reader.next()).await.is_err());
    assert_eq!(here.status().borrow().next_try, None, "nothing is tried");

    // And back to the owner.
    a.holds(Hold::Here);
    b.holds(Hold::There(a.peer.clone()));
    eventually("it is read from the owner again", || path(&here) == Some(Path::Relay)).await;
    goes_on(&mut reader, last).await;
    goes_on(&mut at_a, 0).await;
    assert_eq!(status(&here), (State::Online, None));
    a.end().await;
    b.end().await;
}

fn path(camera: &Camera) -> Option<Path> {
    let status = camera.status().borrow().clone();
    status.session.filter(|_| status.state == State::Online).map(|session| session.path)
}

/// Reads on, in order; the last number.
async fn goes_on(reader: &mut PacketConsumer, mut last: u64) -> u64 {
    let late = Instant::now() + Duration::from_millis(800);
    let mut read = 0;
    while read < 5 || Instant::now() < late {
        let Delivery { packet, .. } = next(reader).await;
        assert!(packet.sequence > last, "{} after {last}", packet.sequence);
        last = packet.sequence;
        read += 1;
    }
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_to_the_owner_costs_no_packet() {
    let videos = video("320x180", 4, H264, "mp4");
    let setup = || Setup { videos: Some(videos.path()), ..Setup::default() };
    let a = Instance::start("a", Hold::Here, setup()).await;
    let b = Instance::start("b", Hold::There(a.peer.clone()), setup()).await;
    let there = a.add("cam", "replay:cars.mp4").await;
    let here = b.add("cam", "replay:cars.mp4").await;
    let mut reader = packets(&here);
    let mut last = next(&mut reader).await.packet.sequence;
    let relay = there.consumers().into_iter().find(|c| c.info.kind == ConsumerKind::Relay);
    there.kick(relay.expect("it reads").id).expect("disconnected");
    for _ in 0..50 {
        let Delivery { packet, missed } = next(&mut reader).await;
        // A keyframe may have come while it was away.
        assert_eq!(packet.sequence, last + 1 + missed);
        assert!(missed == 0 || packet.keyframe, "{missed} missed");
        last = packet.sequence;
    }
    assert_eq!(here.snapshot().main.totals.reconnects, 1);
    a.end().await;
    b.end().await;
}

/// A camera that answers every request like this.
async fn camera_that_says(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while let Ok(read @ 1..) = tcp.read(&mut request).await {
                    let request = String::from_utf8_lossy(&request[..read]).into_owned();
                    let cseq = request.lines().find(|l| l.starts_with("CSeq")).unwrap_or("CSeq: 1");
                    let answer = format!(
                        "RTSP/1.0 {status}\r\n{cseq}\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n"
                    );
                    let _ = tcp.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    format!("rtsp://viewer:wrong@127.0.0.1:{port}/cam")
}

#[rstest]
#[case("401 Unauthorized", State::AuthFailed, ErrorKind::AuthFailed)]
#[case("404 Not Found", State::Error, ErrorKind::CameraNotFound)]
#[tokio::test]
async fn a_cameras_failure_is_told_in_the_owners_words(
    #[case] answer: &'static str,
    #[case] state: State,
    #[case] kind: ErrorKind,
) {
    let url = camera_that_says(answer).await;
    let a = Instance::start("a", Hold::Here, Setup::default()).await;
    let b = Instance::start("b", Hold::There(a.peer.clone()), Setup::default()).await;
    let there = a.add("cam", &url).await;
    let here = b.add("cam", &url).await;
    let _reader = packets(&here);
    eventually("the owner fails", || status(&there).1.is_some_and(|fault| fault.0 == kind)).await;
    let expected = status(&there);
    assert_eq!(expected.0, state);
    eventually("the relay says the same", || status(&here) == expected).await;
    assert_eq!(here.lasting_fault().map(|error| error.kind()), Some(kind));
    assert_eq!(readers(&there), [("relay", "b".to_owned())], "it stays to hear of the end of it");
    // Mended at the owner.
    a.engine.pause();
    eventually("a pause is told", || status(&here).1.is_some_and(|f| f.1.contains("paused"))).await;
    a.end().await;
    b.end().await;
}

#[tokio::test]
async fn nobody_relays_what_it_relays_itself() {
    let a = Instance::start("a", Hold::Here, Setup::default()).await;
    let b = Instance::start("b", Hold::There(a.peer.clone()), Setup::default()).await;
    a.holds(Hold::There(b.peer.clone()));
    let url = "rtsp://127.0.0.1:9/cam";
    let there = a.add("cam", url).await;
    let here = b.add("cam", url).await;
    let _reader = packets(&here);
    let is_told = || status(&here).1.is_some_and(|fault| fault.0 == ErrorKind::NotOwner);
    eventually("it says so", is_told).await;
    assert!(here.status().borrow().next_try.is_some(), "it is asked again soon");
    assert!(readers(&there).is_empty());
    // Nor what else only an owner can do.
    let (code, problem) = ask(&b, "POST", "/api/streams/cam/recording", &[]).await;
    assert_eq!((code, &problem["code"]), (StatusCode::MISDIRECTED_REQUEST, &"not_owner".into()));
    a.end().await;
    b.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_the_owner_can_do_is_passed_on_to_it() {
    let videos = video("320x180", 4, H264, "mp4");
    let setup = || Setup {
        videos: Some(videos.path()),
        token: Some("fedcba9876543210fedcba9876543210"),
        relay_token: Some(SECRET),
    };
    let bearer = [("authorization", "Bearer fedcba9876543210fedcba9876543210")];
    let a = Instance::start("a", Hold::Here, setup()).await;
    let b = Instance::start("b", Hold::There(a.peer.clone()), setup()).await;
    let there = a.add("cam", "replay:cars.mp4").await;
    let here = b.add("cam", "replay:cars.mp4").await;
    eventually("it is online at its owner", || there.status().borrow().state == State::Online)
        .await;
    let (code, recorder) = ask(&b, "POST", "/api/streams/cam/recording", &bearer).await;
    assert_eq!(code, StatusCode::OK, "{recorder}");
    eventually("it is recorded", || there.recorder().state == RecorderState::Recording).await;
    assert_eq!(here.recorder().state, RecorderState::Off);
    let (_, recorder) = ask(&b, "GET", "/api/streams/cam/recording", &bearer).await;
    assert_eq!(recorder["state"], "recording", "{recorder}");
    let (code, clip) = ask(&b, "POST", "/api/streams/cam/clip", &bearer).await;
    assert_eq!(code, StatusCode::CREATED, "{clip}");
    let (code, recorder) = ask(&b, "DELETE", "/api/streams/cam/recording", &bearer).await;
    assert_eq!((code, &recorder["state"]), (StatusCode::OK, &"off".into()), "{recorder}");
    let (code, problem) = ask(&b, "POST", "/api/streams/cam/recording", &[]).await;
    assert_eq!((code, &problem["code"]), (StatusCode::UNAUTHORIZED, &"token_required".into()));
    // An owner that is away is named.
    let nowhere = Peer { name: "gone".into(), url: "http://127.0.0.1:9".parse().expect("a URL") };
    b.holds(Hold::There(nowhere));
    let (code, problem) = ask(&b, "POST", "/api/streams/cam/recording", &bearer).await;
    assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem["code"], "owner_unreachable");
    assert!(problem["error"].as_str().is_some_and(|words| words.contains("gone")), "{problem}");
    a.end().await;
    b.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_prove_themselves_by_their_token() {
    let videos = video("320x180", 4, H264, "mp4");
    let with = |relay_token| Setup {
        videos: Some(videos.path()),
        token: Some("fedcba9876543210fedcba9876543210"),
        relay_token: Some(relay_token),
    };
    let a = Instance::start("a", Hold::Here, with(SECRET)).await;
    let b = Instance::start("b", Hold::There(a.peer.clone()), with(SECRET)).await;
    let c = Instance::start("c", Hold::There(a.peer.clone()), with("another-secret-0123")).await;
    a.add("cam", "replay:cars.mp4").await;
    let (right, wrong) =
        (b.add("cam", "replay:cars.mp4").await, c.add("cam", "replay:cars.mp4").await);
    let _refused = packets(&wrong);
    next(&mut packets(&right)).await;
    eventually("the other one is told", || {
        status(&wrong)
            .1
            .is_some_and(|f| f.0 == ErrorKind::OwnerUnreachable && f.1.contains("token"))
    })
    .await;
    for instance in [a, b, c] {
        instance.end().await;
    }
}

#[tokio::test]
async fn a_client_is_told_that_packets_are_for_instances() {
    let a = Instance::start("a", Hold::Here, Setup::default()).await;
    a.add("cam", "rtsp://127.0.0.1:9/cam").await;
    let upgrade = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let (code, problem) = ask(&a, "GET", "/ws/cam?format=packets", &upgrade).await;
    assert_eq!((code, &problem["code"]), (StatusCode::BAD_REQUEST, &"invalid_request".into()));
    a.end().await;
}
