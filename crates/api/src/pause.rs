//! Leaving all cameras alone for now, and going on.

use axum::Json;
use axum::extract::State;
use fanlight_engine::Engine;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Context;
use crate::extract::Body;

/// Whether all cameras are paused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pause {
    paused: bool,
    /// Since when.
    since: Option<Timestamp>,
}

impl Pause {
    fn of(engine: &Engine) -> Self {
        let since = engine.paused();
        Self { paused: since.is_some(), since }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PauseRequest {
    /// False resumes.
    paused: bool,
}

/// Tells whether all cameras are paused.
#[utoipa::path(
    get, path = "/api/pause", operation_id = "showPause", tag = "server",
    responses(
        (status = 200, body = Pause, description = "Whether they are, and since when"),
    ),
)]
pub(crate) async fn show(State(context): State<Context>) -> Json<Pause> {
    Json(Pause::of(&context.engine))
}

/// Disconnects all cameras at once, or connects them again.
///
/// Readers get 503 `stream_not_running` until it is over. A restart of the server ends it, too.
#[utoipa::path(
    put, path = "/api/pause", operation_id = "changePause", tag = "server",
    request_body = PauseRequest,
    responses(
        (status = 200, body = Pause, description = "How it is now"),
    ),
)]
pub(crate) async fn change(
    State(context): State<Context>,
    Body(request): Body<PauseRequest>,
) -> Json<Pause> {
    if request.paused {
        context.engine.pause();
    } else {
        context.engine.resume();
    }
    Json(Pause::of(&context.engine))
}
