//! All cameras are left alone for now.

mod rig;

use std::time::{Duration, Instant};

use http::StatusCode;
use rig::{Api, DEMO, bytes_of, eventually};
use serde_json::{Value, json};

async fn pause(api: &Api, paused: bool) -> Value {
    let (status, answer) = api.ask("PUT", "/api/pause", Some(json!({ "paused": paused }))).await;
    assert_eq!((status, &answer["paused"]), (StatusCode::OK, &paused.into()), "{answer}");
    answer
}

async fn status(api: &Api, id: &str) -> Value {
    api.ask("GET", &format!("/api/streams/{id}"), None).await.1
}

async fn until_state(api: &Api, id: &str, state: &str) -> Value {
    for _ in 0..1000 {
        let stream = status(api, id).await;
        if stream["status"]["state"] == state {
            return stream;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{id} is never {state}: {}", status(api, id).await);
}

fn assert_told(status: StatusCode, answer: &Value) {
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    assert_eq!(answer["code"], "stream_not_running");
    assert!(answer["error"].as_str().is_some_and(|why| why.contains("paused")), "{answer}");
}

#[tokio::test]
async fn a_pause_disconnects_and_a_resume_connects() {
    let api = Api::new();
    let (_, before) = api.ask("GET", "/api/pause", None).await;
    assert_eq!(before, json!({"paused": false, "since": null}));
    api.start("cam", DEMO).await;
    until_state(&api, "cam", "online").await;

    let began = pause(&api, true).await;
    assert!(began["since"].is_string());
    let stream = until_state(&api, "cam", "stopped").await;
    assert_eq!(stream["status"]["error"]["code"], "paused");
    // Again changes nothing.
    assert_eq!(pause(&api, true).await, began);
    let (code, answer) = api.ask("POST", "/api/streams/cam/restart", Some(json!({}))).await;
    assert_told(code, &answer);

    assert_eq!(pause(&api, false).await["since"], Value::Null);
    let resumed = Instant::now();
    let stream = until_state(&api, "cam", "online").await;
    assert_eq!(stream["status"]["error"], Value::Null);
    assert!(resumed.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn whoever_waits_for_a_picture_is_answered_at_once() {
    let api = Api::new();
    api.start("cam", DEMO).await;
    until_state(&api, "cam", "online").await;
    // Nobody has this number yet.
    let waiting = api.ask("GET", "/api/streams/cam/frame?after=9000000&wait=20000", None);
    let shaped = api.ask("GET", "/api/streams/cam/frame?wait=20000&width=160&after=9000000", None);
    let pausing = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        pause(&api, true).await;
        Instant::now()
    };
    let (_, _, paused) = tokio::join!(waiting, shaped, pausing);
    assert!(paused.elapsed() < Duration::from_secs(2), "took {:?}", paused.elapsed());

    for path in ["frame?wait=5000", "frame?wait=5000&width=160", "snapshot.jpg", "mjpeg"] {
        let asked = Instant::now();
        let (code, answer) = api.ask("GET", &format!("/api/streams/cam/{path}"), None).await;
        assert_told(code, &answer);
        assert!(asked.elapsed() < Duration::from_secs(1), "{path} took {:?}", asked.elapsed());
    }
}

#[tokio::test]
async fn a_viewer_ends_and_its_decoder_with_it() {
    let api = Api::new();
    api.start("cam", DEMO).await;
    let mut viewer = api.get("/api/streams/cam/mjpeg?width=160").await;
    drop(rig::read_until(viewer.body_mut(), |read| !read.is_empty()).await);
    assert_eq!(status(&api, "cam").await["renditions"].as_array().map(Vec::len), Some(1));
    pause(&api, true).await;
    let ended = tokio::time::timeout(Duration::from_secs(5), bytes_of(viewer)).await;
    assert!(ended.is_ok(), "the viewer goes on");
    let engine = api.engine.clone();
    // Sooner than the linger.
    let asked = Instant::now();
    eventually("no decoder", || {
        engine.cameras().iter().all(|camera| camera.snapshot().main.renditions.is_empty())
    })
    .await;
    assert!(asked.elapsed() < Duration::from_secs(3), "took {:?}", asked.elapsed());

    pause(&api, false).await;
    let picture = api.get("/api/streams/cam/frame?wait=20000&width=160&after=0").await;
    assert_eq!(picture.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_camera_that_is_added_meanwhile_stays_paused() {
    let api = Api::new();
    pause(&api, true).await;
    api.start("cam", DEMO).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stream = status(&api, "cam").await;
    assert_eq!(stream["status"]["state"], "stopped");
    assert_eq!(stream["status"]["error"]["code"], "paused");
    let (_, probe) = api.ask("POST", "/api/probe", Some(json!({"url": DEMO}))).await;
    assert!(probe["video"].is_object(), "{probe}");
    pause(&api, false).await;
    until_state(&api, "cam", "online").await;
}

#[tokio::test]
async fn a_pause_is_one_event_and_not_one_for_each_camera() {
    let api = Api::new();
    for id in ["a", "b"] {
        api.start(id, DEMO).await;
        until_state(&api, id, "online").await;
    }
    pause(&api, true).await;
    for id in ["a", "b"] {
        until_state(&api, id, "stopped").await;
    }
    pause(&api, false).await;
    for id in ["a", "b"] {
        until_state(&api, id, "online").await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (_, told) = api.ask("GET", "/api/streams/a/events", None).await;
    let types: Vec<_> =
        told["events"].as_array().expect("a list").iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["cameras.resumed", "cameras.paused", "camera.online", "camera.added"]);
    assert_eq!(told["events"][0]["stream_id"], "");
}
