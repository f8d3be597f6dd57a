//! Who reads a stream, and disconnecting one of them.

use axum::Json;
use axum::extract::{Path, State};
use fanlight_engine::{CameraId, Error};
use http::StatusCode;

use crate::extract::Named;
use crate::wire::{Consumer, ConsumerHistory, Consumers};
use crate::{Answer, Context, invalid};

pub(crate) async fn list(Named(camera): Named) -> Json<Consumers> {
    Json(Consumers { consumers: camera.consumers().into_iter().map(Consumer::from).collect() })
}

pub(crate) async fn show(
    State(context): State<Context>,
    Path((id, consumer)): Path<(String, String)>,
) -> Answer<Json<ConsumerHistory>> {
    let camera = context.engine.camera(&CameraId::parse(&id)?)?;
    Ok(Json(ConsumerHistory::of(&camera, number(&consumer)?)?))
}

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
