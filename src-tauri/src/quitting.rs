//! Asking before the app quits, where that takes something away from somebody. Signals never ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fanlight_engine::{Camera, ConsumerKind, RecorderState};
use tauri::{AppHandle, Manager as _};
use tauri_plugin_dialog::{
    DialogExt as _, MessageDialogButtons, MessageDialogKind, MessageDialogResult,
};

use crate::desktop::Desktop;
use crate::shutdown;
use crate::texts::{Texts, filled};

/// What ends with the app.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Running {
    /// Programs and pages that read cameras, besides our own window.
    readers: usize,
    recordings: usize,
}

impl Running {
    fn of(desktop: &Desktop) -> Self {
        let cameras = desktop.engine.cameras();
        let consumers = cameras.iter().flat_map(|camera| camera.consumers());
        let recording = |camera: &&Arc<Camera>| camera.recorder().state == RecorderState::Recording;
        Self {
            readers: consumers.filter(|who| who.info.kind != ConsumerKind::Window).count(),
            recordings: cameras.iter().filter(recording).count(),
        }
    }

    /// What to say of it; none when nothing is lost.
    fn told(self, texts: &Texts) -> Option<String> {
        let count = |count, one: &str, many| match count {
            0 => None,
            1 => Some(one.to_owned()),
            count => Some(filled(many, &[&count])),
        };
        let readers = count(self.readers, texts.one_reader, texts.readers);
        let recordings = count(self.recordings, texts.one_recording, texts.recordings);
        let told: Vec<String> = readers.into_iter().chain(recordings).collect();
        (!told.is_empty()).then(|| told.join("\n"))
    }
}

/// Quits, or asks whether to where programs read or recordings run.
pub(crate) fn quit(app: &AppHandle) {
    static ASKING: AtomicBool = AtomicBool::new(false);
    let Some(desktop) = app.try_state::<Desktop>() else {
        return shutdown::quit(app);
    };
    let texts = Texts::of(desktop.settings.language());
    let Some(told) = Running::of(&desktop).told(texts) else {
        return shutdown::quit(app);
    };
    if ASKING.swap(true, Ordering::SeqCst) {
        return;
    }
    let app_to_end = app.clone();
    app.dialog()
        .message(told)
        .title(texts.quit_title)
        .kind(MessageDialogKind::Warning)
        .buttons(MessageDialogButtons::OkCancelCustom(
            texts.quit_anyway.to_owned(),
            texts.keep_running.to_owned(),
        ))
        .show_with_result(move |answer| {
            ASKING.store(false, Ordering::SeqCst);
            let wishes_to_quit = match answer {
                MessageDialogResult::Ok | MessageDialogResult::Yes => true,
                MessageDialogResult::Custom(text) => text == texts.quit_anyway,
                _ => false,
            };
            if wishes_to_quit {
                shutdown::quit(&app_to_end);
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Language;
    use rstest::rstest;

    #[rstest]
    #[case(0, 0, None)]
    #[case(1, 0, Some("1 program reads from your cameras."))]
    #[case(3, 0, Some("3 programs read from your cameras."))]
    #[case(2, 1, Some("2 programs read from your cameras.\n1 recording is running."))]
    #[case(0, 2, Some("2 recordings are running."))]
    fn is_told(#[case] readers: usize, #[case] recordings: usize, #[case] told: Option<&str>) {
        let running = Running { readers, recordings };
        assert_eq!(running.told(Texts::of(Language::En)).as_deref(), told);
    }
}
