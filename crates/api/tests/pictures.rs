//! Pictures for eyes: snapshots, and Motion JPEG for whatever shows it. With the demo camera, so
//! they need an FFmpeg.

mod rig;

use fanlight_engine::CameraId;
use http::StatusCode;
use rig::{Api, DEMO, OFFLINE, bytes_of, eventually, header, read_until};
use rstest::rstest;

/// Width and height as the JPEG itself tells them.
fn size_of(jpeg: &[u8]) -> (u16, u16) {
    assert_eq!((&jpeg[..2], &jpeg[jpeg.len() - 2..]), (&[0xff, 0xd8][..], &[0xff, 0xd9][..]));
    let start = jpeg.windows(2).position(|w| matches!(w, [0xff, 0xc0 | 0xc2])).expect("a frame");
    let number = |at: usize| u16::from_be_bytes([jpeg[start + at], jpeg[start + at + 1]]);
    (number(7), number(5))
}

fn consumers(api: &Api) -> usize {
    api.engine.camera(&CameraId::parse("cam").expect("valid")).expect("there").consumer_count()
}

#[tokio::test]
async fn a_snapshot_is_a_picture_in_the_cameras_shape() {
    let api = Api::new();
    api.start("cam", DEMO).await;
    let response = api.get("/api/streams/cam/snapshot.jpg").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), "image/jpeg");
    assert_eq!(header(&response, "cache-control"), "no-store");
    assert!(header(&response, "x-frame-timestamp").parse::<u64>().is_ok());
    // The stream is declared as 320x320; the demo camera is wide.
    let (width, height) = size_of(&bytes_of(response).await);
    assert_eq!(width, 320);
    assert!(height < 200, "{width}x{height}");

    let response = api.get("/api/streams/cam/snapshot.jpg?width=160&height=120").await;
    assert_eq!(size_of(&bytes_of(response).await), (160, 120));
    assert_eq!(consumers(&api), 0);
}

#[tokio::test]
async fn who_says_how_old_a_snapshot_may_be_shares_it() {
    let api = Api::new();
    api.start("cam", DEMO).await;
    let path = "/api/streams/cam/snapshot.jpg?cache=10m";
    let first = api.get(path).await;
    assert_eq!(header(&first, "cache-control"), "private, max-age=600");
    let second = api.get(path).await;
    assert_eq!(header(&first, "x-frame-sequence"), header(&second, "x-frame-sequence"));
    assert!(header(&second, "age").parse::<u64>().is_ok());
    // Others get the present.
    let third = api.get("/api/streams/cam/snapshot.jpg").await;
    assert_ne!(header(&first, "x-frame-sequence"), header(&third, "x-frame-sequence"));
}

#[rstest]
#[case("cache=10")]
#[case("cache=2h")]
#[case("width=15")]
#[tokio::test]
async fn a_snapshot_is_asked_for_in_words_that_fit(#[case] query: &str) {
    let api = Api::new();
    api.start("cam", DEMO).await;
    let response = api.get(&format!("/api/streams/cam/snapshot.jpg?{query}")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[rstest]
#[case("snapshot.jpg?width=160&height=120")]
#[case("mjpeg")]
#[tokio::test(start_paused = true)]
async fn a_camera_that_is_away_is_told_as_such(#[case] what: &str) {
    let api = Api::new();
    api.start("cam", OFFLINE).await;
    let response = api.get(&format!("/api/streams/cam/{what}")).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(rig::json_of(response).await["code"], "camera_unreachable");
    assert_eq!(consumers(&api), 0);
}

#[tokio::test]
async fn motion_jpeg_is_one_picture_after_the_other() {
    let api = Api::new();
    api.start("cam", DEMO).await;
    let response = api.get("/api/streams/cam/mjpeg?width=160").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), "multipart/x-mixed-replace; boundary=frame");
    let mut body = response.into_body();
    let boundaries = |read: &[u8]| read.windows(7).filter(|w| w == b"--frame").count();
    let read = read_until(&mut body, |read| boundaries(read) == 4).await;
    assert!(read.starts_with(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: "));
    assert!(read.ends_with(b"\xff\xd9\r\n--frame\r\n"), "a picture ends with its boundary");

    // Each part is as long as it says, and its picture is newer than the former.
    let mut rest = &read[9..];
    let mut last = 0;
    for _ in 0..3 {
        let end = rest.windows(4).position(|w| w == b"\r\n\r\n").expect("headers");
        let headers = String::from_utf8_lossy(&rest[..end]).into_owned();
        let number = |name: &str| -> usize {
            let line = headers.lines().find_map(|line| line.strip_prefix(name)).expect("is there");
            line.trim_start_matches(": ").parse().expect("a number")
        };
        let (length, sequence) = (number("Content-Length"), number("X-Frame-Sequence"));
        let jpeg = &rest[end + 4..end + 4 + length];
        assert_eq!(size_of(jpeg).0, 160);
        assert!(sequence > last, "{sequence} after {last}");
        last = sequence;
        rest = rest[end + 4 + length..].strip_prefix(b"\r\n--frame\r\n").expect("a boundary");
    }

    assert_eq!(consumers(&api), 1);
    drop(body);
    eventually("the consumer is gone", || consumers(&api) == 0).await;
}

#[tokio::test]
async fn a_slow_viewer_of_motion_jpeg_skips_pictures() {
    let api = Api::new();
    api.start("cam", DEMO).await;
    let mut body = api.get("/api/streams/cam/mjpeg?width=160").await.into_body();
    let ends = |read: &[u8]| read.ends_with(b"--frame\r\n");
    read_until(&mut body, ends).await;
    let camera = api.engine.camera(&CameraId::parse("cam").expect("valid")).expect("there");
    let before = camera.snapshot().main.totals.frames;
    eventually("some pictures pass", || camera.snapshot().main.totals.frames > before + 10).await;
    let waiting = camera.snapshot().main.totals.frames;
    let read = read_until(&mut body, ends).await;
    let text = String::from_utf8_lossy(&read);
    let sequence = text.lines().find_map(|l| l.strip_prefix("X-Frame-Sequence: ")).expect("told");
    let sequence: u64 = sequence.parse().expect("a number");
    assert!(sequence + 3 > waiting, "{sequence} is old, {waiting} have come");
    assert!(camera.consumers()[0].dropped >= 5);
}

#[tokio::test]
async fn motion_jpeg_ends_with_its_stream() {
    let api = Api::new();
    api.start("cam", DEMO).await;
    let mut body = api.get("/api/streams/cam/mjpeg?width=160").await.into_body();
    read_until(&mut body, |read| read.ends_with(b"--frame\r\n")).await;
    let (status, _) = api.ask("DELETE", "/api/streams/cam/force", None).await;
    assert_eq!(status, StatusCode::OK);
    let rest = tokio::time::timeout(
        std::time::Duration::from_secs(5),
        http_body_util::BodyExt::collect(body),
    );
    assert!(rest.await.is_ok(), "the answer goes on for ever");
}
