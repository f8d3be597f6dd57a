//! Camera lists through the API: in, out, and what is refused.

mod rig;

use http::StatusCode;
use rig::Api;
use serde_json::{Value, json};

const PATH: &str = "/api/cameras/import";

async fn import(api: &Api, text: &str) -> Value {
    let (status, told) = api.ask("POST", PATH, Some(json!({"text": text}))).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    told
}

#[tokio::test]
async fn cameras_of_go2rtc_are_added_once() {
    let api = Api::new();
    let text = "streams:\n  Front door:\n    - rtsp://viewer:canary-pw@127.0.0.1:9/door#media=video\n  bell: exec:bell\n";
    let told = import(&api, text).await;
    let door = json!({"stream_id": "Front-door", "name": "Front door", "rtsp_url": "rtsp://viewer:***@127.0.0.1:9/door"});
    assert_eq!(told["format"], "go2rtc");
    assert_eq!((&told["added"], &told["already_there"]), (&json!([door]), &json!([])));
    assert_eq!(told["skipped"][0]["name"], "bell");
    let again = import(&api, text).await;
    assert_eq!((&again["added"], &again["already_there"]), (&json!([]), &json!([door])));
    let renamed =
        import(&api, "streams: {other: 'rtsp://viewer:canary-pw@127.0.0.1:9/door'}").await;
    assert_eq!(renamed["already_there"], json!([door]), "its URL is there");
    let taken = import(&api, "streams: {Front-door: 'rtsp://127.0.0.1:9/other'}").await;
    assert_eq!(taken["skipped"][0]["name"], "Front-door");
    assert!(taken["skipped"][0]["reason"].as_str().is_some_and(|r| r.contains("another URL")));
    assert_eq!(api.engine.cameras().len(), 1);
}

#[tokio::test]
async fn a_camera_that_points_to_the_api_itself_is_skipped() {
    let api = Api::new();
    let told = import(&api, "streams: {self: 'http://localhost:8080/mjpeg'}").await;
    assert_eq!(told["added"], json!([]));
    assert!(told["skipped"][0]["reason"].as_str().is_some_and(|r| r.contains("Fanlight itself")));
}

#[tokio::test]
async fn an_export_holds_no_password_and_all_settings() {
    let api = Api::new();
    let camera = json!({"stream_id": "a", "name": "A", "rtsp_url": "rtsp://127.0.0.1:9/a",
        "substream_url": "rtsp://127.0.0.1:9/b", "transport": "udp", "mode": "on_demand",
        "record": "always", "leave_after": 30.0, "width": 320, "height": 240, "frame_buffer_size": 50,
        "client_buffer_size": 5});
    assert_eq!(api.ask("POST", "/api/streams", Some(camera.clone())).await.0, StatusCode::OK);
    api.start("b", rig::OFFLINE).await;
    let (status, list) = api.ask("GET", "/api/cameras/export", None).await;
    assert_eq!((status, &list["version"]), (StatusCode::OK, &json!(1)));
    assert_eq!(list["cameras"][0], camera);
    assert_eq!(list["cameras"][1]["rtsp_url"], "rtsp://viewer:***@127.0.0.1:9/cam");
    let other = Api::new();
    let told = import(&other, &list.to_string()).await;
    assert_eq!(
        (&told["format"], &told["added"][0]["stream_id"]),
        (&json!("fanlight"), &json!("a"))
    );
    assert_eq!(told["skipped"][0]["name"], "b");
    let (_, moved) = other.ask("GET", "/api/cameras/export", None).await;
    assert_eq!(moved["cameras"], json!([camera]));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_names_the_line_and_adds_nothing() {
    let api = Api::new();
    let text = "streams:\n  a: rtsp://127.0.0.1:9/a\n  b: [rtsp://u:canary-pw@127.0.0.1:9/b\n";
    for body in [
        json!({"text": text}),
        json!({"text": "- a"}),
        json!({"text": "streams: {}", "format": "nvr"}),
        json!({"yaml": text}),
    ] {
        let (status, told) = api.ask("POST", PATH, Some(body)).await;
        assert_eq!((status, &told["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_request")));
        assert!(!told.to_string().contains("canary-pw"), "{told}");
    }
    let (_, told) = api.ask("POST", PATH, Some(json!({"text": text}))).await;
    assert!(told["error"].as_str().is_some_and(|e| e.contains("line ")), "{told}");
    assert!(api.engine.cameras().is_empty());
}
