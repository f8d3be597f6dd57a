//! The icon in the tray and its menu. Whether anybody can see it is for `tray_host` to say.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tauri::menu::{MenuBuilder, MenuEvent};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager as _};

use crate::tray_host::Created;
use crate::{shutdown, window};

const OPEN: &str = "open";
const QUIT: &str = "quit";

/// Puts the icon into the tray. Without it the window still works, and closing it asks.
pub(crate) fn create(app: &AppHandle) {
    // On Linux the library behind the icon is loaded at run time, and its absence is a panic.
    match catch_unwind(AssertUnwindSafe(|| build(app))) {
        Ok(Ok(_)) => {
            app.manage(Created);
        }
        Ok(Err(error)) => tracing::warn!("there is no tray icon: {error}"),
        Err(_) => tracing::warn!("there is no tray icon: libayatana-appindicator3 is missing"),
    }
}

fn build(app: &AppHandle) -> tauri::Result<TrayIcon> {
    let menu =
        MenuBuilder::new(app).text(OPEN, "Open Fanlight").separator().text(QUIT, "Quit").build()?;
    let mut tray = TrayIconBuilder::new()
        .tooltip("Fanlight")
        .menu(&menu)
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(|app, event| chosen(app, &event))
        .on_tray_icon_event(|tray, event| clicked(tray, &event));
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)
}

fn chosen(app: &AppHandle, event: &MenuEvent) {
    match event.id().as_ref() {
        OPEN => window::show(app),
        QUIT => shutdown::quit(app),
        other => tracing::warn!("the tray has no {other}"),
    }
}

/// Windows: a click opens the window. Linux tells of no clicks, and macOS shows the menu.
fn clicked(tray: &TrayIcon, event: &TrayIconEvent) {
    let left = matches!(
        event,
        TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. }
    );
    if left && cfg!(windows) {
        window::show(tray.app_handle());
    }
}
