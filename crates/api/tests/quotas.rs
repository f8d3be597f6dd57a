//! There is room for so many readers and listeners; one too many is told so, and what to do.
//! With the demo camera, so they need an FFmpeg.

mod rig;

use axum::body::Body;
use fanlight_api::Settings;
use fanlight_engine::Config;
use http::{Response, StatusCode};
use rig::{Api, DEMO, asking, eventually, json_of, read_until};
use rstest::rstest;

const MJPEG: &str = "mjpeg?width=160";

async fn with_room_for(per_camera: usize, total: usize) -> Api {
    let ffmpeg = std::env::var_os("FANLIGHT_FFMPEG").map(Into::into);
    let config = Config {
        ffmpeg,
        max_consumers_per_camera: per_camera,
        max_consumers: total,
        ..Config::default()
    };
    let api = Api::of(config, Settings::default());
    api.start("front", DEMO).await;
    api
}

/// Reads for as long as the answer lives.
async fn read(api: &Api, id: &str) -> Body {
    let response = api.get(&format!("/api/streams/{id}/{MJPEG}")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    read_until(&mut body, |read| read.ends_with(b"--frame\r\n")).await;
    body
}

async fn refusal(response: Response<Body>) -> String {
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let told = json_of(response).await;
    assert_eq!(told["code"], "quota_exceeded");
    told["error"].as_str().expect("a sentence").to_owned()
}

#[rstest]
#[case("frame")]
#[case("frame?format=jpeg&width=320")]
#[case("snapshot.jpg")]
#[case(MJPEG)]
#[tokio::test]
async fn one_reader_too_many_is_refused_however_it_reads(#[case] how: &str) {
    let api = with_room_for(1, 10).await;
    let stays = read(&api, "front").await;
    let path = format!("/api/streams/front/{how}");
    let why = refusal(api.get(&path).await).await;
    assert!(why.starts_with("this camera has 1 consumers"), "{why}");
    assert!(why.contains("--max-consumers-per-camera"), "{why}");

    let (_, told) = api.ask("GET", "/api/streams/front/consumers", None).await;
    assert_eq!(told["consumers"].as_array().map(Vec::len), Some(1), "{told}");
    drop(stays);
    let front = || api.engine.cameras()[0].consumer_count();
    eventually("the reader is gone", || front() == 0).await;
    assert_eq!(api.get(&path).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn all_cameras_share_the_room_of_the_server() {
    let api = with_room_for(10, 2).await;
    api.start("back", DEMO).await;
    let (first, _second) = (read(&api, "front").await, read(&api, "back").await);
    let path = format!("/api/streams/back/{MJPEG}");
    let why = refusal(api.get(&path).await).await;
    assert!(why.starts_with("this server has 2 consumers"), "{why}");
    assert!(why.contains("--max-consumers"), "{why}");
    drop(first);
    let readers =
        || api.engine.cameras().iter().map(|camera| camera.consumer_count()).sum::<usize>();
    eventually("one has left", || readers() == 1).await;
    assert_eq!(api.get(&path).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn events_are_told_to_so_many() {
    let api = Api::new();
    let listen = async || {
        api.send(asking("GET", "/api/events").body(Body::empty()).expect("a request")).await
    };
    let mut listeners = Vec::new();
    let refused = loop {
        let response = listen().await;
        if response.status() != StatusCode::OK {
            break response;
        }
        listeners.push(response.into_body());
        assert!(listeners.len() < 1000, "there is no end of listeners");
    };
    let why = refusal(refused).await;
    assert!(why.starts_with(&format!("{} clients listen", listeners.len())), "{why}");
    listeners.pop();
    assert_eq!(listen().await.status(), StatusCode::OK, "in its place");
}
