//! The API without a network, for the desktop's window.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::auth::InProcess;

/// Runs one request through the router and returns the status and the body as text. `port` is the
/// one in the router's settings; no token is asked for. A method or path that no request can have is a 400.
pub async fn call(
    router: &Router,
    port: u16,
    method: &str,
    path: &str,
    body: Option<String>,
) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, format!("127.0.0.1:{port}"))
        .header(CONTENT_TYPE, "application/json")
        .extension(InProcess)
        .body(body.map_or_else(Body::empty, Body::from));
    let Ok(request) = request else {
        return (StatusCode::BAD_REQUEST.as_u16(), String::new());
    };
    let Ok(response) = router.clone().oneshot(request).await;
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap_or_default().to_bytes();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs one GET through the router, with these headers; the answer as it is, its body unread.
pub(crate) async fn fetch(router: &Router, port: u16, path: &str, headers: HeaderMap) -> Response {
    let request =
        Request::builder().uri(path).extension(InProcess).body(Body::empty()).map(|mut request| {
            let host = HeaderValue::from_str(&format!("127.0.0.1:{port}"));
            *request.headers_mut() = headers;
            request.headers_mut().extend(host.map(|host| (HOST, host)));
            request
        });
    match request {
        Ok(request) => {
            let Ok(response) = router.clone().oneshot(request).await;
            response
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
