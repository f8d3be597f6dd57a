//! The commands of the page that ask and answer. Frames are in `frames`.

use std::path::Path;

use serde::Serialize;
use tauri::{AppHandle, State};

use crate::desktop::Desktop;
use crate::tray_host;

/// An answer of the API.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    status: u16,
    body: String,
}

/// Asks the API as a request over the network would.
#[tauri::command]
pub(crate) async fn request(
    desktop: State<'_, Desktop>,
    method: String,
    path: String,
    body: Option<String>,
) -> Result<Answer, String> {
    let (status, body) = desktop.api.ask(&method, &path, body).await;
    Ok(Answer { status, body })
}

/// The FFmpeg in use.
#[derive(Debug, Serialize)]
pub(crate) struct Ffmpeg {
    path: String,
    version: String,
}

/// What the page shows of the program around it.
#[derive(Debug, Serialize)]
pub(crate) struct AppInfo {
    version: &'static str,
    api_url: String,
    /// Why the API is not where scripts look for it.
    api_error: Option<String>,
    ffmpeg: Option<Ffmpeg>,
    /// What was tried, when there is none.
    ffmpeg_error: Option<String>,
    /// Whether there is a tray that a person can see.
    tray: bool,
    /// What happened to the saved camera list, when something did.
    cameras_notice: Option<String>,
}

/// Tells what there is to tell about the program itself.
#[tauri::command]
pub(crate) async fn app_info(
    app: AppHandle,
    desktop: State<'_, Desktop>,
) -> Result<AppInfo, String> {
    let engine = desktop.engine.clone();
    // The first look runs FFmpeg to ask for its version.
    let found = tauri::async_runtime::spawn_blocking(move || engine.ffmpeg())
        .await
        .map_err(|error| error.to_string())?;
    let (ffmpeg, ffmpeg_error) = match found {
        Ok(found) => (
            Some(Ffmpeg {
                path: Path::display(&found.path).to_string(),
                version: found.version.clone(),
            }),
            None,
        ),
        Err(missing) => (None, Some(missing.to_string())),
    };
    Ok(AppInfo {
        version: env!("CARGO_PKG_VERSION"),
        api_url: desktop.api.url(),
        api_error: desktop.api.error(),
        ffmpeg,
        ffmpeg_error,
        tray: tray_host::is_seen(&app).await,
        cameras_notice: desktop.engine.notice().map(str::to_owned),
    })
}
