//! Saving an answer of the API where the person wants it.

use std::path::{Path, PathBuf};

use axum::response::Response;
use futures_util::TryStreamExt as _;
use http::HeaderMap;
use serde_json::Value;
use tauri::{AppHandle, State, WebviewWindow};
use tauri_plugin_dialog::DialogExt as _;
use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt as _, BufWriter};
use tokio::sync::oneshot;

use crate::desktop::Desktop;
use crate::media;
use crate::settings::Refused;

/// Asks where to, and writes the answer to a GET of `path_of_api` there; the file, or none when the
/// person thought better of it.
#[tauri::command]
pub(crate) async fn save_file(
    app: AppHandle,
    window: WebviewWindow,
    desktop: State<'_, Desktop>,
    path_of_api: String,
    suggested_name: String,
) -> Result<Option<PathBuf>, Refused> {
    if !is_file(&path_of_api) {
        return Err(refused("not_a_file", format!("{path_of_api} is nothing to save")));
    }
    // Asked before the dialog: where there is nothing to save, nobody is asked where to.
    let answer = desktop.api.fetch(&path_of_api, HeaderMap::new()).await;
    if !answer.status().is_success() {
        return Err(problem(answer).await);
    }
    let (sender, chosen) = oneshot::channel();
    app.dialog().file().set_file_name(name(&suggested_name)).set_parent(&window).save_file(
        move |path| {
            let _ = sender.send(path);
        },
    );
    let Some(chosen) = chosen.await.ok().flatten() else {
        return Ok(None);
    };
    let path = chosen.into_path().map_err(|error| refused("not_saved", error.to_string()))?;
    write(answer, &path)
        .await
        .map_err(|error| refused("not_saved", format!("{}: {error}", path.display())))?;
    Ok(Some(path))
}

fn refused(code: &'static str, message: String) -> Refused {
    Refused { code, message, field: None }
}

/// What the API said of why not.
async fn problem(answer: Response) -> Refused {
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 64 << 10).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let message = body["error"].as_str().map_or_else(|| status.to_string(), str::to_owned);
    refused("not_available", message)
}

/// The paths of answers that are files, and that end.
fn is_file(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    media::is_media(path)
        || media::is_frame(path)
        || matches!(path, "/api/cameras/export" | "/api/diagnosis")
}

/// A name without folders; dots before it would hide the file.
fn name(suggested: &str) -> String {
    let fits = |c: char| !c.is_control() && !r#"/\:*?"<>|"#.contains(c);
    let name: String = suggested.chars().filter(|c| fits(*c)).take(120).collect();
    let name = name.trim().trim_start_matches('.');
    if name.is_empty() { "fanlight".to_owned() } else { name.to_owned() }
}

/// Writes beside the file first, so that what was there stays when the disk is full.
async fn write(answer: Response, path: &Path) -> std::io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = async {
        let mut file = BufWriter::new(File::create(&part).await?);
        let mut body = answer.into_body().into_data_stream();
        while let Some(bytes) = body.try_next().await.map_err(std::io::Error::other)? {
            file.write_all(&bytes).await?;
        }
        file.flush().await?;
        file.get_ref().sync_all().await?;
        fs::rename(&part, path).await
    };
    let written = written.await;
    if written.is_err() {
        let _ = fs::remove_file(&part).await;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures_util::stream;
    use rstest::rstest;

    #[rstest]
    #[case("/api/streams/door/snapshot.jpg?width=640", true)]
    #[case("/api/streams/door/frame?format=png&width=1280", true)]
    #[case("/api/streams/a/b/frame", false)]
    #[case("/api/recordings/door.20260315T081501250Z.clip/video?download=1", true)]
    #[case("/api/cameras/export", true)]
    #[case("/api/diagnosis", true)]
    #[case("/api/events", false)]
    #[case("/api/streams/door/mjpeg?x=/api/cameras/export", false)]
    #[case("/etc/passwd", false)]
    fn paths(#[case] path: &str, #[case] file: bool) {
        assert_eq!(is_file(path), file);
    }

    #[rstest]
    #[case("Front door.jpg", "Front door.jpg")]
    #[case("../../.ssh/id", "sshid")]
    #[case("C:\\x", "Cx")]
    #[case("..", "fanlight")]
    fn names(#[case] suggested: &str, #[case] expected: &str) {
        assert_eq!(name(suggested), expected);
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_leaves_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("door.jpg");
        std::fs::write(&path, "before").expect("written");
        let broken = [Ok("half"), Err(std::io::Error::other("gone"))];
        let answer = Response::new(Body::from_stream(stream::iter(broken)));
        assert!(write(answer, &path).await.is_err());
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "before");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
        write(Response::new(Body::from("after")), &path).await.expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "after");
    }
}
