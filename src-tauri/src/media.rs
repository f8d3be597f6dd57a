//! Pictures and videos for the page, under a scheme of our own: `fanlight://localhost/api/…` is the
//! API's path, answered by the same router. Only what a page shows; everything else is asked for by
//! `ipc`.
//!
//! The web view takes answers as a whole, so a video is handed over in pieces: whoever asks for the
//! rest of it gets the next few megabytes, as RFC 9110 allows. Who knows where a piece ends, as a
//! player does from the playlist, gets all of it.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL,
    CONTENT_RANGE, CONTENT_TYPE, ORIGIN, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use tauri::{Manager as _, UriSchemeContext, UriSchemeResponder, Wry};

use crate::desktop::Desktop;
use crate::window;

/// The scheme; Windows spells it `http://fanlight.localhost`.
pub(crate) const SCHEME: &str = "fanlight";

/// Of a video at a time for whoever asks without an end, in bytes: seconds of it, and little memory.
const PIECE: u64 = 4 << 20;
/// The largest answer, in bytes: more than any part of a recording has.
const WHOLE: usize = 64 << 20;

/// Answers a request of the page.
#[expect(clippy::needless_pass_by_value, reason = "Tauri hands the context over")]
pub(crate) fn answer(
    context: UriSchemeContext<'_, Wry>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    let ours = context.webview_label() == window::MAIN;
    tauri::async_runtime::spawn(async move {
        let desktop = app.try_state::<Desktop>().filter(|_| ours);
        let mut response = match (desktop, refusal(&request)) {
            (None, _) => plain(StatusCode::FORBIDDEN, "not for this page"),
            (_, Some(refusal)) => refusal,
            (Some(desktop), None) => fetch(&desktop, &request).await,
        };
        // The page may read it by fetch, too; pages of others cannot use this scheme.
        let origin = request.headers().get(ORIGIN).cloned();
        response.headers_mut().extend(origin.map(|origin| (ACCESS_CONTROL_ALLOW_ORIGIN, origin)));
        response.headers_mut().insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("content-range, content-length"),
        );
        responder.respond(response);
    });
}

fn refusal(request: &Request<Vec<u8>>) -> Option<http::Response<Vec<u8>>> {
    if request.method() != Method::GET {
        Some(plain(StatusCode::METHOD_NOT_ALLOWED, "only GET"))
    } else if !is_media(request.uri().path()) {
        Some(plain(StatusCode::NOT_FOUND, "no picture and no video"))
    } else {
        None
    }
}

fn plain(status: StatusCode, text: &str) -> http::Response<Vec<u8>> {
    let mut response = http::Response::new(text.as_bytes().to_vec());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// The paths of pictures and videos; none of them goes on for ever.
pub(crate) fn is_media(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["", "api", "recordings", id, "video" | "playlist.m3u8" | "thumbnail"] => {
            // As in door.20260315T081501250Z.clip: a camera, a time, perhaps a kind.
            id.split('.').all(is_id)
        }
        ["", "api", "streams", id, "snapshot.jpg"] => is_id(id),
        _ => false,
    }
}

/// The path of a picture in a format of choice, which is saved and never shown.
pub(crate) fn is_frame(path: &str) -> bool {
    let id = path.strip_prefix("/api/streams/").and_then(|rest| rest.strip_suffix("/frame"));
    id.is_some_and(is_id)
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

async fn fetch(desktop: &Desktop, request: &Request<Vec<u8>>) -> http::Response<Vec<u8>> {
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut headers = HeaderMap::new();
    if let Some(range) = request.headers().get(RANGE).and_then(|range| range.to_str().ok()) {
        headers.extend(HeaderValue::from_str(&piece(range)).map(|range| (RANGE, range)));
    }
    whole(desktop.api.fetch(path, headers).await).await
}

async fn whole(answer: Response<Body>) -> http::Response<Vec<u8>> {
    let (parts, body) = answer.into_parts();
    match Limited::new(body, WHOLE).collect().await {
        Ok(body) => {
            let mut response = http::Response::new(body.to_bytes().to_vec());
            *response.status_mut() = parts.status;
            for name in [CONTENT_TYPE, CONTENT_RANGE, ACCEPT_RANGES, CACHE_CONTROL] {
                let value = parts.headers.get(&name).cloned();
                response.headers_mut().extend(value.map(|value| (name, value)));
            }
            response
        }
        Err(_) => plain(StatusCode::PAYLOAD_TOO_LARGE, "too large at once; ask with Range"),
    }
}

/// A range that asks for no more than is answered. What is no single range stays as it is.
fn piece(range: &str) -> String {
    let bounded = range.trim().strip_prefix("bytes=").and_then(|range| {
        let (from, to) = range.split_once('-')?;
        let from: u64 = from.trim().parse().ok()?;
        let last = |length: u64| from.checked_add(length - 1);
        let to = match to.trim() {
            "" => last(PIECE)?,
            to => to.parse::<u64>().ok()?.min(last(WHOLE as u64)?),
        };
        Some(format!("bytes={from}-{to}"))
    });
    bounded.unwrap_or_else(|| range.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/api/recordings/front-door_1.20260315T081501250Z/video", true)]
    #[case("/api/recordings/door.20260315T081501250Z.clip/thumbnail", true)]
    #[case("/api/recordings/door.20260315T081501250Z/playlist.m3u8", true)]
    #[case("/api/recordings/../video", false)]
    #[case("/api/recordings/.door/video", false)]
    #[case("/api/streams/front-door/snapshot.jpg", true)]
    #[case("/api/streams/front-door/mjpeg", false)]
    #[case("/api/streams/%2e%2e/snapshot.jpg", false)]
    #[case("/api/streams//snapshot.jpg", false)]
    #[case("/api/recordings/door.20260315T081501250Z/video/x", false)]
    #[case("/api/events", false)]
    #[case("/index.html", false)]
    fn paths(#[case] path: &str, #[case] media: bool) {
        assert_eq!(is_media(path), media);
    }

    #[rstest]
    #[case("bytes=0-", "bytes=0-4194303")]
    #[case("bytes=10-20", "bytes=10-20")]
    #[case("bytes=10-9999999", "bytes=10-9999999")]
    #[case("bytes=10-99999999", "bytes=10-67108873")]
    #[case("bytes=-500", "bytes=-500")]
    #[case("bytes=0-1,5-6", "bytes=0-1,5-6")]
    #[case("bytes=18446744073709551615-", "bytes=18446744073709551615-")]
    #[case("seconds=1-", "seconds=1-")]
    fn pieces(#[case] range: &str, #[case] asked: &str) {
        assert_eq!(piece(range), asked);
    }
}
