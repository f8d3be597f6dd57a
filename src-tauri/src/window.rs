//! The main window: opening, showing, hiding, and what closing it means.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use tauri::plugin::TauriPlugin;
use tauri::webview::NewWindowResponse;
use tauri::{
    AppHandle, Manager as _, WebviewWindow, WebviewWindowBuilder, Window, WindowEvent, Wry,
};
use tauri_plugin_dialog::{
    DialogExt as _, MessageDialogButtons, MessageDialogKind, MessageDialogResult,
};
use tauri_plugin_window_state::{AppHandleExt as _, StateFlags};
use url::Url;

use crate::desktop::Desktop;
use crate::frames::Frames;
use crate::{desktop, quitting, shutdown, tray_host};

/// The label of the only window.
pub(crate) const MAIN: &str = "main";

/// How long a panel may take to come up after the login.
const TRAY_PATIENCE: Duration = Duration::from_secs(10);
/// Quitting does not wait for it any longer.
const REMEMBER_PATIENCE: Duration = Duration::from_millis(500);
const TRAY_LOOK: Duration = Duration::from_millis(500);

/// Opens the window, or keeps it ready. It shows our own page and no other, ever.
pub(crate) fn create(app: &AppHandle, hidden: bool) -> anyhow::Result<()> {
    let config = app.config();
    let window = config.app.windows.iter().find(|w| w.label == MAIN);
    let window = window.context("tauri.conf.json has no main window")?;
    let development = config.build.dev_url.clone().filter(|_| tauri::is_dev());
    let mut window = WebviewWindowBuilder::from_config(app, window)?;
    if let Some(folder) = desktop::chosen_folder() {
        window = window.data_directory(folder.join("webview"));
    }
    let window = window
        .on_navigation(move |url| is_own_page(url, development.as_ref()))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .visible(!hidden)
        .build()
        .context("the window cannot be opened")?;
    #[cfg(target_os = "linux")]
    crate::graphics::choose(&window);
    #[cfg(not(target_os = "linux"))]
    drop(window);
    set_visible(app, !hidden);
    Ok(())
}

/// Shows a window that started hidden when no tray leads to it.
pub(crate) async fn show_without_tray(app: AppHandle) {
    let looking = async {
        while !tray_host::is_seen(&app).await {
            tokio::time::sleep(TRAY_LOOK).await;
        }
    };
    if tokio::time::timeout(TRAY_PATIENCE, looking).await.is_err() {
        tracing::info!("there is no tray to open the window from, so it opens now");
        show(&app);
    }
}

/// Whether a page is part of the app: served by its own protocol, or in development by the UI's
/// server.
fn is_own_page(url: &Url, development: Option<&Url>) -> bool {
    let own = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // The same protocol as Windows spells it.
        "http" | "https" => cfg!(windows) && url.host_str() == Some("tauri.localhost"),
        _ => false,
    };
    own || development.is_some_and(|server| server.origin() == url.origin())
}

/// Brings the window to the front, wherever it was.
pub(crate) fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    let shown = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
    if let Err(error) = shown {
        tracing::warn!("the window cannot be shown: {error}");
    }
    set_visible(app, true);
}

/// Whether it is shown is decided at each start.
fn remembered() -> StateFlags {
    StateFlags::POSITION | StateFlags::SIZE | StateFlags::MAXIMIZED
}

/// Puts the window where it was, as large as it was.
pub(crate) fn remembers() -> TauriPlugin<Wry> {
    let file = desktop::chosen_folder().map_or("window.json".into(), |f| f.join("window.json"));
    tauri_plugin_window_state::Builder::new()
        .with_state_flags(remembered())
        // A whole path is taken as it is.
        .with_filename(file.to_string_lossy())
        .build()
}

/// Keeps where the window is, for the next start. Done by the main thread, which moves it: from
/// another one the plugin would wait for the main thread, and that for the plugin.
pub(crate) async fn remember(app: &AppHandle) {
    let (sender, kept) = tokio::sync::oneshot::channel();
    let saving = app.clone();
    let sent = app.run_on_main_thread(move || {
        if let Err(error) = saving.save_window_state(remembered()) {
            tracing::debug!("where the window is was not kept: {error}");
        }
        let _ = sender.send(());
    });
    if sent.is_ok() {
        let _ = tokio::time::timeout(REMEMBER_PATIENCE, kept).await;
    }
}

fn hide(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    match window.hide() {
        Ok(()) => set_visible(app, false),
        Err(error) => tracing::warn!("the window cannot be hidden: {error}"),
    }
}

fn set_visible(app: &AppHandle, visible: bool) {
    if let Some(desktop) = app.try_state::<Desktop>() {
        desktop.visible.send_replace(visible);
    }
}

/// Closing hides or asks; a window that is gone takes its frames along.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { api, .. } if !shutdown::is_quitting() => {
            api.prevent_close();
            tauri::async_runtime::spawn(close(window.app_handle().clone()));
        }
        WindowEvent::Destroyed => {
            if let Some(frames) = window.app_handle().try_state::<Frames>() {
                frames.end(window.label());
            }
        }
        _ => {}
    }
}

/// Hides the window where a tray leads back to it, asks where none does. Quits where the person
/// chose so.
async fn close(app: AppHandle) {
    if !app.state::<Desktop>().settings.values().close_to_tray {
        quitting::quit(&app);
    } else if tray_host::is_seen(&app).await {
        remember(&app).await;
        hide(&app);
        if app.state::<Desktop>().settings.tells_about_tray() {
            tell_about_tray(&app);
        }
    } else if let Some(window) = app.get_webview_window(MAIN) {
        ask(&app, &window);
    }
}

fn tell_about_tray(app: &AppHandle) {
    app.dialog()
        .message(
            "Fanlight keeps serving your scripts from the tray. \
             Its icon there opens the window again, or quits.",
        )
        .title("Fanlight is still here")
        .kind(MessageDialogKind::Info)
        .buttons(MessageDialogButtons::OkCustom("Got it".to_owned()))
        .show(|_| {});
}

const QUIT: &str = "Quit";
const KEEP: &str = "Keep running";
const CANCEL: &str = "Cancel";

/// What a person answers to the question of `ask`.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    Quit,
    Keep,
    Stay,
}

impl From<MessageDialogResult> for Wish {
    fn from(answer: MessageDialogResult) -> Self {
        match answer {
            MessageDialogResult::Yes => Self::Quit,
            MessageDialogResult::No => Self::Keep,
            MessageDialogResult::Custom(text) if text == QUIT => Self::Quit,
            MessageDialogResult::Custom(text) if text == KEEP => Self::Keep,
            // Closing the question decides nothing.
            _ => Self::Stay,
        }
    }
}

fn ask(app: &AppHandle, window: &WebviewWindow) {
    static ASKING: AtomicBool = AtomicBool::new(false);
    if ASKING.swap(true, Ordering::SeqCst) {
        return;
    }
    let app_to_end = app.clone();
    app.dialog()
        .message(
            "This desktop shows no tray icons, so a closed window leaves nothing to click on.\n\n\
             Quit, and scripts lose their cameras. Or keep running without a window: \
             starting Fanlight again brings it back.",
        )
        .title("Quit Fanlight?")
        .kind(MessageDialogKind::Warning)
        .buttons(MessageDialogButtons::YesNoCancelCustom(
            QUIT.to_owned(),
            KEEP.to_owned(),
            CANCEL.to_owned(),
        ))
        .parent(window)
        .show_with_result(move |answer| {
            ASKING.store(false, Ordering::SeqCst);
            match Wish::from(answer) {
                Wish::Quit => shutdown::quit(&app_to_end),
                Wish::Keep => hide(&app_to_end),
                Wish::Stay => {}
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("tauri://localhost/", true)]
    #[case("tauri://localhost/index.html#/x", true)]
    #[case("tauri://evil/", false)]
    #[case("http://127.0.0.1:5173/", true)]
    #[case("http://127.0.0.1:8080/", false)]
    #[case("https://example.com/", false)]
    #[case("file:///etc/passwd", false)]
    #[case("about:blank", false)]
    #[case("data:text/html,x", false)]
    fn pages(#[case] url: &str, #[case] own: bool) {
        let development = Url::parse("http://127.0.0.1:5173").expect("valid");
        let url = Url::parse(url).expect("valid");
        assert_eq!(is_own_page(&url, Some(&development)), own);
        assert_eq!(is_own_page(&url, None), own && url.scheme() == "tauri");
    }

    #[rstest]
    #[case(MessageDialogResult::Custom(QUIT.to_owned()), Wish::Quit)]
    #[case(MessageDialogResult::Custom(KEEP.to_owned()), Wish::Keep)]
    #[case(MessageDialogResult::Custom(CANCEL.to_owned()), Wish::Stay)]
    #[case(MessageDialogResult::Cancel, Wish::Stay)]
    fn answers(#[case] answer: MessageDialogResult, #[case] wish: Wish) {
        assert_eq!(Wish::from(answer), wish);
    }
}
