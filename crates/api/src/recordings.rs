//! Recordings: a camera's recorder, clips, the library and how it is set up.

use std::sync::Arc;

use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use fanlight_engine::{Before, CameraId, Error, ErrorKind, RecordingChange};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use tower::ServiceExt as _;
use tower_http::services::ServeFile;
use utoipa::IntoParams;

use crate::extract::{Asked, Body, Named};
use crate::openapi::Raw;
use crate::problem::Problem;
use crate::wire::{
    ClipRequest, Deleted, Recorder, Recording, Recordings, RecordingsChange, RecordingsSetup,
};
use crate::{Answer, Context, invalid, playlist};

/// Recordings in a page of the list, unless asked for otherwise, and at most.
const PAGE: usize = 100;
const LONGEST_PAGE: usize = 1000;
/// How far back a clip goes unless asked for otherwise.
const CLIP: u32 = 30;
/// The width of a thumbnail unless asked for otherwise.
const THUMBNAIL: u32 = 320;
const LARGEST_THUMBNAIL: u32 = 1920;

/// Runs what may wait for a disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "the work was interrupted")))
}

/// Tells what a camera's recorder does.
#[utoipa::path(
    get, path = "/api/streams/{id}/recording", operation_id = "showRecorder", tag = "recordings",
    params(Named),
    responses((status = 200, body = Recorder, description = "The recorder")),
)]
pub(crate) async fn show(Named(camera): Named) -> Json<Recorder> {
    Json(camera.recorder().into())
}

/// Starts recording a camera, until somebody stops it or the server ends.
///
/// Doing so again is no error. To have it recorded after a restart, too, set the stream's `record` to
/// `always`.
#[utoipa::path(
    post, path = "/api/streams/{id}/recording", operation_id = "startRecording", tag = "recordings",
    params(Named),
    request_body(
        content = inline(Raw), content_type = "application/json",
        description = "Not looked at. Its type keeps out what a form on a web page could send"
    ),
    responses(
        (status = 200, body = Recorder, description = "The recorder"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`recordings_off`: there is no folder for recordings"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`unsupported_codec`"),
    ),
)]
pub(crate) async fn start(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Answer<Json<Recorder>> {
    let camera = context.engine.camera(&CameraId::parse(&id)?)?;
    camera.record()?;
    Ok(Json(camera.recorder().into()))
}

/// Stops recording a camera, and sets its `record` to `off`. The file is finished then.
#[utoipa::path(
    delete, path = "/api/streams/{id}/recording", operation_id = "stopRecording", tag = "recordings",
    params(Named),
    responses(
        (status = 200, body = Recorder, description = "The recorder"),
        (status = 507, body = Problem, content_type = "application/problem+json", description = "`storage_failed`: the camera list could not be saved, and nothing has changed"),
    ),
)]
pub(crate) async fn stop(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Answer<Json<Recorder>> {
    let camera = context.engine.stop_recording(&CameraId::parse(&id)?).await?;
    Ok(Json(camera.recorder().into()))
}

/// Saves what a camera sent in the last seconds as a clip.
#[utoipa::path(
    post, path = "/api/streams/{id}/clip", operation_id = "saveClip", tag = "recordings",
    params(Named),
    request_body = ClipRequest,
    responses(
        (status = 201, body = Recording, description = "The clip"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_request`"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`nothing_buffered`: the camera has sent nothing lately; `recordings_off`"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`folder_unwritable`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`unsupported_codec`"),
        (status = 507, body = Problem, content_type = "application/problem+json", description = "`disk_full`"),
    ),
)]
pub(crate) async fn clip(
    State(context): State<Context>,
    Path(id): Path<String>,
    Body(request): Body<ClipRequest>,
) -> Answer<(StatusCode, Json<Recording>)> {
    let camera = context.engine.camera(&CameraId::parse(&id)?)?;
    let clip = camera.clip(request.seconds.unwrap_or(CLIP)).await?;
    Ok((StatusCode::CREATED, Json(clip.into())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Of this stream only.
    stream_id: Option<String>,
    /// How many at most; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Only what began before this: a time, or the id of the last recording of the page before.
    before: Option<String>,
}

/// Lists recordings and clips, the newest first.
#[utoipa::path(
    get, path = "/api/recordings", operation_id = "listRecordings", tag = "recordings",
    params(ListQuery),
    responses(
        (status = 200, body = Recordings, description = "A page of them"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_request`"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`invalid_stream_id`"),
    ),
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<Recordings>> {
    let camera = query.stream_id.as_deref().map(CameraId::parse).transpose()?;
    let before: Option<Before> = query.before.as_deref().map(str::parse).transpose()?;
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        return Err(invalid(format!("limit must be 1 to {LONGEST_PAGE}; got {limit}")).into());
    }
    let recordings = Arc::clone(context.engine.recordings());
    let listing =
        blocking(move || Ok(recordings.list(camera.as_ref(), before.as_ref(), limit))).await?;
    Ok(Json(listing.into()))
}

/// Tells one recording.
#[utoipa::path(
    get, path = "/api/recordings/{id}", operation_id = "showRecording", tag = "recordings",
    params(("id" = String, Path, description = "The recording's id")),
    responses(
        (status = 200, body = Recording, description = "The recording"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`recording_not_found`"),
    ),
)]
pub(crate) async fn show_one(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Answer<Json<Recording>> {
    let recordings = Arc::clone(context.engine.recordings());
    Ok(Json(blocking(move || recordings.find(&id)).await?.into()))
}

/// Deletes a recording.
#[utoipa::path(
    delete, path = "/api/recordings/{id}", operation_id = "deleteRecording", tag = "recordings",
    params(("id" = String, Path, description = "The recording's id")),
    responses(
        (status = 200, body = Deleted, description = "It is gone"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`recording_not_found`"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`recording_in_progress`: it is being written"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`folder_unwritable`"),
    ),
)]
pub(crate) async fn delete(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Answer<Json<Deleted>> {
    let (recordings, deleted) = (Arc::clone(context.engine.recordings()), id.clone());
    blocking(move || recordings.delete(&deleted)).await?;
    Ok(Json(Deleted { message: "Recording deleted successfully", id }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VideoQuery {
    /// 1 has a browser save it under a good name.
    #[param(maximum = 1)]
    download: Option<u8>,
}

/// Answers a recording's video, or a range of it.
///
/// One that is being written is answered as far as it has come.
#[utoipa::path(
    get, path = "/api/recordings/{id}/video", operation_id = "recordingVideo", tag = "recordings",
    params(
        ("id" = String, Path, description = "The recording's id"),
        VideoQuery,
        ("Range" = Option<String>, Header, description = "Which bytes, such as `bytes=0-1023`"),
    ),
    responses(
        (status = 200, body = inline(Raw), content_type = "video/mp4", description = "The whole video"),
        (status = 206, body = inline(Raw), content_type = "video/mp4", description = "The range of it"),
        (status = 304, description = "It has not changed since `If-Modified-Since`"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`recording_not_found`"),
        (status = 416, description = "There is no such range"),
    ),
)]
pub(crate) async fn video(
    State(context): State<Context>,
    Path(id): Path<String>,
    Asked(query): Asked<VideoQuery>,
    request: Request,
) -> Answer<Response> {
    let recordings = Arc::clone(context.engine.recordings());
    let (found, file) = blocking(move || {
        let file = recordings.file(&id)?;
        Ok((recordings.find(&id)?, file))
    })
    .await?;
    // It was checked a moment ago; one that is deleted now is answered with 404, too.
    let mime = "video/mp4".parse().map_err(|_| invalid("video/mp4 is a media type"))?;
    let served = ServeFile::new_with_mime(file, &mime).oneshot(request).await;
    let mut response = match served {
        Ok(response) => response.map(Bytes::new).into_response(),
        Err(never) => match never {},
    };
    if response.status() == StatusCode::NOT_FOUND {
        return Err(Error::new(ErrorKind::RecordingNotFound, "there is no such recording").into());
    }
    if query.download.unwrap_or(0) == 1 {
        let name = format!(
            "attachment; filename=\"{}_{}.mp4\"",
            found.camera,
            found.started_at.strftime("%Y-%m-%d_%H-%M-%S")
        );
        if let Ok(name) = HeaderValue::from_str(&name) {
            response.headers_mut().insert(CONTENT_DISPOSITION, name);
        }
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// Answers where in its video a recording's parts are, as an HLS playlist.
///
/// One that is being written has the parts that are complete, and more when it is asked for again.
#[utoipa::path(
    get, path = "/api/recordings/{id}/playlist.m3u8", operation_id = "recordingPlaylist", tag = "recordings",
    params(("id" = String, Path, description = "The recording's id")),
    responses(
        (status = 200, body = inline(Raw), content_type = "application/vnd.apple.mpegurl", description = "The playlist (RFC 8216)"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`recording_not_found`"),
    ),
)]
pub(crate) async fn playlist(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Answer<Response> {
    let recordings = Arc::clone(context.engine.recordings());
    let segments = blocking(move || recordings.segments(&id)).await?;
    let headers = [(CONTENT_TYPE, playlist::MIME), (CACHE_CONTROL, "private, no-cache")];
    Ok((headers, playlist::of(&segments)).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThumbnailQuery {
    /// Pixels a row; 320 when absent.
    #[param(minimum = 16, maximum = 1920)]
    width: Option<u32>,
}

/// Answers a recording's first picture, small.
#[utoipa::path(
    get, path = "/api/recordings/{id}/thumbnail", operation_id = "recordingThumbnail", tag = "recordings",
    params(("id" = String, Path, description = "The recording's id"), ThumbnailQuery),
    responses(
        (status = 200, body = inline(Raw), content_type = "image/jpeg", description = "The picture"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_request`"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`recording_not_found`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`decode_failed`, `ffmpeg_missing`"),
    ),
)]
pub(crate) async fn thumbnail(
    State(context): State<Context>,
    Path(id): Path<String>,
    Asked(query): Asked<ThumbnailQuery>,
) -> Answer<Response> {
    let width = query.width.unwrap_or(THUMBNAIL);
    if !(16..=LARGEST_THUMBNAIL).contains(&width) {
        return Err(invalid(format!("width must be 16 to {LARGEST_THUMBNAIL}; got {width}")).into());
    }
    let jpeg = context.engine.thumbnail(&id, width).await?;
    // It never changes.
    let headers = [(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, "private, max-age=86400")];
    Ok((headers, jpeg).into_response())
}

/// Tells how recording is set up.
#[utoipa::path(
    get, path = "/api/settings/recordings", operation_id = "showRecordingsSetup", tag = "recordings",
    responses((status = 200, body = RecordingsSetup, description = "What is in force")),
)]
pub(crate) async fn setup(State(context): State<Context>) -> Answer<Json<RecordingsSetup>> {
    let settings = context.engine.recordings().settings();
    Ok(Json(blocking(move || Ok(RecordingsSetup::of(&settings))).await?))
}

/// Changes how recording is set up, at once and for later; what is absent stays.
///
/// A server that is started with `--recordings` or `--recordings-quota` goes by these when it starts.
#[utoipa::path(
    patch, path = "/api/settings/recordings", operation_id = "changeRecordingsSetup", tag = "recordings",
    request_body = RecordingsChange,
    responses(
        (status = 200, body = RecordingsSetup, description = "What is in force now"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`folder_unwritable`"),
        (status = 507, body = Problem, content_type = "application/problem+json", description = "`storage_failed`, `disk_full`; nothing has changed"),
    ),
)]
pub(crate) async fn change(
    State(context): State<Context>,
    Body(request): Body<RecordingsChange>,
) -> Answer<Json<RecordingsSetup>> {
    let recordings = Arc::clone(context.engine.recordings());
    let change = RecordingChange {
        folder: request.folder.map(Into::into),
        quota: request.quota_bytes,
        clip_seconds: request.clip_seconds,
    };
    Ok(Json(blocking(move || Ok(RecordingsSetup::of(&recordings.change(change)?))).await?))
}
