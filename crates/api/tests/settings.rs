//! Changing a stream's settings, connecting it anew, and what is told of its last minutes.

mod rig;

use http::StatusCode;
use rig::Api;
use rstest::rstest;
use serde_json::{Value, json};

/// Port 9 (discard) is closed on every machine these tests run on.
const OFFLINE: &str = "rtsp://viewer:canary-pw@127.0.0.1:9/cam";

async fn with_camera() -> Api {
    let api = Api::new();
    let body =
        json!({"stream_id": "cam", "rtsp_url": OFFLINE, "mode": "on_demand", "leave_after": 2.5});
    assert_eq!(api.ask("POST", "/api/streams", Some(body)).await.0, StatusCode::OK);
    api
}

#[tokio::test]
async fn what_is_absent_stays_as_it_is() {
    let api = with_camera().await;
    let change = json!({"name": "Door", "width": 320, "substream_url": "rtsp://v:other-canary@127.0.0.1:9/sub"});
    let (status, changed) = api.ask("PATCH", "/api/streams/cam", Some(change)).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    for (field, value) in [
        ("name", json!("Door")),
        ("width", json!(320)),
        ("height", json!(480)),
        ("mode", json!("on_demand")),
        ("leave_after", json!(2.5)),
        ("transport", json!("tcp")),
        ("rtsp_url", json!("rtsp://viewer:***@127.0.0.1:9/cam")),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    assert_eq!(changed["substream"]["rtsp_url"], "rtsp://v:***@127.0.0.1:9/sub");
    assert_eq!(changed["status"]["state"], "stopped");
    assert!(!changed.to_string().contains("canary"), "{changed}");

    let (_, changed) =
        api.ask("PATCH", "/api/streams/cam", Some(json!({"substream_url": null}))).await;
    assert_eq!(changed["substream"], Value::Null);
    let (_, shown) = api.ask("GET", "/api/streams/cam", None).await;
    assert_eq!(shown["name"], "Door");
}

#[rstest]
#[case::unknown_field(json!({"nmae": "x"}))]
#[case::mode(json!({"mode": "sometimes"}))]
#[case::transport(json!({"transport": "carrier pigeon"}))]
#[case::negative(json!({"leave_after": -1}))]
#[case::too_long(json!({"leave_after": 3601}))]
#[case::size(json!({"width": 1}))]
#[case::scheme(json!({"rtsp_url": "file:///etc/passwd"}))]
#[case::substream_scheme(json!({"substream_url": "file:///etc/passwd"}))]
#[case::the_same_twice(json!({"substream_url": OFFLINE}))]
#[case::our_own_port(json!({"substream_url": "http://127.0.0.1:8080/api/streams/cam/mjpeg"}))]
#[case::a_path(json!({"rtsp_url": "replay:../../etc/passwd"}))]
#[case::fingerprint(json!({"tls_fingerprint": "zz"}))]
#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing(#[case] change: Value) {
    let api = with_camera().await;
    let (_, before) = api.ask("GET", "/api/streams/cam", None).await;
    let (status, problem) = api.ask("PATCH", "/api/streams/cam", Some(change)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    assert!(problem["error"].as_str().is_some_and(|e| !e.is_empty()), "{problem}");
    let (_, after) = api.ask("GET", "/api/streams/cam", None).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_stream_is_connected_anew() {
    let api = with_camera().await;
    let (status, answer) = api.ask("POST", "/api/streams/cam/restart", Some(json!({}))).await;
    assert_eq!(status, StatusCode::OK);
    let expected = json!({"message": "Stream restarted successfully", "stream_id": "cam"});
    assert_eq!(answer, expected);
    for path in ["/api/streams/none/restart", "/api/streams/none"] {
        let method = if path.ends_with("restart") { "POST" } else { "PATCH" };
        let (status, problem) = api.ask(method, path, Some(json!({}))).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("stream_not_found")));
    }
}

#[tokio::test]
async fn the_last_minutes_are_one_number_a_second() {
    let api = with_camera().await;
    let (status, history) = api.ask("GET", "/api/streams/cam/history", None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(history["step_seconds"], 1);
    for series in ["frames", "kbit", "keyframes", "lost", "reconnects"] {
        assert!(history[series].as_array().is_some_and(|s| s.len() <= 300), "{series}: {history}");
    }
}

#[rstest]
#[case("fps=0")]
#[case("fps=-1")]
#[case("fps=NaN")]
#[case("fps=1e9")]
#[case("quality=0")]
#[case("quality=101")]
#[tokio::test]
async fn rates_and_qualities_have_bounds(#[case] query: &str) {
    let api = with_camera().await;
    let path = format!("/api/streams/cam/frame?{query}");
    assert_eq!(api.ask("GET", &path, None).await.0, StatusCode::BAD_REQUEST);
}
