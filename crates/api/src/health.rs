//! Whether the server lives, and whether it can do its work: what supervisors and load balancers
//! ask.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Context;
use crate::extract::Asked;
use crate::problem::Problem;
use crate::wire::Check;
use crate::wire::Health;

/// Answers as earlier servers did, and tells when nothing can be changed for now.
#[utoipa::path(
    get, path = "/health", operation_id = "health", tag = "server",
    responses(
        (status = 200, body = Health, description = "It answers"),
    ),
)]
pub(crate) async fn health(State(context): State<Context>) -> Json<Health> {
    let reason = context.engine.degraded().map(|error| error.message().to_owned());
    let status = if reason.is_some() { "degraded" } else { "healthy" };
    Json(Health { status, timestamp: Timestamp::now().as_second(), reason })
}

/// `GET /livez`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Live {
    status: &'static str,
}

/// Answers while requests are answered.
///
/// That is all a supervisor needs to know before it thinks of a restart.
#[utoipa::path(
    get, path = "/livez", operation_id = "livez", tag = "server",
    responses(
        (status = 200, body = Live, description = "It lives"),
    ),
    security(()),
)]
pub(crate) async fn livez() -> Json<Live> {
    Json(Live { status: "live" })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReadyQuery {
    /// Its presence asks for the single checks.
    verbose: Option<String>,
}

/// `GET /readyz`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Vec<Check>>,
}

/// Tells whether everything that pictures need is there.
#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "server",
    params(ReadyQuery),
    responses(
        (status = 200, body = Ready, description = "It is"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`not_ready`, with what is missing; `draining` when it is about to end"),
    ),
)]
pub(crate) async fn readyz(
    State(context): State<Context>,
    Asked(query): Asked<ReadyQuery>,
) -> Response {
    let draining = context.draining.load(Ordering::Relaxed);
    let checks = checks(context).await;
    let wrong: Vec<String> =
        checks.iter().filter(|c| !c.ok).map(|c| format!("{}: {}", c.name, c.message)).collect();
    let checks = query.verbose.is_some().then_some(checks);
    if wrong.is_empty() {
        return Json(Ready { status: "ready", checks }).into_response();
    }
    let why = format!("not ready; {}", wrong.join("; "));
    let code = if draining { "draining" } else { "not_ready" };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, why).with_checks(checks).into_response()
}

/// Everything that pictures need.
pub(crate) async fn checks(context: Context) -> Vec<Check> {
    let engine = context.engine;
    let running = if context.draining.load(Ordering::Relaxed) {
        Err("draining: Fanlight is about to end; whoever reads may go on for now".to_owned())
    } else if engine.is_shutting_down() {
        Err("Fanlight is shutting down".to_owned())
    } else {
        Ok(format!("{} cameras", engine.cameras().len()))
    };
    // Looking for FFmpeg starts it once, and a disk may be slow.
    let looking = move || {
        let ffmpeg = engine.ffmpeg().map(|ffmpeg| format!("version {}", ffmpeg.version));
        let storage = engine.check_storage().map(|()| "the camera list can be saved".to_owned());
        (ffmpeg.map_err(|e| e.to_string()), storage.map_err(|e| e.to_string()))
    };
    let (ffmpeg, storage) = tokio::task::spawn_blocking(looking).await.unwrap_or_else(|_| {
        let interrupted = || Err("looking for it was interrupted".to_owned());
        (interrupted(), interrupted())
    });
    vec![
        Check::new("engine", running),
        Check::new("ffmpeg", ffmpeg),
        Check::new("storage", storage),
    ]
}
