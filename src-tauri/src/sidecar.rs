//! Which FFmpeg the engine is to use. Starting it is the engine's business.

use std::path::PathBuf;
use std::process::Command;

use tauri::App;
use tauri_plugin_shell::ShellExt as _;

/// The name under `externalBin` in tauri.conf.json.
const BUNDLED: &str = "fanlight-ffmpeg";

/// The one that the environment names, in place of every other.
pub(crate) fn of_environment() -> Option<PathBuf> {
    std::env::var_os("FANLIGHT_FFMPEG").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The one that came with the app.
pub(crate) fn bundled(app: &App) -> Option<PathBuf> {
    let command: Command = app.shell().sidecar(BUNDLED).ok()?.into();
    let path = PathBuf::from(command.get_program());
    path.exists().then_some(path)
}
