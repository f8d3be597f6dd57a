//! The API through its router: no network, a real engine. Cameras point at a loopback port where
//! nothing listens, so they stay offline.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use fanlight_api::{Settings, router};
use fanlight_engine::{Config, Engine};
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use rstest::rstest;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const PORT: u16 = 8080;
/// Port 9 (discard) is closed on every machine these tests run on.
const OFFLINE: &str = "rtsp://viewer:canary-pw@127.0.0.1:9/cam";

struct Api {
    router: Router,
    engine: Engine,
}

impl Api {
    fn new() -> Self {
        let engine = Engine::start(Config::default()).expect("starts");
        let settings = Settings { port: PORT, ..Settings::default() };
        Self { router: router(engine.clone(), settings), engine }
    }

    async fn send(&self, request: Request) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("answers")
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = asking(method, path)
            .header("content-type", "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .expect("a request");
        let response = self.send(request).await;
        let status = response.status();
        (status, json_of(response).await)
    }

    async fn start(&self, id: &str) -> (StatusCode, Value) {
        self.ask("POST", "/api/streams", Some(json!({"stream_id": id, "rtsp_url": OFFLINE}))).await
    }

    async fn ids(&self) -> Vec<String> {
        let (status, list) = self.ask("GET", "/api/streams", None).await;
        assert_eq!(status, StatusCode::OK);
        let streams = list["streams"].as_array().expect("a list");
        streams.iter().map(|s| s["stream_id"].as_str().expect("text").to_owned()).collect()
    }
}

fn asking(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("host", format!("127.0.0.1:{PORT}"))
}

async fn json_of(response: Response<Body>) -> Value {
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    serde_json::from_slice(&bytes).unwrap_or(Value::Null)
}

#[tokio::test]
async fn a_stream_starts_once_and_stops() {
    let api = Api::new();
    let (status, started) = api.start("cam").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        started,
        json!({"message": "Stream started successfully", "stream_id": "cam",
            "rtsp_url": "rtsp://viewer:***@127.0.0.1:9/cam", "width": 640, "height": 480})
    );
    let (status, again) = api.start("cam").await;
    assert_eq!((status, &again["message"]), (StatusCode::OK, &json!("Stream already running")));
    assert_eq!(api.ids().await, ["cam"]);

    let other = json!({"stream_id": "cam", "rtsp_url": "rtsp://127.0.0.1:9/other"});
    let (status, refused) = api.ask("POST", "/api/streams", Some(other)).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("stream_exists")));

    let (status, stopped) = api.ask("DELETE", "/api/streams/cam", None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(stopped, json!({"message": "Stream stopped successfully", "stream_id": "cam"}));
    assert!(api.ids().await.is_empty());
    let (status, _) = api.ask("DELETE", "/api/streams/cam", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stream_in_use_stops_only_by_force() {
    use fanlight_engine::{CameraId, ConsumerInfo, ConsumerKind, Size, Spec};
    let api = Api::new();
    api.start("cam").await;
    let camera = api.engine.camera(&CameraId::parse("cam").expect("valid")).expect("there");
    let info =
        ConsumerInfo { kind: ConsumerKind::Http, name: "test".into(), pid: None, format: "bgr24" };
    let size = Size::new(320, 240).expect("valid");
    let mut reader = camera.frames(Spec::new(size), info).expect("joins");

    let (status, refused) = api.ask("DELETE", "/api/streams/cam", None).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!((&refused["client_count"], &refused["code"]), (&json!(1), &json!("stream_in_use")));
    let (status, stopped) = api.ask("DELETE", "/api/streams/cam/force", None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(stopped["message"], "Stream force-stopped successfully");
    assert!(reader.next_after(0).await.is_err());
}

#[tokio::test]
async fn consumers_are_told_by_name_and_can_be_disconnected() {
    use fanlight_engine::{CameraId, ConsumerInfo, ConsumerKind, ErrorKind, Size, Spec};
    let api = Api::new();
    api.start("cam").await;
    let camera = api.engine.camera(&CameraId::parse("cam").expect("valid")).expect("there");
    let info = ConsumerInfo {
        kind: ConsumerKind::Http,
        name: "edges.py".into(),
        pid: Some(7),
        format: "bgr24",
    };
    let size = Size::new(320, 240).expect("valid");
    let mut reader = camera.frames(Spec::new(size), info).expect("joins");

    let (status, list) = api.ask("GET", "/api/streams/cam/consumers", None).await;
    assert_eq!(status, StatusCode::OK);
    let consumer = &list["consumers"][0];
    assert_eq!((&consumer["name"], &consumer["pid"]), (&json!("edges.py"), &json!(7)));
    assert_eq!((&consumer["kind"], &consumer["width"]), (&json!("http"), &json!(320)));

    let path = format!("/api/streams/cam/consumers/{}", consumer["id"]);
    assert_eq!(api.ask("DELETE", &path, None).await.0, StatusCode::NO_CONTENT);
    let ended = reader.next_after(0).await.expect_err("disconnected");
    assert_eq!(ended.kind(), ErrorKind::ConsumerKicked);
    drop(reader);
    let (status, problem) = api.ask("DELETE", &path, None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("consumer_not_found")));
    let (status, _) = api.ask("DELETE", "/api/streams/cam/consumers/first", None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn scripts_that_know_only_the_url_share_its_stream() {
    let api = Api::new();
    let url = json!({"rtsp_url": OFFLINE});
    let (_, first) = api.ask("POST", "/api/streams/start-with-url", Some(url.clone())).await;
    let id = first["stream_id"].as_str().expect("an id").to_owned();
    assert!(id.starts_with("stream_") && id.len() == 16, "{id}");
    let (_, second) = api.ask("POST", "/api/streams/start-with-url", Some(url.clone())).await;
    assert_eq!(second["message"], "Stream already running");
    api.ask("DELETE", &format!("/api/streams/{id}"), None).await;

    // Whoever added the camera under a name of their own has opened it already.
    api.start("front-door").await;
    let (_, third) = api.ask("POST", "/api/streams/start-with-url", Some(url)).await;
    assert_eq!(third["stream_id"], "front-door");
    assert_eq!(api.ids().await, ["front-door"]);
}

#[tokio::test]
async fn a_stream_tells_everything_but_its_password() {
    let api = Api::new();
    api.start("cam").await;
    for path in ["/api/streams/cam", "/api/streams/cam/stats"] {
        let (status, stream) = api.ask("GET", path, None).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(stream["is_running"], true);
        assert_eq!(stream["client_count"], 0);
        assert_eq!(stream["video"], Value::Null);
        assert!(stream["status"]["state"].is_string());
        assert!(!stream.to_string().contains("canary-pw"));
    }
}

#[rstest]
#[case::no_json("{", "invalid_request")]
#[case::no_id(r#"{"rtsp_url": "rtsp://c/1"}"#, "invalid_request")]
#[case::no_url(r#"{"stream_id": "a"}"#, "invalid_request")]
#[case::negative(r#"{"stream_id": "a", "rtsp_url": "rtsp://c/1", "width": -1}"#, "invalid_request")]
#[case::not_a_number(
    r#"{"stream_id": "a", "rtsp_url": "rtsp://c/1", "width": NaN}"#,
    "invalid_request"
)]
#[case::too_small(
    r#"{"stream_id": "a", "rtsp_url": "rtsp://c/1", "width": 15}"#,
    "invalid_request"
)]
#[case::too_many(
    r#"{"stream_id": "a", "rtsp_url": "rtsp://c/1", "frame_buffer_size": 1001}"#,
    "invalid_request"
)]
#[case::a_file(r#"{"stream_id": "a", "rtsp_url": "file:///etc/passwd"}"#, "unsupported_scheme")]
#[case::a_script(r#"{"stream_id": "a", "rtsp_url": "javascript:alert(1)"}"#, "unsupported_scheme")]
#[case::itself(r#"{"stream_id": "a", "rtsp_url": "http://localhost:8080/x"}"#, "invalid_request")]
#[tokio::test]
async fn bad_input_changes_nothing(#[case] body: &'static str, #[case] code: &str) {
    let api = Api::new();
    let request = asking("POST", "/api/streams")
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("a request");
    let response = api.send(request).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem = json_of(response).await;
    assert_eq!(problem["code"], code);
    assert!(problem["error"].as_str().is_some_and(|e| !e.is_empty()), "{problem}");
    assert!(api.ids().await.is_empty());
}

#[rstest]
#[case("../x")]
#[case("😀")]
#[case("")]
#[case("-a")]
#[tokio::test]
async fn ids_are_checked(#[case] id: &str) {
    let api = Api::new();
    let (status, problem) = api.start(id).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["code"], "invalid_stream_id");
}

#[tokio::test]
async fn a_wrong_field_is_named() {
    let api = Api::new();
    let body = json!({"stream_id": "a", "rtsp_url": "rtsp://c/1", "height": "tall"});
    let (_, problem) = api.ask("POST", "/api/streams", Some(body)).await;
    assert!(problem["error"].as_str().is_some_and(|e| e.starts_with("height: ")), "{problem}");
}

#[rstest]
#[case::form("text/plain", None, StatusCode::UNSUPPORTED_MEDIA_TYPE)]
#[case::none("", None, StatusCode::UNSUPPORTED_MEDIA_TYPE)]
#[case::with_charset("application/json; charset=utf-8", None, StatusCode::BAD_REQUEST)]
#[case::declared_too_large("application/json", Some("65537"), StatusCode::PAYLOAD_TOO_LARGE)]
#[tokio::test]
async fn bodies_are_small_and_json(
    #[case] kind: &str,
    #[case] length: Option<&str>,
    #[case] expected: StatusCode,
) {
    let api = Api::new();
    let mut request = asking("POST", "/api/streams").header("content-type", kind);
    if let Some(length) = length {
        request = request.header("content-length", length);
    }
    let response = api.send(request.body(Body::from("x")).expect("a request")).await;
    assert_eq!(response.status(), expected);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whatever_it_declares() {
    let api = Api::new();
    let request = asking("POST", "/api/streams")
        .header("content-type", "application/json")
        .body(Body::from(" ".repeat((64 << 10) + 1)))
        .expect("a request");
    assert_eq!(api.send(request).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[rstest]
#[case::rebinding("evil.example:8080", None, StatusCode::FORBIDDEN)]
#[case::other_port("127.0.0.1:8081", None, StatusCode::FORBIDDEN)]
#[case::foreign_page("127.0.0.1:8080", Some("https://evil.example"), StatusCode::FORBIDDEN)]
#[case::sandboxed_page("127.0.0.1:8080", Some("null"), StatusCode::FORBIDDEN)]
#[case::local_page("localhost:8080", Some("http://localhost:5173"), StatusCode::OK)]
#[case::script("localhost:8080", None, StatusCode::OK)]
#[tokio::test]
async fn strangers_are_refused_on_every_route(
    #[case] host: &str,
    #[case] origin: Option<&str>,
    #[case] expected: StatusCode,
) {
    let api = Api::new();
    for path in ["/api/streams", "/health", "/api/info"] {
        let mut request = Request::builder().uri(path).header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let response = api.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), expected, "{path}");
        let allowed = response.headers().get("access-control-allow-origin");
        assert_ne!(allowed.and_then(|v| v.to_str().ok()), Some("*"));
        if expected == StatusCode::OK {
            assert_eq!(allowed.and_then(|v| v.to_str().ok()), origin);
        } else {
            assert_eq!(allowed, None);
        }
    }
    // The WebSocket too, before any upgrade.
    let mut request = Request::builder().uri("/ws/nothing").header("host", host);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let response = api.send(request.body(Body::empty()).expect("a request")).await;
    let expected = if expected == StatusCode::OK { StatusCode::NOT_FOUND } else { expected };
    assert_eq!(response.status(), expected);
}

#[tokio::test]
async fn a_request_without_a_host_is_refused() {
    let api = Api::new();
    let request = Request::builder().uri("/health").body(Body::empty()).expect("a request");
    assert_eq!(api.send(request).await.status(), StatusCode::FORBIDDEN);
}

#[rstest]
#[case("width=-1&height=480")]
#[case("width=15&height=480")]
#[case("width=NaN&height=480")]
#[case("format=gif")]
#[case("after=-1")]
#[case("wait=30001")]
#[tokio::test]
async fn frames_are_asked_for_in_words_that_fit(#[case] query: &str) {
    let api = Api::new();
    api.start("cam").await;
    let (status, problem) = api.ask("GET", &format!("/api/streams/cam/frame?{query}"), None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
}

#[tokio::test]
async fn a_camera_without_pictures_answers_empty_in_time() {
    let api = Api::new();
    api.start("cam").await;
    let request = asking("GET", "/api/streams/cam/frame?wait=50").body(Body::empty());
    let response = api.send(request.expect("a request")).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert!(response.headers().contains_key("x-stream-state"));
}

#[rstest]
#[case("GET", "/api/nothing", StatusCode::NOT_FOUND, "not_found")]
#[case("GET", "/api/streams/cam", StatusCode::NOT_FOUND, "stream_not_found")]
#[case("GET", "/api/streams/cam/frame", StatusCode::NOT_FOUND, "stream_not_found")]
#[case("PATCH", "/health", StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")]
#[tokio::test]
async fn what_is_not_there_says_so(
    #[case] method: &str,
    #[case] path: &str,
    #[case] status: StatusCode,
    #[case] code: &str,
) {
    let (answered, problem) = Api::new().ask(method, path, None).await;
    assert_eq!((answered, &problem["code"]), (status, &json!(code)));
}

#[tokio::test]
async fn health_and_info_answer() {
    let api = Api::new();
    let (_, health) = api.ask("GET", "/health", None).await;
    assert_eq!(health["status"], "healthy");
    assert!(health["timestamp"].is_i64());
    let (_, info) = api.ask("GET", "/api/info", None).await;
    assert_eq!(
        (&info["name"], &info["api"]),
        (&json!("fanlight"), &json!("http://127.0.0.1:8080"))
    );
}

#[rstest]
#[case("file:///etc/passwd", StatusCode::BAD_REQUEST, "unsupported_scheme")]
#[case("http://127.0.0.1:8080/", StatusCode::BAD_REQUEST, "invalid_request")]
#[case(OFFLINE, StatusCode::SERVICE_UNAVAILABLE, "camera_unreachable")]
#[tokio::test]
async fn a_test_of_a_camera_says_why_it_failed(
    #[case] url: &str,
    #[case] status: StatusCode,
    #[case] code: &str,
) {
    let api = Api::new();
    let (answered, problem) = api.ask("POST", "/api/probe", Some(json!({"url": url}))).await;
    assert_eq!((answered, &problem["code"]), (status, &json!(code)));
    assert!(api.ids().await.is_empty());
}

#[tokio::test]
async fn the_window_calls_the_same_api() {
    let api = Api::new();
    let body = json!({"stream_id": "cam", "rtsp_url": OFFLINE}).to_string();
    let (status, _) =
        fanlight_api::call(&api.router, PORT, "POST", "/api/streams", Some(body)).await;
    assert_eq!(status, 200);
    let (status, body) = fanlight_api::call(&api.router, PORT, "GET", "/api/streams", None).await;
    assert_eq!(status, 200);
    assert!(body.contains("\"cam\""));
    let (status, _) = fanlight_api::call(&api.router, PORT, "GET", "no path", None).await;
    assert_eq!(status, 400);
}
