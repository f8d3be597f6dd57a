//! What this server is.

use axum::Json;
use axum::extract::State;

use crate::wire::{FfmpegInfo, Info, SharedMemoryInfo};
use crate::{Context, FramesSocket};

/// Tells what this server is.
#[utoipa::path(
    get, path = "/api/info", operation_id = "info", tag = "server",
    responses(
        (status = 200, body = Info, description = "Its version, and the FFmpeg it uses"),
    ),
)]
pub(crate) async fn info(State(context): State<Context>) -> Json<Info> {
    let engine = context.engine.clone();
    // Looking for FFmpeg starts it once, which takes a moment.
    let found = tokio::task::spawn_blocking(move || engine.ffmpeg().map_err(|e| e.to_string()))
        .await
        .unwrap_or_else(|_| Err("looking for FFmpeg was interrupted".to_owned()));
    let (ffmpeg, ffmpeg_error) = match found {
        Ok(ffmpeg) => {
            let path = ffmpeg.path.display().to_string();
            (Some(FfmpegInfo { path, version: ffmpeg.version.clone() }), None)
        }
        Err(missing) => (None, Some(missing)),
    };
    let settings = context.settings.now();
    let scheme = if settings.tls { "https" } else { "http" };
    Json(Info {
        name: "fanlight",
        version: env!("CARGO_PKG_VERSION"),
        api: format!("{scheme}://127.0.0.1:{}", settings.port),
        ffmpeg,
        ffmpeg_error,
        shared_memory: settings.frames_socket.as_ref().and_then(|path| {
            let socket = path.to_str()?.to_owned();
            Some(SharedMemoryInfo { socket, epoch: FramesSocket::epoch() })
        }),
        notice: context.engine.notice().map(str::to_owned),
    })
}
