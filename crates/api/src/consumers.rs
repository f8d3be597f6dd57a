//! Who reads a stream, and disconnecting one of them.

use axum::Json;
use axum::extract::{Path, State};
use fanlight_engine::{CameraId, Error};
use http::StatusCode;

use crate::extract::Named;
use crate::problem::Problem;
use crate::wire::{Consumer, ConsumerHistory, Consumers};
use crate::{Answer, Context, invalid};

/// Tells who reads a stream.
#[utoipa::path(
    get, path = "/api/streams/{id}/consumers", operation_id = "listConsumers", tag = "consumers",
    params(Named),
    responses(
        (status = 200, body = Consumers, description = "In the order they came"),
    ),
)]
pub(crate) async fn list(Named(camera): Named) -> Json<Consumers> {
    Json(Consumers { consumers: camera.consumers().into_iter().map(Consumer::from).collect() })
}

/// Tells one consumer with its last minutes.
#[utoipa::path(
    get, path = "/api/streams/{id}/consumers/{consumer}", operation_id = "showConsumer", tag = "consumers",
    params(Named, ("consumer" = u64, Path, description = "The consumer's number")),
    responses(
        (status = 200, body = ConsumerHistory, description = "The consumer, and one number a second"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_request`: this is no number"),
    ),
)]
pub(crate) async fn show(
    State(context): State<Context>,
    Path((id, consumer)): Path<(String, String)>,
) -> Answer<Json<ConsumerHistory>> {
    let camera = context.engine.camera(&CameraId::parse(&id)?)?;
    Ok(Json(ConsumerHistory::of(&camera, number(&consumer)?)?))
}

/// Disconnects one consumer.
#[utoipa::path(
    delete, path = "/api/streams/{id}/consumers/{consumer}", operation_id = "kickConsumer", tag = "consumers",
    params(Named, ("consumer" = u64, Path, description = "The consumer's number")),
    responses(
        (status = 204, description = "It is disconnected"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_request`: this is no number"),
    ),
)]
pub(crate) async fn kick(
    State(context): State<Context>,
    Path((id, consumer)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let camera = context.engine.camera(&CameraId::parse(&id)?)?;
    camera.kick(number(&consumer)?)?;
    Ok(StatusCode::NO_CONTENT)
}

fn number(consumer: &str) -> Result<u64, Error> {
    consumer.parse().map_err(|_| invalid("a consumer is named by its number"))
}
