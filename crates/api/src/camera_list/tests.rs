use std::fmt::Write as _;

use super::*;
use rstest::rstest;

fn read(text: &str) -> CameraList {
    CameraList::read(text, None).expect("a camera list")
}

/// `id name url substream` of each camera.
fn cameras(list: &CameraList) -> Vec<String> {
    let told = |camera: &CameraConfig| {
        let substream = camera.substream.as_ref().map_or("-", |url| url.expose());
        format!("{} | {} | {} | {substream}", camera.id, camera.name, camera.url.expose())
    };
    list.cameras.iter().map(told).collect()
}

fn reasons(list: &CameraList) -> Vec<String> {
    list.skipped.iter().map(|s| format!("{}: {}", s.name, s.reason)).collect()
}

const GO2RTC: &str = include_str!("../../testdata/go2rtc.yaml");
const FRIGATE: &str = include_str!("../../testdata/frigate.yaml");

#[test]
fn go2rtc_streams_become_cameras() {
    let list = read(GO2RTC);
    assert_eq!(list.format, Format::Go2rtc);
    assert_eq!(
        cameras(&list),
        [
            "12 | 12 | rtsp://192.0.2.12/live | -",
            "Front-door | Front door! | rtsp://admin:p%40ss@192.0.2.7:554/h264Preview_01_main | -",
            "garage | garage | http://192.0.2.9/mjpeg | -",
            "old_cam | old_cam | rtsp://192.0.2.10/stream | -",
            "yard | yard | rtsp://192.0.2.8/main | -",
        ]
    );
    assert_eq!(
        reasons(&list),
        [
            "!!!: no id can be made of this name; it has no letter or digit",
            "doorbell: its source is homekit:, which is not a way that Fanlight reads cameras",
            "empty: it has no source",
            "from_env: a placeholder stands in its URL; put in what it stands for",
            "metadata: its URL points to a link-local or metadata address",
            "script: its source is exec:, which is not a way that Fanlight reads cameras",
            "smaller: its source is another stream or a device, re-encoded by FFmpeg",
        ]
    );
}

#[test]
fn frigate_records_the_main_stream_and_detects_in_the_smaller_one() {
    let list = read(FRIGATE);
    assert_eq!(list.format, Format::Frigate);
    assert_eq!(
        cameras(&list),
        [
            "back | Back yard | rtsp://admin:secret@192.0.2.20/main | rtsp://admin:secret@192.0.2.20/sub",
            "gate | gate | rtsp://192.0.2.22/only | -",
            "side | side | rtsp://192.0.2.21/main | rtsp://192.0.2.21/sub",
            "attic | attic | rtsp://192.0.2.23/live | -",
        ]
    );
    assert_eq!(
        reasons(&list),
        [
            "blind: it has no inputs",
            "hidden: a placeholder stands in its path; put in what it stands for",
            "off: it is disabled",
        ]
    );
}

#[test]
fn an_export_with_passwords_can_be_read_again() {
    let cameras = read(FRIGATE).cameras;
    let text = serde_json::to_string(&export(&cameras, Passwords::Exposed)).expect("text");
    let again = read(&text);
    assert_eq!((again.format, &again.skipped[..]), (Format::Fanlight, &[][..]));
    assert_eq!(again.cameras, cameras);
}

#[test]
fn an_export_without_passwords_names_what_is_missing() {
    let cameras = read(FRIGATE).cameras;
    let text = serde_json::to_string(&export(&cameras, Passwords::Masked)).expect("text");
    assert!(!text.contains("secret"), "{text}");
    let again = read(&text);
    assert_eq!(again.cameras.len(), 3);
    assert_eq!(again.skipped.len(), 1);
    assert!(again.skipped[0].reason.contains("put the password in"), "{:?}", again.skipped);
}

#[rstest]
#[case::number("cameras: [1]", "camera number 1: this is no camera")]
#[case::no_url("cameras: [{stream_id: a}]", "a: ")]
#[case::no_id("cameras: [{rtsp_url: 'demo:'}]", "camera number 1: stream_id is missing")]
#[case::bad_id("cameras: [{stream_id: ../a, rtsp_url: 'demo:'}]", "../a: stream_id must be")]
#[case::kind(
    "cameras: [{stream_id: a, rtsp_url: 'demo:', width: wide}]",
    "a: width is missing or of the wrong kind"
)]
#[case::bounds("cameras: [{stream_id: a, rtsp_url: 'demo:', width: 3}]", "a: width and height")]
#[case::buffer(
    "cameras: [{stream_id: a, rtsp_url: 'demo:', frame_buffer_size: 1001}]",
    "a: frame_buffer_size must be 1 to 1000"
)]
#[case::scheme("cameras: [{stream_id: a, rtsp_url: 'file:///etc'}]", "a: Fanlight opens")]
#[case::twice(
    "cameras: [{stream_id: a, rtsp_url: 'demo:'}, {stream_id: a, rtsp_url: 'rtsp://c/1'}]",
    "a: its id would be a, which an earlier one has"
)]
fn what_is_wrong_with_one_camera_is_told(#[case] text: &str, #[case] expected: &str) {
    let list = read(text);
    let told = reasons(&list);
    assert!(told.len() == 1 && told[0].starts_with(expected), "{told:?}");
}

#[rstest]
#[case::open_quote("streams:\n  a: \"rtsp://u:canary-pw@h\n", "line")]
#[case::tab("streams:\n\ta: rtsp://u:canary-pw@h\n", "line 2")]
#[case::twice("streams:\n  a: x\n  a: rtsp://u:canary-pw@h\n", "line 3")]
#[case::alias("streams:\n  a: *canary-pw\n", "line 2")]
#[case::json("{\"cameras\": [\n  {\"stream_id\": \"canary-pw\",]}", "line")]
#[case::several("a: 1\n---\nb: 2\n", "line")]
#[case::empty("", "no camera list")]
#[case::scalar("canary-pw", "no camera list")]
#[case::foreign("services:\n  web: canary-pw\n", "no camera list")]
#[case::shape("streams: [canary-pw]", "has streams, by name")]
#[case::version("version: 2\ncameras: []", "not of version 1")]
fn a_text_that_is_no_list_is_told_without_quoting_it(#[case] text: &str, #[case] expected: &str) {
    let error = CameraList::read(text, None).expect_err("refused");
    assert!(error.message().contains(expected), "{error}");
    assert!(!error.message().contains("canary-pw"), "{error}");
}

#[test]
fn a_format_that_was_named_counts() {
    let error = CameraList::read("streams: {a: 'rtsp://c/1'}", Some(Format::Fanlight));
    assert!(error.expect_err("refused").message().contains("cameras, which is a list"));
}

#[test]
fn a_text_that_grows_without_bounds_is_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
        writeln!(text, "a{n}: &a{n} [{aliases}]").expect("a string");
    }
    assert!(CameraList::read(&text, None).is_err());
    assert!(CameraList::read(&"[".repeat(60_000), None).is_err());
}
