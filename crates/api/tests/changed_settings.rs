//! Settings that are replaced while the API serves.

mod rig;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use fanlight_api::{Api, Settings, Token};
use fanlight_engine::{Config, Engine};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use rig::{PORT, header, json_of};
use serde_json::json;
use tower::ServiceExt as _;

const SECRET: &str = "open-sesame-open-sesame";
const OTHER: &str = "another-sesame-another-one";

fn api() -> (Api, Router) {
    let engine = Engine::start(Config::default()).expect("starts");
    let pages = Router::new().fallback(get(|| async { "a page" }));
    let settings = Settings { port: PORT, pages: Some(pages), ..Settings::default() };
    let api = Api::new(engine, settings);
    let router = api.router();
    (api, router)
}

fn settings() -> Settings {
    Settings { port: PORT, ..Settings::default() }
}

fn token(text: &str) -> Token {
    Token::parse(text).expect("valid")
}

async fn ask(router: &Router, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    router.clone().oneshot(request).await.expect("answers")
}

#[tokio::test]
async fn another_port_is_answered_and_the_former_is_not() {
    let (api, router) = api();
    let (former, other) = ("127.0.0.1:8080", "127.0.0.1:9090");
    api.change(Settings { port: 9090, ..settings() });
    assert_eq!(
        ask(&router, "/api/info", &[("host", former)]).await.status(),
        StatusCode::FORBIDDEN
    );
    let told = json_of(ask(&router, "/api/info", &[("host", other)]).await).await;
    assert_eq!(told["api"], "http://127.0.0.1:9090");
    let (status, _) = api.ask("GET", "/api/streams", None).await;
    assert_eq!(status, 200, "the window goes on");
    let page = ask(&router, "/page", &[("host", other)]).await;
    assert_eq!(page.into_body().collect().await.expect("a body").to_bytes(), "a page");
}

#[tokio::test]
async fn the_own_port_is_refused_as_a_camera_wherever_it_is() {
    let (api, _) = api();
    api.change(Settings { port: 9090, ..settings() });
    let body = json!({"stream_id": "loop", "rtsp_url": "http://127.0.0.1:9090/x"}).to_string();
    assert_eq!(api.ask("POST", "/api/streams", Some(body)).await.0, 400);
}

#[tokio::test]
async fn an_origin_is_let_in_from_now_on() {
    let (api, router) = api();
    let page = [("host", "127.0.0.1:8080"), ("origin", "https://app.example")];
    assert_eq!(ask(&router, "/api/info", &page).await.status(), StatusCode::FORBIDDEN);
    let allowed_origins = vec!["https://app.example".to_owned()];
    api.change(Settings { allowed_origins, ..settings() });
    let answer = ask(&router, "/api/info", &page).await;
    assert_eq!(header(&answer, "access-control-allow-origin"), "https://app.example");
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_token_is_asked_for_and_no_more_and_never_of_the_window() {
    let (api, router) = api();
    let bare = [("host", "127.0.0.1:8080")];
    api.change(Settings { token: Some(token(SECRET)), ..settings() });
    assert_eq!(ask(&router, "/api/info", &bare).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(api.ask("GET", "/api/info", None).await.0, 200);
    api.change(settings());
    assert_eq!(ask(&router, "/api/info", &bare).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn another_token_signs_browsers_out_and_another_origin_does_not() {
    let (api, router) = api();
    api.change(Settings { token: Some(token(SECRET)), ..settings() });
    let request = Request::post("/api/session")
        .header("host", "127.0.0.1:8080")
        .header("content-type", "application/json")
        .body(Body::from(json!({"token": SECRET}).to_string()))
        .expect("a request");
    let signed_in = router.clone().oneshot(request).await.expect("answers");
    let cookie = header(&signed_in, "set-cookie").split(';').next().expect("one").to_owned();
    let browser = [("host", "127.0.0.1:8080"), ("cookie", cookie.as_str())];
    assert_eq!(ask(&router, "/api/info", &browser).await.status(), StatusCode::OK);

    let allowed_origins = vec!["https://app.example".to_owned()];
    api.change(Settings { token: Some(token(SECRET)), allowed_origins, ..settings() });
    assert_eq!(ask(&router, "/api/info", &browser).await.status(), StatusCode::OK);
    api.change(Settings { token: Some(token(OTHER)), ..settings() });
    assert_eq!(ask(&router, "/api/info", &browser).await.status(), StatusCode::UNAUTHORIZED);
}
