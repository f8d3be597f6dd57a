//! How the page is brought to the screen: by graphics hardware, or without where there is none.

use std::path::Path;

use tauri::WebviewWindow;

/// Has a machine without graphics hardware paint the page straight into the window. Imitating the
/// hardware, which `WebKit` does otherwise, costs about twice the processor time for sixteen live tiles.
pub(crate) fn choose(window: &WebviewWindow) {
    if is_there(Path::new("/dev/dri")) {
        return;
    }
    tracing::debug!("there is no graphics hardware; the page is painted without");
    let chosen = window.with_webview(|webview| {
        use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt as _, WebViewExt as _};
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    });
    if let Err(error) = chosen {
        tracing::warn!("how the page is painted was not chosen: {error}");
    }
}

/// Whether a device in this folder renders; one that only shows pictures does not.
fn is_there(devices: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(devices) else {
        return false;
    };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_render_node_is_hardware_and_a_mere_screen_is_not() {
        let folder = tempfile::tempdir().expect("made");
        assert!(!is_there(&folder.path().join("dri")), "no folder, no hardware");
        std::fs::write(folder.path().join("card0"), "").expect("written");
        assert!(!is_there(folder.path()));
        std::fs::write(folder.path().join("renderD128"), "").expect("written");
        assert!(is_there(folder.path()));
    }
}
