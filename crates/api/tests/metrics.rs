//! What Prometheus is told.

mod rig;

use http::StatusCode;
use rig::{Api, DEMO, OFFLINE, bytes_of, eventually, header};

async fn scrape(api: &Api) -> String {
    let response = api.get("/metrics").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(header(&response, "content-type").starts_with("application/openmetrics-text"));
    String::from_utf8(bytes_of(response).await.to_vec()).expect("text")
}

/// The value of one line.
fn value(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[tokio::test]
async fn a_server_without_cameras_tells_its_version() {
    let text = scrape(&Api::new()).await;
    let version = env!("CARGO_PKG_VERSION");
    assert!(text.contains(&format!("fanlight_build_info{{version=\"{version}\"}} 1\n")), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn every_camera_is_told_under_its_id() {
    let api = Api::new();
    api.start("cam", DEMO).await;
    api.start("away", OFFLINE).await;
    let camera = api.engine.cameras().pop().expect("two");
    eventually("a rate is measured", || camera.snapshot().main.kbps > 0.0).await;
    let jpeg = api.get("/api/streams/cam/snapshot.jpg").await;
    let text = scrape(&api).await;
    drop(jpeg);
    assert_eq!(value(&text, "fanlight_camera_up{camera=\"cam\"}"), Some(1.0), "{text}");
    assert_eq!(value(&text, "fanlight_camera_up{camera=\"away\"}"), Some(0.0), "{text}");
    assert!(value(&text, "fanlight_frames_total{camera=\"cam\"}") > Some(5.0), "{text}");
    assert_eq!(value(&text, "fanlight_frames_total{camera=\"away\"}"), Some(0.0), "{text}");
    assert_eq!(value(&text, "fanlight_reconnects_total{camera=\"cam\"}"), Some(0.0), "{text}");
    assert_eq!(value(&text, "fanlight_camera_frozen{camera=\"cam\"}"), Some(0.0), "{text}");
    assert_eq!(value(&text, "fanlight_dropped_frames_total{camera=\"cam\"}"), Some(0.0), "{text}");
    assert!(value(&text, "fanlight_frame_age_seconds{camera=\"cam\"}") < Some(5.0), "{text}");
    // Nothing ever came from it, so nothing has an age.
    assert_eq!(value(&text, "fanlight_frame_age_seconds{camera=\"away\"}"), None, "{text}");
    assert_eq!(value(&text, "fanlight_consumers{camera=\"cam\"}"), Some(0.0), "{text}");
    assert!(value(&text, "fanlight_camera_bitrate_bits_per_second{camera=\"cam\"}") > Some(0.0));
    assert_eq!(value(&text, "fanlight_renditions{camera=\"cam\"}"), Some(1.0), "{text}");
    assert!(!text.contains("canary-pw"));
}
