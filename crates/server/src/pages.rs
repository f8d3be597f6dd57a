//! The browser's user interface, embedded in the binary.

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{StatusCode, Uri};
use rust_embed::RustEmbed;

/// Built by `npm run build` in `ui/`; without it the API works and the pages say how to build.
#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Files;

/// Nothing from elsewhere, no inline script; pictures come as blobs, and the worker that decodes them does.
const POLICY: &str = "default-src 'self'; worker-src 'self' blob:; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; \
                      object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const NOT_BUILT: &str = "<!doctype html><title>Fanlight</title>\
    <p>Fanlight's API is running. Its pages were not built into this binary: \
    run <code>npm run build -w ui</code> and build again.</p>";

/// The pages and what they load.
pub(crate) fn router() -> Router {
    Router::new().fallback(file)
}

async fn file(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let Some(file) = Files::get(path) else {
        return if path == "index.html" {
            page(StatusCode::OK, "text/html", NOT_BUILT.into(), "no-store")
        } else {
            page(
                StatusCode::NOT_FOUND,
                "text/plain",
                "there is nothing at this path".into(),
                "no-store",
            )
        };
    };
    // Names under assets/ hold a hash of their content.
    let caching =
        if path.starts_with("assets/") { "max-age=31536000, immutable" } else { "no-cache" };
    let kind = file.metadata.mimetype().to_owned();
    page(StatusCode::OK, &kind, Body::from(file.data.into_owned()), caching)
}

fn page(status: StatusCode, kind: &str, body: Body, caching: &str) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, caching),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body).into_response()
}
