//! Signing in from a browser, with the token once and a cookie afterwards.

mod rig;

use axum::body::Body;
use fanlight_api::{Settings, Token};
use http::{Response, StatusCode};
use rig::{Api, DEMO, asking, header, json_of};
use rstest::rstest;
use serde_json::{Value, json};

const SECRET: &str = "open-sesame-open-sesame";

fn guarded(tls: bool) -> Api {
    let token = Token::parse(SECRET).expect("valid");
    Api::with(Settings { token: Some(token), tls, ..Settings::default() })
}

async fn session(api: &Api, method: &str, cookie: &str, token: Option<&str>) -> Response<Body> {
    let body = token.map_or_else(Body::empty, |token| json!({"token": token}).to_string().into());
    let request = asking(method, "/api/session")
        .header("content-type", "application/json")
        .header("cookie", cookie)
        .body(body)
        .expect("a request");
    api.send(request).await
}

async fn state(api: &Api, cookie: &str) -> Value {
    json_of(session(api, "GET", cookie, None).await).await
}

async fn sign_in(api: &Api) -> String {
    let response = session(api, "POST", "", Some(SECRET)).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let (cookie, _) = header(&response, "set-cookie").split_once(';').expect("attributes");
    cookie.to_owned()
}

async fn status(api: &Api, path: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = asking("GET", path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    api.send(request.body(Body::empty()).expect("a request")).await.status()
}

#[rstest]
#[case("/api/streams")]
#[case("/api/streams/cam/frame")]
#[case("/api/streams/cam/mjpeg")]
#[case("/api/events")]
#[case("/ws/cam")]
#[case("/metrics")]
#[tokio::test]
async fn the_cookie_is_as_good_as_the_token(#[case] path: &str) {
    let api = guarded(false);
    let cookie = sign_in(&api).await;
    assert_ne!(status(&api, path, &[("cookie", &cookie)]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&api, path, &[]).await, StatusCode::UNAUTHORIZED);
    let of_another_server = sign_in(&guarded(false)).await;
    let status_of_another = status(&api, path, &[("cookie", &of_another_server)]).await;
    assert_eq!(status_of_another, StatusCode::UNAUTHORIZED);
    // A page at another port is of the same site, so it comes with the cookie.
    let neighbour = [("cookie", cookie.as_str()), ("origin", "http://localhost:3000")];
    assert_eq!(status(&api, path, &neighbour).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn signing_in_and_out() {
    let api = guarded(false);
    assert_eq!(state(&api, "").await, json!({"required": true, "signed_in": false}));
    let cookie = sign_in(&api).await;
    assert_eq!(state(&api, &cookie).await, json!({"required": true, "signed_in": true}));
    let other = sign_in(&api).await;
    assert_ne!(cookie, other);

    let response = session(&api, "DELETE", &cookie, None).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert!(header(&response, "set-cookie").starts_with("fanlight_session=; Path=/; Max-Age=0;"));
    assert_eq!(state(&api, &cookie).await["signed_in"], false);
    let ended = status(&api, "/api/streams", &[("cookie", &cookie)]).await;
    assert_eq!(ended, StatusCode::UNAUTHORIZED);
    assert_eq!(state(&api, &other).await["signed_in"], true);
}

#[rstest]
#[case(false, "; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict")]
#[case(true, "; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure")]
#[tokio::test]
async fn the_cookie_keeps_to_itself(#[case] tls: bool, #[case] attributes: &str) {
    let response = session(&guarded(tls), "POST", "", Some(SECRET)).await;
    let cookie = header(&response, "set-cookie");
    assert!(cookie.ends_with(attributes), "{cookie}");
    assert!(!cookie.contains(SECRET));
    assert_eq!(header(&response, "cache-control"), "no-store");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_signs_nobody_in() {
    let api = guarded(false);
    let begun = tokio::time::Instant::now();
    for _ in 0..3 {
        let response = session(&api, "POST", "", Some("open-sesame-open-sesamf")).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(header(&response, "set-cookie"), "");
        assert_eq!(json_of(response).await["code"], "token_refused");
    }
    assert!(begun.elapsed().as_millis() >= 250 + 500 + 1000, "{:?}", begun.elapsed());
    // Whoever has the right one need not wait.
    let begun = tokio::time::Instant::now();
    sign_in(&api).await;
    assert!(begun.elapsed().as_millis() < 250, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn without_a_token_nobody_need_sign_in() {
    let api = Api::new();
    api.start("cam", DEMO).await;
    assert_eq!(state(&api, "").await, json!({"required": false, "signed_in": true}));
    let response = session(&api, "POST", "", Some("whatever")).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(header(&response, "set-cookie"), "");
}
