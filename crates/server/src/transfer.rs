//! The camera list out of its file and into it, passwords included, without a server.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use fanlight_api::camera_list::{self, CameraList, Passwords};
use fanlight_engine::{FileRegistry, Registry as _};

/// The list as JSON.
pub(crate) fn export(cameras: &Path) -> anyhow::Result<String> {
    let loaded = FileRegistry::new(cameras).load()?;
    if let Some(notice) = loaded.notice {
        tracing::warn!("{notice}");
    }
    let list = camera_list::export(&loaded.cameras, Passwords::Exposed);
    Ok(serde_json::to_string_pretty(&list)?)
}

/// Adds the cameras of a list, and tells what became of each.
///
/// # Errors
/// When a server runs on the same list: what it saves next would not hold them.
pub(crate) fn import(cameras: &Path, list: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(list)
        .with_context(|| format!("the list {} cannot be read", list.display()))?;
    let list = CameraList::read(&text, None).with_context(|| format!("in {}", list.display()))?;
    let registry = FileRegistry::new(cameras);
    registry
        .take_alone()
        .context("end it first, or hand the list to it instead: POST /api/cameras/import")?;
    let loaded = registry.load()?;
    if let Some(notice) = loaded.notice {
        bail!("{notice} Look at it before more is added.");
    }
    let mut known = loaded.cameras;
    let mut told = String::new();
    for camera in list.cameras {
        let outcome = match camera_list::find(&known, &camera, list.format) {
            Ok(Some(there)) => format!("already there: {}, {}", there.id, there.url),
            Ok(None) => {
                registry.put(&camera)?;
                let outcome = format!("added: {}, {}", camera.id, camera.url);
                known.push(camera);
                outcome
            }
            Err(reason) => format!("skipped: {}: {reason}", camera.name),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(told, "{outcome}");
    }
    for skipped in list.skipped {
        let _ = writeln!(told, "skipped: {}: {}", skipped.name, skipped.reason);
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const GO2RTC: &str = "streams:\n  Front door: rtsp://viewer:secret@192.0.2.7/live#backchannel=0\n  \
                          again: rtsp://viewer:secret@192.0.2.7/live\n  script: exec:camera\n";

    #[test]
    fn what_was_imported_is_exported() {
        let folder = tempfile::tempdir().expect("a folder");
        let (cameras, list) = (folder.path().join("cameras.json"), folder.path().join("list"));
        fs::write(&list, GO2RTC).expect("written");
        let told = import(&cameras, &list).expect("imported");
        assert!(told.contains("added: Front-door, rtsp://viewer:***@192.0.2.7/live\n"), "{told}");
        assert!(told.contains("already there: Front-door"), "{told}");
        assert!(told.contains("skipped: script: "), "{told}");
        let text = export(&cameras).expect("exported");
        assert!(text.contains("rtsp://viewer:secret@192.0.2.7/live"), "{text}");
        // On another machine.
        let (moved, list) = (folder.path().join("moved.json"), folder.path().join("export.json"));
        fs::write(&list, &text).expect("written");
        import(&moved, &list).expect("imported");
        assert_eq!(export(&moved).expect("exported"), text);
        let told = import(&moved, &list).expect("imported");
        assert!(told.starts_with("already there: Front-door"), "{told}");
    }

    #[test]
    fn another_camera_keeps_its_id() {
        let folder = tempfile::tempdir().expect("a folder");
        let (cameras, list) = (folder.path().join("cameras.json"), folder.path().join("list"));
        fs::write(&list, "streams: {door: 'rtsp://192.0.2.7/live'}").expect("written");
        import(&cameras, &list).expect("imported");
        fs::write(&list, "streams: {door: 'rtsp://192.0.2.8/live'}").expect("written");
        let told = import(&cameras, &list).expect("read");
        assert!(told.starts_with("skipped: door: stream door exists"), "{told}");
    }

    #[test]
    fn a_list_that_a_server_uses_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let (cameras, list) = (folder.path().join("cameras.json"), folder.path().join("list"));
        fs::write(&list, GO2RTC).expect("written");
        let running = FileRegistry::new(&cameras);
        running.load().expect("loads");
        let error = format!("{:#}", import(&cameras, &list).expect_err("refused"));
        assert!(error.contains("POST /api/cameras/import"), "{error}");
        assert!(!cameras.exists());
    }
}
