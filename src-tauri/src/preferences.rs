//! The settings as the page sees and changes them. A change is checked, then everything that may
//! fail is done, then it is saved, then it is in force: one that fails changes nothing.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};
use tauri::{AppHandle, State};

use crate::desktop::{Desktop, logs};
use crate::settings::{Changed, Language, Notifications, Refused, Values, change};
use crate::{api, autostart, sidecar, tray_host};

/// What the page shows.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a settings page")]
pub(crate) struct Shown {
    port: Option<u16>,
    /// The environment names the port, and goes before the setting.
    port_from_environment: bool,
    port_in_use: u16,
    /// Why the API is not where it was wanted.
    api_error: Option<String>,
    token_required: bool,
    /// Where programs of this user find the token.
    token_file: Option<PathBuf>,
    allowed_origins: Vec<String>,
    start_at_login: bool,
    start_hidden: bool,
    close_to_tray: bool,
    notifications: Notifications,
    ffmpeg_path: Option<PathBuf>,
    /// The environment names FFmpeg, and goes before the setting.
    ffmpeg_from_environment: bool,
    language: Option<Language>,
    /// Where camera passwords are kept.
    secrets: &'static str,
    /// Whether there is a tray that a person can see.
    tray: bool,
    log_folder: PathBuf,
    data_folder: PathBuf,
    /// The settings that are in force after a restart only.
    restart_needed: Vec<&'static str>,
    /// What was wrong with the settings file.
    notice: Option<String>,
}

/// Tells the settings, and what is in force of them.
#[tauri::command]
pub(crate) async fn desktop_settings(
    app: AppHandle,
    desktop: State<'_, Desktop>,
) -> Result<Shown, String> {
    Ok(show(&app, &desktop).await)
}

/// Changes the settings that are named in `patch`.
#[tauri::command]
pub(crate) async fn change_settings(
    app: AppHandle,
    desktop: State<'_, Desktop>,
    patch: Map<String, Value>,
) -> Result<Shown, Refused> {
    make(&app, &desktop, patch).await?;
    Ok(show(&app, &desktop).await)
}

async fn show(app: &AppHandle, desktop: &Desktop) -> Shown {
    let values = desktop.settings.values();
    let restart = values.ffmpeg_path != desktop.ffmpeg_at_start;
    let ffmpeg_from_environment = sidecar::of_environment().is_some();
    Shown {
        port: values.port,
        port_from_environment: api::from_environment(),
        port_in_use: desktop.api.port(),
        api_error: desktop.api.error(),
        token_required: values.token_required,
        token_file: fanlight_api::own_token_file().filter(|_| values.token_required),
        allowed_origins: values.allowed_origins,
        start_at_login: autostart::is_on(app),
        start_hidden: values.start_hidden,
        close_to_tray: values.close_to_tray,
        notifications: values.notifications,
        ffmpeg_path: values.ffmpeg_path,
        ffmpeg_from_environment,
        language: values.language,
        secrets: if desktop.has_keyring { "keyring" } else { "file" },
        tray: tray_host::is_seen(app).await,
        log_folder: logs(&desktop.folder),
        data_folder: desktop.folder.clone(),
        restart_needed: if restart && !ffmpeg_from_environment {
            vec!["ffmpeg_path"]
        } else {
            Vec::new()
        },
        notice: desktop.settings.notice().map(str::to_owned),
    }
}

/// Checks a change and makes it.
pub(crate) async fn make(
    app: &AppHandle,
    desktop: &Desktop,
    patch: Map<String, Value>,
) -> Result<(), Refused> {
    let _one_at_a_time = desktop.changing.lock().await;
    let former = desktop.settings.values();
    let Changed { values, start_at_login } = change(&former, patch)?;
    if values.ffmpeg_path != former.ffmpeg_path
        && let Some(path) = &values.ffmpeg_path
    {
        check_program(path)?;
    }
    let listener = if values.port == former.port {
        None
    } else {
        desktop.api.take_port(values.port).await.map_err(|error| port_refused(&error))?
    };
    let token = api::token(values.token_required)
        .map_err(|e| Refused::new("token_unavailable", "token_required", api::explain(&e)))?;
    let was_on = start_at_login.map(|_| autostart::is_on(app));
    if let Some(on) = start_at_login {
        autostart::set(app, on).map_err(|error| {
            let why = format!("the system does not take it: {error}");
            Refused::new("autostart_failed", "start_at_login", why)
        })?;
    }
    let reaches_api = listener.is_some()
        || values.token_required != former.token_required
        || values.allowed_origins != former.allowed_origins;
    let origins = values.allowed_origins.clone();
    if let Err(error) = desktop.settings.replace(values) {
        if let Some(on) = was_on {
            let _ = autostart::set(app, on);
        }
        let message = format!("the settings cannot be saved: {error}");
        return Err(Refused { code: "not_saved", message, field: None });
    }
    if reaches_api {
        desktop.api.change(listener, token, origins);
    }
    Ok(())
}

fn port_refused(error: &std::io::Error) -> Refused {
    let (code, message) = match error.kind() {
        ErrorKind::AddrInUse => {
            ("port_taken", "another program uses this port; choose another one".to_owned())
        }
        ErrorKind::PermissionDenied => {
            ("port_refused", "this port is not open to you; choose one above 1023".to_owned())
        }
        _ => ("port_refused", format!("this port cannot be used: {error}")),
    };
    Refused::new(code, "port", message)
}

fn check_program(path: &Path) -> Result<(), Refused> {
    let refused = |why: &str| {
        Err(Refused::new("ffmpeg_not_found", "ffmpeg_path", format!("{}: {why}", path.display())))
    };
    match fs::metadata(path) {
        Err(error) => refused(&error.to_string()),
        Ok(file) if !file.is_file() => refused("this is no program"),
        Ok(file) if !may_run(&file) => refused("this file may not be run"),
        Ok(_) => Ok(()),
    }
}

#[cfg(unix)]
fn may_run(file: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(_: &fs::Metadata) -> bool {
    true
}

/// Whether the window stays away at the start.
pub(crate) fn starts_hidden(values: &Values) -> bool {
    values.start_hidden || std::env::args().any(|argument| argument == autostart::HIDDEN)
}
