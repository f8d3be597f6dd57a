//! A short look at a camera before it is added.

use axum::Json;
use axum::extract::State;
use fanlight_engine::{CameraUrl, Error, Transport};

use crate::extract::Body;
use crate::problem::Problem;
use crate::wire::{Probe, ProbeRequest};
use crate::{Answer, Context};

/// Connects to a camera for some seconds without adding it.
#[utoipa::path(
    post, path = "/api/probe", operation_id = "probe", tag = "streams",
    request_body = ProbeRequest,
    responses(
        (status = 200, body = Probe, description = "What it sends"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "`quota_exceeded`: four at a time"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`auth_failed`, `camera_unreachable` and the like: why it cannot be opened or read"),
    ),
)]
pub(crate) async fn probe(
    State(context): State<Context>,
    Body(request): Body<ProbeRequest>,
) -> Answer<Json<Probe>> {
    let url = CameraUrl::parse(&request.url)?;
    let accepted =
        request.tls_fingerprint.as_deref().map(str::parse).transpose().map_err(Error::from)?;
    let transport = request.transport.as_deref().map_or(Ok(Transport::default()), str::parse)?;
    Ok(Json(context.engine.probe(&url, transport, accepted).await?.into()))
}
