//! Reading the configuration again. What that means is decided by whoever runs the API: requests
//! wait in a queue until they are taken from there.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use utoipa::ToSchema;

use crate::Context;
use crate::problem::Problem;

/// Requests that may wait while another is answered; more wait for a place.
const WAITING: usize = 8;

/// What came of reading the configuration again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reloaded {
    /// The settings that differed and are in force now.
    pub applied: Vec<String>,
    /// The settings that differ from those in force until the server is restarted.
    pub needs_restart: Vec<String>,
}

/// Somebody wants the configuration read again. Dropping it tells them that it will not be.
#[derive(Debug)]
pub struct ReloadRequest(oneshot::Sender<Result<Reloaded, String>>);

impl ReloadRequest {
    /// Answers; an error says which setting is wrong, and that nothing has changed.
    pub fn answer(self, outcome: Result<Reloaded, String>) {
        // Whoever asked may have gone away.
        let _ = self.0.send(outcome);
    }
}

/// Where requests go, once somebody takes them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reloads(Arc<OnceLock<mpsc::Sender<ReloadRequest>>>);

impl Reloads {
    /// From now on requests are offered to the receiver.
    pub(crate) fn take(&self) -> mpsc::Receiver<ReloadRequest> {
        let (sender, receiver) = mpsc::channel(WAITING);
        // A second taker gets an empty queue: requests go to the first.
        let _ = self.0.set(sender);
        receiver
    }
}

/// Reads the configuration again, as SIGHUP does.
///
/// What can be changed while serving is in force at once; the answer names what is not before a
/// restart. A configuration with a mistake changes nothing.
#[utoipa::path(
    post, path = "/api/reload", operation_id = "reload", tag = "server",
    responses(
        (status = 200, body = Reloaded, description = "What is in force now, and what needs a restart"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`nothing_to_reload`: this Fanlight has no configuration file, as the desktop app"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`invalid_configuration`: which setting is wrong; nothing has changed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`draining`: the server is about to end"),
    ),
)]
pub(crate) async fn reload(State(context): State<Context>) -> Result<Json<Reloaded>, Problem> {
    let Some(queue) = context.reloads.0.get() else {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "nothing_to_reload",
            "this Fanlight has no configuration to read again; its settings are changed in its window",
        ));
    };
    let ending = || {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "draining",
            "Fanlight is about to end; start it again and it reads its configuration",
        )
    };
    let (sender, answer) = oneshot::channel();
    queue.send(ReloadRequest(sender)).await.map_err(|_| ending())?;
    match answer.await {
        Ok(Ok(reloaded)) => Ok(Json(reloaded)),
        Ok(Err(why)) => {
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_configuration", why))
        }
        Err(_) => Err(ending()),
    }
}
