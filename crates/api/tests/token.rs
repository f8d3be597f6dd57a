//! What a token keeps out, and whom it lets in.

mod rig;

use axum::body::Body;
use axum::routing::get;
use fanlight_api::{Settings, Token};
use http::{Response, StatusCode};
use rig::{Api, DEMO, PORT, asking, header, json_of};
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const SECRET: &str = "open-sesame-open-sesame";

fn guarded() -> Api {
    let pages = axum::Router::new().fallback(get(|| async { "a page" }));
    let token = Token::parse(SECRET).expect("valid");
    Api::with(Settings { token: Some(token), pages: Some(pages), ..Settings::default() })
}

async fn get_with(api: &Api, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = asking("GET", path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    api.send(request.body(Body::empty()).expect("a request")).await
}

#[rstest]
#[case("/api/streams")]
#[case("/api/streams/cam/frame")]
#[case("/api/streams/cam/mjpeg")]
#[case("/api/events")]
#[case("/api/info")]
#[case("/ws/cam")]
#[case("/metrics")]
#[case("/readyz?verbose")]
#[case("/health")]
#[tokio::test]
async fn nobody_gets_in_without_the_token(#[case] path: &str) {
    let api = guarded();
    let response = get_with(&api, path, &[]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    assert_eq!(header(&response, "www-authenticate"), "Bearer realm=\"fanlight\"");
    assert_eq!(json_of(response).await["code"], "token_required");

    let response =
        get_with(&api, path, &[("authorization", "Bearer open-sesame-open-sesamf")]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(header(&response, "www-authenticate").ends_with("error=\"invalid_token\""));
    assert_eq!(json_of(response).await["code"], "token_refused");

    let bearer = format!("Bearer {SECRET}");
    let response = get_with(&api, path, &[("authorization", &bearer)]).await;
    assert_ne!(response.status(), StatusCode::UNAUTHORIZED);
}

#[rstest]
#[case("?token=")]
#[case("?access_token=")]
#[case("?authorization=Bearer%20")]
#[tokio::test]
async fn a_token_in_a_url_is_none(#[case] query: &str) {
    let path = format!("/api/streams{query}{SECRET}");
    assert_eq!(get_with(&guarded(), &path, &[]).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_holds_no_secret_is_open() {
    let api = guarded();
    for path in ["/livez", "/", "/assets/app.js"] {
        assert_eq!(get_with(&api, path, &[]).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn the_window_needs_no_token() {
    let api = guarded();
    let (status, _) = fanlight_api::call(&api.router, PORT, "GET", "/api/streams", None).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_page_may_ask_whether_it_may_send_the_token() {
    let api = guarded();
    let request = asking("OPTIONS", "/api/streams")
        .header("origin", "http://localhost:5173")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization")
        .body(Body::empty())
        .expect("a request");
    let response = api.send(request).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(header(&response, "access-control-allow-headers").contains("authorization"));
    // And it may read that the token was refused.
    let response = get_with(&api, "/api/streams", &[("origin", "http://localhost:5173")]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&response, "access-control-allow-origin"), "http://localhost:5173");
}

/// The head of the answer to a WebSocket's handshake, over a real connection.
async fn handshake(api: &Api, protocols: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let cancelled = CancellationToken::new();
    let serving =
        tokio::spawn(fanlight_api::serve(listener, api.router.clone(), 10, cancelled.clone()));
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let request = format!(
        "GET /ws/cam HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: {protocols}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    cancelled.cancel();
    serving.await.expect("ends");
    String::from_utf8(head).expect("text").to_lowercase()
}

#[tokio::test]
async fn a_page_names_the_token_as_a_subprotocol() {
    let api = guarded();
    let bearer = format!("Bearer {SECRET}");
    let request = asking("POST", "/api/streams")
        .header("content-type", "application/json")
        .header("authorization", &bearer)
        .body(Body::from(format!(r#"{{"stream_id": "cam", "rtsp_url": "{DEMO}"}}"#)));
    let response = api.send(request.expect("a request")).await;
    assert_eq!(response.status(), StatusCode::OK);

    let head = handshake(&api, &format!("fanlight, fanlight.token.{SECRET}")).await;
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("\r\nsec-websocket-protocol: fanlight\r\n"), "{head}");
    assert!(!head.contains(SECRET), "{head}");
    for refused in ["fanlight", "fanlight, fanlight.token.open-sesame-open-sesamf"] {
        let head = handshake(&api, refused).await;
        assert!(head.starts_with("http/1.1 401 "), "{head}");
    }
}

#[tokio::test]
async fn a_page_that_offers_our_subprotocol_is_answered_without_a_token_too() {
    let api = Api::new();
    api.start("cam", DEMO).await;
    let head = handshake(&api, "fanlight").await;
    assert!(head.contains("\r\nsec-websocket-protocol: fanlight\r\n"), "{head}");
}
