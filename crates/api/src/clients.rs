//! The client libraries of this very version, so that a machine that has Fanlight needs no second
//! download for its first script: `pip install http://…/clients/fanlight-….whl`.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use rust_embed::RustEmbed;

use crate::Answer;
use crate::openapi::Raw;
use crate::problem::Problem;
use crate::wire::Clients;

/// Put there by `npm start`, `npm test` and `npm run package`; a binary built without has none to offer.
#[derive(RustEmbed)]
#[folder = "../../clients/dist"]
#[allow_missing = true]
struct Files;

/// Which client libraries there are.
#[utoipa::path(
    get, path = "/api/clients", operation_id = "clients", tag = "server",
    responses(
        (status = 200, body = Clients, description = "Where the client libraries of this version are"),
    ),
)]
pub(crate) async fn list() -> Json<Clients> {
    let mut clients = Clients { python: None, javascript: None };
    for name in Files::iter() {
        let path = Some(format!("/clients/{name}"));
        match kind(&name) {
            Some(Kind::Wheel) => clients.python = path,
            Some(Kind::Tarball) => clients.javascript = path,
            None => {}
        }
    }
    Json(clients)
}

/// A client library as `pip install` and `npm install` take it.
#[utoipa::path(
    get, path = "/clients/{file}", operation_id = "client_package", tag = "server",
    params(("file" = String, Path, description = "A file named by `/api/clients`")),
    responses(
        (status = 200, body = inline(Raw), content_type = "application/octet-stream", description = "The package"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`not_found`"),
    ),
)]
pub(crate) async fn package(Path(file): Path<String>) -> Answer<Response> {
    let found = kind(&file).and_then(|_| Files::get(&file)).ok_or_else(|| {
        let why = "there is no such client package; /api/clients names those there are";
        Problem::new(StatusCode::NOT_FOUND, "not_found", why)
    })?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (CACHE_CONTROL, "no-cache"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, found.data).into_response())
}

/// What tells the packages from each other, and from what else may lie beside them.
enum Kind {
    Wheel,
    Tarball,
}

fn kind(name: &str) -> Option<Kind> {
    match name.rsplit_once('.')?.1 {
        "whl" => Some(Kind::Wheel),
        "tgz" => Some(Kind::Tarball),
        _ => None,
    }
}
