//! Showing a file or folder of ours in the system's file manager.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tauri::State;

use crate::desktop::Desktop;
use crate::settings::Refused;

/// Shows `path`, which has to be ours: in the data folder or in that of the recordings.
#[tauri::command]
pub(crate) async fn reveal_file(desktop: State<'_, Desktop>, path: PathBuf) -> Result<(), Refused> {
    let mut ours = vec![desktop.folder.clone()];
    ours.extend(recordings(&desktop).await);
    let path = allowed(&path, &ours)?;
    file_manager::show(&path).await.map_err(|error| {
        let why = format!("no file manager shows {}: {error}", path.display());
        Refused { code: "no_file_manager", message: why, field: None }
    })
}

/// The folder of the recordings, where there are any.
async fn recordings(desktop: &Desktop) -> Option<PathBuf> {
    let (status, body) = desktop.api.ask("GET", "/api/settings/recordings", None).await;
    let answer: Value = serde_json::from_str(&body).ok()?;
    if status == 200 { answer["folder"].as_str().map(PathBuf::from) } else { None }
}

/// The path without links and dots, when it is in one of our folders.
fn allowed(path: &Path, ours: &[PathBuf]) -> Result<PathBuf, Refused> {
    let refused = |code, why: &str| {
        let message = format!("{}: {why}", path.display());
        Refused { code, message, field: Some("path".to_owned()) }
    };
    let real = path
        .canonicalize()
        .map_err(|error| refused("file_not_found", &format!("it is not there ({error})")))?;
    let is_ours = ours
        .iter()
        .filter_map(|folder| folder.canonicalize().ok())
        .any(|folder| real.starts_with(folder));
    if is_ours { Ok(real) } else { Err(refused("not_ours", "it is none of Fanlight's files")) }
}

/// `org.freedesktop.FileManager1`, else whatever opens folders.
#[cfg(target_os = "linux")]
mod file_manager {
    use std::path::Path;
    use std::time::Duration;

    use anyhow::{Context as _, bail};
    use url::Url;

    const NAME: &str = "org.freedesktop.FileManager1";
    const PATH: &str = "/org/freedesktop/FileManager1";
    const PATIENCE: Duration = Duration::from_secs(5);

    pub(super) async fn show(path: &Path) -> anyhow::Result<()> {
        match tokio::time::timeout(PATIENCE, ask(path)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => tracing::debug!("no file manager on the bus: {error:#}"),
            Err(_) => tracing::debug!("the file manager does not answer"),
        }
        let folder = if path.is_dir() { Some(path) } else { path.parent() };
        let mut opener = tokio::process::Command::new("xdg-open");
        opener.arg(folder.context("it is in no folder")?).kill_on_drop(true);
        let ended =
            tokio::time::timeout(PATIENCE, opener.status()).await.context("no answer")??;
        if !ended.success() {
            bail!("xdg-open ended with {ended}");
        }
        Ok(())
    }

    async fn ask(path: &Path) -> anyhow::Result<()> {
        let bus = zbus::Connection::session().await?;
        let url = Url::from_file_path(path).ok().context("it has no address")?;
        let method = if path.is_dir() { "ShowFolders" } else { "ShowItems" };
        bus.call_method(Some(NAME), PATH, Some(NAME), method, &(&[url.as_str()][..], "")).await?;
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod file_manager {
    use std::io;
    use std::path::Path;
    use std::process::Command;

    #[expect(clippy::unused_async, reason = "Linux asks its bus")]
    pub(super) async fn show(path: &Path) -> io::Result<()> {
        let mut command = if cfg!(target_os = "macos") {
            let mut command = Command::new("open");
            command.arg("-R").arg(path);
            command
        } else {
            let mut command = Command::new("explorer");
            command.arg("/select,").arg(path);
            command
        };
        command.spawn().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_our_own_files_are_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = folder.path().join("ours");
        let file = ours.join("door.mp4");
        let foreign = folder.path().join("foreign.txt");
        fs::create_dir(&ours).expect("made");
        fs::write(&file, "x").expect("written");
        fs::write(&foreign, "x").expect("written");
        let code = |path: &Path| allowed(path, std::slice::from_ref(&ours)).map_err(|e| e.code);
        assert_eq!(code(&file), Ok(file.canonicalize().expect("there")));
        assert!(code(&ours).is_ok());
        assert_eq!(code(&foreign), Err("not_ours"));
        assert_eq!(code(&ours.join("../foreign.txt")), Err("not_ours"));
        assert_eq!(code(&ours.join("gone.mp4")), Err("file_not_found"));
        #[cfg(unix)]
        {
            let link = ours.join("link");
            std::os::unix::fs::symlink(&foreign, &link).expect("linked");
            assert_eq!(code(&link), Err("not_ours"));
        }
    }
}
