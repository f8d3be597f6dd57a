//! Streams: list, show, start, stop.

use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, Path, State};
use fanlight_engine::{Added, CameraConfig, CameraId, CameraUrl, Error, Fingerprint, Size};
use md5::{Digest as _, Md5};

use crate::extract::{Body, Named};
use crate::leases::Leases;
use crate::openapi::Raw;
use crate::problem::Problem;
use crate::wire::{
    self, ChangeRequest, History, StartRequest, Started, Stats, Stopped, Stream, Streams,
};
use crate::{Answer, Context, invalid};

/// Lists all streams, by id.
#[utoipa::path(
    get, path = "/api/streams", operation_id = "listStreams", tag = "streams",
    responses(
        (status = 200, body = Streams, description = "All streams"),
    ),
)]
pub(crate) async fn list(State(context): State<Context>) -> Json<Streams> {
    Json(wire::streams(&context.engine))
}

/// Tells everything about one stream.
#[utoipa::path(
    get, path = "/api/streams/{id}", operation_id = "showStream", tag = "streams",
    params(Named),
    responses(
        (status = 200, body = Stream, description = "The stream"),
    ),
)]
pub(crate) async fn show(Named(camera): Named) -> Json<Stream> {
    Json(wire::stream(&camera))
}

/// Tells a stream with its newest picture and its buffer.
#[utoipa::path(
    get, path = "/api/streams/{id}/stats", operation_id = "streamStats", tag = "streams",
    params(Named),
    responses(
        (status = 200, body = Stats, description = "The stream, and what its buffer holds"),
    ),
)]
pub(crate) async fn stats(Named(camera): Named) -> Json<Stats> {
    let snapshot = camera.snapshot();
    let (last_frame_time, buffer_size) = (snapshot.main.last_packet_at, snapshot.main.buffered);
    Json(Stats { stream: snapshot.into(), last_frame_time, buffer_size })
}

/// Starts a stream.
///
/// The same id with the same URL again is no error, so that several scripts can start the same camera.
#[utoipa::path(
    post, path = "/api/streams", operation_id = "startStream", tag = "streams",
    request_body = StartRequest,
    responses(
        (status = 200, body = Started, description = "It was started, or is running already"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`stream_exists`: the id has another URL"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`invalid_stream_id`"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "`quota_exceeded`"),
        (status = 507, body = Problem, content_type = "application/problem+json", description = "`storage_failed`: the camera list could not be saved, and nothing has changed"),
    ),
)]
pub(crate) async fn start(
    State(context): State<Context>,
    Body(request): Body<StartRequest>,
) -> Answer<Json<Started>> {
    let id = request.stream_id.as_deref().ok_or_else(|| invalid("stream_id is missing"))?;
    add(&context, CameraId::parse(id)?, request).await
}

/// Starts a stream by its URL alone.
///
/// Scripts that know only the URL share a stream by it, whoever started it under whatever id. A new one
/// gets an id that is made from the URL.
#[utoipa::path(
    post, path = "/api/streams/start-with-url", operation_id = "startStreamByUrl", tag = "streams",
    request_body = StartRequest,
    responses(
        (status = 200, body = Started, description = "It was started, or is running already"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`stream_exists`: the id made from this URL has another one"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "`quota_exceeded`"),
        (status = 507, body = Problem, content_type = "application/problem+json", description = "`storage_failed`: the camera list could not be saved, and nothing has changed"),
    ),
)]
pub(crate) async fn start_with_url(
    State(context): State<Context>,
    Body(request): Body<StartRequest>,
) -> Answer<Json<Started>> {
    let url = CameraUrl::parse(&request.rtsp_url)?;
    let id = match context.engine.camera_with_url(&url) {
        Some(camera) => camera.id().clone(),
        None => id_of_url(&request.rtsp_url),
    };
    add(&context, id, request).await
}

/// The first 16 characters of `stream_` and the MD5 of the URL in hexadecimal digits, as clients
/// compute it too. MD5 names, it does not protect.
fn id_of_url(url: &str) -> CameraId {
    use std::fmt::Write as _;
    let mut id = String::from("stream_");
    for byte in Md5::digest(url.as_bytes()) {
        let _ = write!(id, "{byte:02x}");
    }
    CameraId::parse(&id[..16]).expect("letters, an underscore and digits")
}

async fn add(context: &Context, id: CameraId, request: StartRequest) -> Answer<Json<Started>> {
    let (added, camera) = context.engine.add(config(id, request)?).await?;
    let config = camera.config();
    Ok(Json(Started {
        message: match added {
            Added::Started => "Stream started successfully",
            Added::AlreadyRunning => "Stream already running",
        },
        stream_id: config.id.to_string(),
        rtsp_url: config.url.masked().to_owned(),
        width: config.size.width(),
        height: config.size.height(),
    }))
}

pub(crate) fn config(id: CameraId, request: StartRequest) -> Result<CameraConfig, Error> {
    let mut config = CameraConfig::new(id, CameraUrl::parse(&request.rtsp_url)?);
    let chosen = |value: Option<u32>, default| value.filter(|v| *v != 0).unwrap_or(default);
    config.size = Size::new(
        chosen(request.width, config.size.width()),
        chosen(request.height, config.size.height()),
    )?;
    let chosen = |value: Option<usize>, default| value.filter(|v| *v != 0).unwrap_or(default);
    config.frame_buffer_size = chosen(request.frame_buffer_size, config.frame_buffer_size);
    config.client_buffer_size = chosen(request.client_buffer_size, config.client_buffer_size);
    config.tls_fingerprint = request.tls_fingerprint.as_deref().map(fingerprint).transpose()?;
    config.substream = request.substream_url.as_deref().map(substream).transpose()?;
    if let Some(transport) = &request.transport {
        config.transport = transport.parse()?;
    }
    if let Some(mode) = &request.mode {
        config.mode = mode.parse()?;
    }
    if let Some(seconds) = request.leave_after {
        config.leave_after = leave_after(seconds)?;
    }
    if let Some(record) = &request.record {
        config.record = record.parse()?;
    }
    if let Some(name) = request.name.filter(|name| !name.trim().is_empty()) {
        name.trim().clone_into(&mut config.name);
    }
    Ok(config)
}

/// Stops and removes a stream that nobody reads.
#[utoipa::path(
    delete, path = "/api/streams/{id}", operation_id = "stopStream", tag = "streams",
    params(Named),
    responses(
        (status = 200, body = Stopped, description = "It is gone"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`stream_in_use`: `client_count` consumers read it"),
        (status = 507, body = Problem, content_type = "application/problem+json", description = "`storage_failed`: the camera list could not be saved, and nothing has changed"),
    ),
)]
pub(crate) async fn stop(
    State(context): State<Context>,
    Path(id): Path<String>,
    leases: Option<Extension<Leases>>,
) -> Answer<Json<Stopped>> {
    remove(&context, &id, leases, false, "Stream stopped successfully").await
}

/// Stops and removes a stream; consumers are disconnected.
#[utoipa::path(
    delete, path = "/api/streams/{id}/force", operation_id = "forceStopStream", tag = "streams",
    params(Named),
    responses(
        (status = 200, body = Stopped, description = "It is gone"),
        (status = 507, body = Problem, content_type = "application/problem+json", description = "`storage_failed`: the camera list could not be saved, and nothing has changed"),
    ),
)]
pub(crate) async fn force_stop(
    State(context): State<Context>,
    Path(id): Path<String>,
    leases: Option<Extension<Leases>>,
) -> Answer<Json<Stopped>> {
    remove(&context, &id, leases, true, "Stream force-stopped successfully").await
}

async fn remove(
    context: &Context,
    id: &str,
    leases: Option<Extension<Leases>>,
    force: bool,
    message: &'static str,
) -> Answer<Json<Stopped>> {
    let id = CameraId::parse(id)?;
    if let Some(Extension(leases)) = leases {
        // Who asks to stop it has stopped reading it.
        leases.end(&id);
    }
    context.engine.remove(&id, force).await?;
    Ok(Json(Stopped { message, stream_id: id.to_string() }))
}

fn fingerprint(text: &str) -> Result<Fingerprint, Error> {
    text.parse().map_err(Error::from)
}

fn substream(url: &str) -> Result<CameraUrl, Error> {
    CameraUrl::parse(url).map_err(|error| {
        Error::new(error.kind(), error.message().replace("rtsp_url", "substream_url"))
    })
}

fn leave_after(seconds: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| invalid(format!("leave_after must be 0 to 3600 seconds; got {seconds}")))
}

/// Changes some of a stream's settings; what is absent stays.
///
/// Consumers stay connected. Where the source changed, it is connected at once.
#[utoipa::path(
    patch, path = "/api/streams/{id}", operation_id = "changeStream", tag = "streams",
    params(Named),
    request_body = ChangeRequest,
    responses(
        (status = 200, body = Stream, description = "The stream as it is now"),
        (status = 507, body = Problem, content_type = "application/problem+json", description = "`storage_failed`: the camera list could not be saved, and nothing has changed"),
    ),
)]
pub(crate) async fn change(
    State(context): State<Context>,
    Path(id): Path<String>,
    Body(request): Body<ChangeRequest>,
) -> Answer<Json<Stream>> {
    let id = CameraId::parse(&id)?;
    let camera = context.engine.update(&id, |config| apply(request, config)).await?;
    Ok(Json(wire::stream(&camera)))
}

fn apply(request: ChangeRequest, config: &mut CameraConfig) -> Result<(), Error> {
    if let Some(name) = request.name {
        let name = name.trim();
        config.name = if name.is_empty() { config.id.to_string() } else { name.to_owned() };
    }
    if let Some(url) = request.rtsp_url {
        config.url = CameraUrl::parse(&url)?;
    }
    if let Some(url) = request.substream_url {
        config.substream = url.as_deref().map(substream).transpose()?;
    }
    if let Some(transport) = request.transport {
        config.transport = transport.parse()?;
    }
    if let Some(mode) = request.mode {
        config.mode = mode.parse()?;
    }
    if let Some(seconds) = request.leave_after {
        config.leave_after = leave_after(seconds)?;
    }
    if let Some(record) = &request.record {
        config.record = record.parse()?;
    }
    if let Some(accepted) = request.tls_fingerprint {
        config.tls_fingerprint = accepted.as_deref().map(fingerprint).transpose()?;
    }
    if request.width.is_some() || request.height.is_some() {
        config.size = Size::new(
            request.width.unwrap_or(config.size.width()),
            request.height.unwrap_or(config.size.height()),
        )?;
    }
    config.frame_buffer_size = request.frame_buffer_size.unwrap_or(config.frame_buffer_size);
    config.client_buffer_size = request.client_buffer_size.unwrap_or(config.client_buffer_size);
    Ok(())
}

/// Connects to the camera anew, at once.
#[utoipa::path(
    post, path = "/api/streams/{id}/restart", operation_id = "restartStream", tag = "streams",
    params(Named),
    request_body(
        content = inline(Raw), content_type = "application/json",
        description = "Not looked at. Its type keeps out what a form on a web page could send"
    ),
    responses(
        (status = 200, body = Stopped, description = "It is being connected"),
    ),
)]
pub(crate) async fn restart(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Answer<Json<Stopped>> {
    let id = CameraId::parse(&id)?;
    context.engine.restart(&id)?;
    Ok(Json(Stopped { message: "Stream restarted successfully", stream_id: id.to_string() }))
}

/// Tells what came in the last five minutes, second by second.
#[utoipa::path(
    get, path = "/api/streams/{id}/history", operation_id = "streamHistory", tag = "streams",
    params(Named),
    responses(
        (status = 200, body = History, description = "One number a second"),
    ),
)]
pub(crate) async fn history(Named(camera): Named) -> Json<History> {
    Json(History::of(&camera))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_url_is_the_one_clients_compute() {
        // ("stream_" + hashlib.md5(b"rtsp://cam/1").hexdigest())[:16]
        assert_eq!(id_of_url("rtsp://cam/1").as_str(), "stream_00bf7461c");
    }
}
