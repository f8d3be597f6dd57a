//! What supervisors and load balancers ask.

mod rig;

use std::sync::Arc;

use fanlight_api::Settings;
use fanlight_engine::{Config, FileRegistry};
use http::StatusCode;
use rig::{Api, header};
use serde_json::json;

#[tokio::test]
async fn a_server_that_answers_lives() {
    let (status, live) = Api::new().ask("GET", "/livez", None).await;
    assert_eq!((status, live), (StatusCode::OK, json!({"status": "live"})));
}

#[tokio::test]
async fn it_is_ready_with_an_engine_an_ffmpeg_and_a_disk() {
    let api = Api::new();
    let (status, ready) = api.ask("GET", "/readyz", None).await;
    assert_eq!((status, ready), (StatusCode::OK, json!({"status": "ready"})));
    let (status, ready) = api.ask("GET", "/readyz?verbose", None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(ready["checks"][0], json!({"name": "engine", "ok": true, "message": "0 cameras"}));
    assert_eq!(
        (&ready["checks"][1]["name"], &ready["checks"][1]["ok"]),
        (&json!("ffmpeg"), &json!(true))
    );
}

#[tokio::test]
async fn a_server_without_ffmpeg_is_not_ready_and_says_what_to_do() {
    let config = Config { ffmpeg: Some("/nowhere/ffmpeg".into()), ..Config::default() };
    let api = Api::of(config, Settings::default());
    let (status, problem) = api.ask("GET", "/readyz?verbose=1", None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem["code"], "not_ready");
    assert!(problem["error"].as_str().is_some_and(|e| e.contains("install FFmpeg")), "{problem}");
    assert_eq!(problem["checks"][1]["ok"], false);
    let (status, _) = api.ask("GET", "/livez", None).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_server_that_cannot_save_its_cameras_is_not_ready() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gone").join("cameras.json");
    let registry = Arc::new(FileRegistry::new(file.clone()));
    let api = Api::of(Config { registry, ..Config::default() }, Settings::default());
    // Where its folder should be, there is a file.
    let _ = std::fs::remove_dir_all(folder.path().join("gone"));
    std::fs::write(folder.path().join("gone"), "").expect("written");
    let (status, problem) = api.ask("GET", "/readyz?verbose", None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let storage = problem["checks"].as_array().and_then(|checks| checks.last()).expect("checks");
    assert_eq!((&storage["name"], &storage["ok"]), (&json!("storage"), &json!(false)), "{problem}");
}

#[tokio::test]
async fn a_server_that_shuts_down_gets_no_more_requests() {
    let api = Api::new();
    api.engine.shutdown().await;
    let response = api.get("/readyz").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    let problem = rig::json_of(response).await;
    assert_eq!(problem["error"], "not ready; engine: Fanlight is shutting down");
    assert_eq!(problem.get("checks"), None);
}
