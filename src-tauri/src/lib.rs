//! The desktop shell: a window and a tray around the fan-out engine and its API.
//!
//! The rooms, each of which knows only rooms further down, and this file ties them together:
//!
//! - [`tray`] is the icon and its menu; [`events`] and [`ipc`] tell the page of the window how
//!   things are, and answer it;
//! - [`notices`] tell of cameras that are down, [`quitting`] asks before anybody loses theirs;
//! - [`media`] hands pictures and videos to the page, [`save`] writes them where the person wants,
//!   [`reveal`] shows where they are;
//! - [`preferences`] are the settings as the page sees and changes them; [`autostart`] is the one that
//!   the system keeps;
//! - [`window`] is the window itself, and what closing it means;
//! - [`shutdown`] is the one way out; [`frames`] are what the tiles of the page show;
//! - [`desktop`] is what lives as long as the process;
//! - [`api`] is the router of the page's requests, served to the network too; [`settings`] are the
//!   shell's own; [`texts`] are what it says; [`sidecar`] names the FFmpeg; [`tray_host`] tells whether the tray can be seen;
//!   `graphics` is how it is painted on Linux;
//!   [`display`], [`logging`] and [`log_file`] come before everything else.

mod api;
mod autostart;
mod desktop;
mod display;
mod events;
mod frames;
#[cfg(target_os = "linux")]
mod graphics;
mod ipc;
mod keyring;
mod log_file;
mod logging;
mod media;
mod notices;
mod preferences;
mod quitting;
mod reveal;
mod save;
mod settings;
mod shutdown;
mod sidecar;
mod texts;
mod tray;
mod tray_host;
mod window;

use std::process::ExitCode;

use tauri::{AppHandle, Manager as _, RunEvent};
use tauri_plugin_dialog::{DialogExt as _, MessageDialogKind};

use crate::desktop::Desktop;
use crate::frames::Frames;

/// Runs the app until someone quits it.
pub fn run() -> ExitCode {
    logging::start();
    if let Err(missing) = display::check() {
        // Before Tauri starts: its event loop panics where there is no display.
        eprintln!("{missing}");
        return ExitCode::FAILURE;
    }
    let builder = tauri::Builder::default();
    #[cfg(not(target_os = "linux"))]
    let builder = builder
        .plugin(tauri_plugin_autostart::Builder::new().arg(autostart::HIDDEN).build())
        .plugin(tauri_plugin_notification::init());
    let built = builder
        .plugin(window::remembers())
        // First, so that a second launch ends before it has started anything.
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            window::show(app);
        }))
        .plugin(tauri_plugin_shell::init())
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(tauri::generate_handler![
            ipc::request,
            ipc::app_info,
            preferences::desktop_settings,
            preferences::change_settings,
            reveal::reveal_file,
            save::save_file,
            frames::watch_frames,
            frames::next_frames,
        ])
        .register_asynchronous_uri_scheme_protocol(media::SCHEME, media::answer)
        .on_page_load(frames::on_page_load)
        .on_window_event(window::on_event)
        .build(tauri::generate_context!());
    let app = match built {
        Ok(app) => app,
        Err(error) => {
            eprintln!("Fanlight could not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut started = Some(Desktop::start(&app));
    app.run(move |app, event| match event {
        RunEvent::Ready => {
            if let Some(started) = started.take() {
                open(app, started);
            }
        }
        // The last window is gone, or the system asks: our way out ends the children too.
        RunEvent::ExitRequested { code: None, api, .. } => {
            api.prevent_exit();
            shutdown::quit(app);
        }
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::show(app),
        _ => {}
    });
    ExitCode::SUCCESS
}

/// Opens the window and the tray, or says why there is nothing to open.
fn open(app: &AppHandle, started: anyhow::Result<Desktop>) {
    let opened = started.and_then(|desktop| {
        let hidden = preferences::starts_hidden(&desktop.settings.values());
        serve(app, desktop);
        window::create(app, hidden)?;
        Ok(hidden)
    });
    match opened {
        Ok(hidden) => {
            tray::create(app);
            if hidden {
                tauri::async_runtime::spawn(window::show_without_tray(app.clone()));
            }
        }
        Err(error) => {
            tracing::error!("{error:#}");
            let app_to_end = app.clone();
            app.dialog()
                .message(format!("{error:#}"))
                .title("Fanlight could not start")
                .kind(MessageDialogKind::Error)
                .show(move |_| app_to_end.exit(1));
        }
    }
}

/// Gives the app its state, and starts the tasks that need it.
fn serve(app: &AppHandle, desktop: Desktop) {
    app.manage(Frames::new(&desktop.engine, &desktop.visible, &desktop.cancelled, &desktop.tasks));
    app.manage(desktop);
    let desktop = app.state::<Desktop>();
    tauri::async_runtime::spawn(shutdown::on_signal(app.clone()));
    let _in_runtime = tauri::async_runtime::handle().inner().enter();
    let (cancelled, telling) = (desktop.cancelled.child_token(), notices::run(app.clone()));
    desktop.tasks.spawn(async move {
        cancelled.run_until_cancelled(telling).await;
    });
    desktop.tasks.spawn(events::run(
        app.clone(),
        desktop.engine.clone(),
        desktop.visible.subscribe(),
        desktop.cancelled.child_token(),
    ));
}
