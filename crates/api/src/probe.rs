//! A short look at a camera before it is added.

use axum::Json;
use axum::extract::State;
use fanlight_engine::{CameraUrl, Error, Transport};

use crate::extract::Body;
use crate::wire::{Probe, ProbeRequest};
use crate::{Answer, Context};

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
