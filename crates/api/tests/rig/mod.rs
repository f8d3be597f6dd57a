//! The API through its router, without a network: what its tests share.
// Each test file uses its own part.
#![allow(dead_code)]

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use fanlight_api::{Settings, router};
use fanlight_engine::{Config, Engine};
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(crate) const PORT: u16 = 8080;
/// Port 9 (discard) is closed on every machine these tests run on.
pub(crate) const OFFLINE: &str = "rtsp://viewer:canary-pw@127.0.0.1:9/cam";
/// The camera that is always there.
pub(crate) const DEMO: &str = "demo:";
/// What a busy machine may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A router over an engine of its own.
pub(crate) struct Api {
    pub(crate) router: Router,
    pub(crate) engine: Engine,
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let ffmpeg = std::env::var_os("FANLIGHT_FFMPEG").map(Into::into);
        Self::of(Config { ffmpeg, ..Config::default() }, settings)
    }

    pub(crate) fn of(config: Config, settings: Settings) -> Self {
        let engine = Engine::start(config).expect("starts");
        let router = router(engine.clone(), Settings { port: PORT, ..settings });
        Self { router, engine }
    }

    pub(crate) async fn send(&self, request: Request) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("answers")
    }

    pub(crate) async fn get(&self, path: &str) -> Response<Body> {
        self.send(asking("GET", path).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let request = asking(method, path)
            .header("content-type", "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .expect("a request");
        let response = self.send(request).await;
        let status = response.status();
        (status, json_of(response).await)
    }

    pub(crate) async fn start(&self, id: &str, url: &str) {
        let body = json!({"stream_id": id, "rtsp_url": url, "width": 320, "height": 320});
        let (status, answer) = self.ask("POST", "/api/streams", Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
}

pub(crate) fn asking(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("host", format!("127.0.0.1:{PORT}"))
}

pub(crate) async fn json_of(response: Response<Body>) -> Value {
    serde_json::from_slice(&bytes_of(response).await).unwrap_or(Value::Null)
}

pub(crate) async fn bytes_of(response: Response<Body>) -> bytes::Bytes {
    response.into_body().collect().await.expect("a body").to_bytes()
}

/// Reads an answer that does not end until `enough` says so.
pub(crate) async fn read_until(body: &mut Body, enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut read = Vec::new();
    let reading = async {
        while !enough(&read) {
            let frame = body.frame().await.expect("goes on").expect("readable");
            read.extend_from_slice(frame.data_ref().expect("bytes"));
        }
    };
    let late = tokio::time::timeout(PATIENCE, reading).await.is_err();
    assert!(!late, "in vain: {}", String::from_utf8_lossy(&read));
    read
}

/// Waits until something is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "in vain: {what}");
}

pub(crate) fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}
