//! The description of the API: the committed one is the one of the code, and its page stands alone.

mod rig;

use std::collections::BTreeSet;

use fanlight_api::{Settings, Token, openapi};
use http::StatusCode;
use rig::{Api, bytes_of, header, json_of};
use serde_json::Value;

const COMMITTED: &str = include_str!("../../../docs/openapi.json");

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().expect("paths");
    paths.values().flat_map(|path| path.as_object().expect("methods").values())
}

#[test]
fn the_committed_description_is_that_of_the_code() {
    assert!(
        COMMITTED == openapi(),
        "docs/openapi.json is not up to date; renew it: \
         cargo run -p fanlight-server -- --print-openapi > docs/openapi.json"
    );
}

#[test]
fn every_route_says_what_it_is() {
    let document: Value = serde_json::from_str(openapi()).expect("JSON");
    let mut ids = BTreeSet::new();
    for operation in operations(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        assert!(ids.insert(id), "{id} names two routes");
        assert!(operation["summary"].as_str().is_some_and(|s| s.ends_with('.')), "{id}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{id}");
        assert!(operation["responses"]["403"].is_object(), "{id}: every route is guarded");
    }
}

#[tokio::test]
async fn it_is_served_to_whoever_has_no_token_yet() {
    let token = Token::parse("0123456789abcdef").expect("a token");
    let api = Api::with(Settings { token: Some(token), ..Settings::default() });
    let response = api.get("/api/openapi.json").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), "application/json");
    assert_eq!(json_of(response).await["info"]["title"], "Fanlight");
    assert_eq!(api.get("/docs/").await.status(), StatusCode::OK);
    assert_eq!(api.get("/api/streams").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let api = Api::new();
    let moved = api.get("/docs").await;
    assert_eq!((moved.status(), header(&moved, "location")), (StatusCode::SEE_OTHER, "/docs/"));
    for path in ["/docs/", "/docs/index.html", "/docs/swagger-initializer.js"] {
        let response = api.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(header(&response, "content-security-policy").starts_with("default-src 'self'"));
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    }
    let script = bytes_of(api.get("/docs/swagger-initializer.js").await).await;
    let script = String::from_utf8_lossy(&script);
    assert!(script.contains("/api/openapi.json"), "{script}");
    assert!(script.contains(r#""validatorUrl": "none""#), "{script}");
    assert!(!script.contains("http"), "{script}");
    assert_eq!(api.get("/docs/no-such-file").await.status(), StatusCode::NOT_FOUND);
}
