//! The icon in the tray and its menu, kept up to date. What it shows is decided in `look`; whether
//! anybody can see it is for `tray_host` to say.

mod look;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fanlight_engine::Engine;
use serde_json::{Map, Value};
use tauri::image::Image;
use tauri::menu::{CheckMenuItem, IsMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Emitter as _, EventTarget, Manager as _, Theme, include_image};
use tokio::time::MissedTickBehavior;

use crate::desktop::Desktop;
use crate::texts::Texts;
use crate::tray_host::Created;
use crate::{autostart, preferences, quitting, window};
use look::{Badge, Camera, Look, look};

const OPEN: &str = "open";
const PAUSE: &str = "pause";
const LOGIN: &str = "login";
const SETTINGS: &str = "settings";
const QUIT: &str = "quit";
/// Before a camera's id.
const CAMERA: &str = "camera:";

/// Changes that come together are shown together.
const PAUSE_BETWEEN: Duration = Duration::from_millis(300);
/// How often is looked for what nobody announces: the system's theme, starting at login.
const TICK: Duration = Duration::from_secs(2);

/// Puts the icon into the tray, and keeps it up to date. Without it the window still works, and
/// closing it asks.
pub(crate) fn create(app: &AppHandle) {
    // On Linux the library behind the icon is loaded at run time, and its absence is a panic.
    match catch_unwind(AssertUnwindSafe(|| build(app))) {
        Ok(Ok(shown)) => {
            app.manage(Created);
            let desktop = app.state::<Desktop>();
            let cancelled = desktop.cancelled.child_token();
            let app = app.clone();
            let _in_runtime = tauri::async_runtime::handle().inner().enter();
            desktop.tasks.spawn(async move {
                cancelled.run_until_cancelled(keep_up(app.clone(), shown)).await;
            });
        }
        Ok(Err(error)) => tracing::warn!("there is no tray icon: {error}"),
        Err(_) => tracing::warn!("there is no tray icon: libayatana-appindicator3 is missing"),
    }
}

/// The icon, and what it shows at the moment.
struct Shown {
    icon: TrayIcon,
    menu: Built,
    look: Look,
    at_login: bool,
    dark: bool,
    texts: &'static Texts,
}

/// The menu's entries that change.
struct Built {
    menu: Menu<tauri::Wry>,
    summary: MenuItem<tauri::Wry>,
    cameras: Vec<MenuItem<tauri::Wry>>,
    pause: MenuItem<tauri::Wry>,
    login: CheckMenuItem<tauri::Wry>,
}

fn build(app: &AppHandle) -> tauri::Result<Shown> {
    let desktop = app.state::<Desktop>();
    let texts = Texts::of(desktop.settings.language());
    let look = look(&cameras(&desktop), desktop.engine.paused().is_some(), texts);
    let (at_login, dark) = (autostart::is_on(app), is_dark(app));
    let menu = entries(app, &look, at_login, texts)?;
    let icon = TrayIconBuilder::new()
        .tooltip(&look.summary)
        .menu(&menu.menu)
        .icon(image(look.badge, dark))
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(|app, event| chosen(app, &event))
        .on_tray_icon_event(|tray, event| clicked(tray, &event))
        .build(app)?;
    Ok(Shown { icon, menu, look, at_login, dark, texts })
}

fn entries(
    app: &AppHandle,
    look: &Look,
    at_login: bool,
    texts: &'static Texts,
) -> tauri::Result<Built> {
    let item = |id: &str, text: &str| MenuItem::with_id(app, id, text, true, None::<&str>);
    let line = || PredefinedMenuItem::separator(app);
    let open = item(OPEN, texts.open)?;
    let summary = MenuItem::with_id(app, "summary", &look.summary, false, None::<&str>)?;
    let cameras = look
        .cameras
        .iter()
        .map(|(id, text)| item(&format!("{CAMERA}{id}"), text))
        .collect::<tauri::Result<Vec<_>>>()?;
    let more = look.more.as_ref().map(|text| item(OPEN, text)).transpose()?;
    let pause = item(PAUSE, look.pause)?;
    let login =
        CheckMenuItem::with_id(app, LOGIN, texts.start_at_login, true, at_login, None::<&str>)?;
    let settings = item(SETTINGS, texts.settings)?;
    let quit = item(QUIT, texts.quit)?;
    let lines = [line()?, line()?, line()?];

    let mut all: Vec<&dyn IsMenuItem<tauri::Wry>> = vec![&open, &lines[0], &summary];
    all.extend(cameras.iter().map(|item| item as &dyn IsMenuItem<tauri::Wry>));
    all.extend(more.iter().map(|item| item as &dyn IsMenuItem<tauri::Wry>));
    all.extend([&lines[1] as &dyn IsMenuItem<tauri::Wry>, &pause, &login, &settings]);
    all.extend([&lines[2] as &dyn IsMenuItem<tauri::Wry>, &quit]);
    Ok(Built { menu: Menu::with_items(app, &all)?, summary, cameras, pause, login })
}

/// Shows every change until the app ends.
async fn keep_up(app: AppHandle, mut shown: Shown) {
    let desktop = app.state::<Desktop>();
    let mut changes = desktop.engine.changes();
    let mut settings = desktop.settings.subscribe();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Ok(()) = changes.changed() => {}
            Ok(()) = settings.changed() => {}
            _ = tick.tick() => {}
        }
        settings.borrow_and_update();
        if let Err(error) = update(&app, &desktop, &mut shown) {
            tracing::warn!("the tray could not be changed: {error}");
        }
        tokio::time::sleep(PAUSE_BETWEEN).await;
    }
}

/// Changes what is no longer so, and nothing else: a menu that is open stays as it is.
fn update(app: &AppHandle, desktop: &Desktop, shown: &mut Shown) -> tauri::Result<()> {
    let texts = Texts::of(desktop.settings.language());
    let next = look(&cameras(desktop), desktop.engine.paused().is_some(), texts);
    let (at_login, dark) = (autostart::is_on(app), is_dark(app));
    if next.badge != shown.look.badge || dark != shown.dark {
        shown.icon.set_icon(Some(image(next.badge, dark)))?;
        shown.dark = dark;
    }
    if next.summary != shown.look.summary {
        shown.icon.set_tooltip(Some(&next.summary))?;
    }
    let same_entries = std::ptr::eq(texts, shown.texts)
        && next.cameras.iter().map(|c| &c.0).eq(shown.look.cameras.iter().map(|c| &c.0))
        && next.more == shown.look.more;
    if same_entries {
        if next.summary != shown.look.summary {
            shown.menu.summary.set_text(&next.summary)?;
        }
        let texts = shown.look.cameras.iter().zip(&next.cameras);
        for (entry, (former, next)) in shown.menu.cameras.iter().zip(texts) {
            if former.1 != next.1 {
                entry.set_text(&next.1)?;
            }
        }
        if next.pause != shown.look.pause {
            shown.menu.pause.set_text(next.pause)?;
        }
        // A click ticks the entry before it is known whether the system agrees.
        if at_login != shown.at_login || shown.menu.login.is_checked()? != at_login {
            shown.menu.login.set_checked(at_login)?;
        }
    } else {
        shown.menu = entries(app, &next, at_login, texts)?;
        shown.icon.set_menu(Some(shown.menu.menu.clone()))?;
        shown.texts = texts;
    }
    (shown.look, shown.at_login) = (next, at_login);
    Ok(())
}

fn cameras(desktop: &Desktop) -> Vec<Camera> {
    let cameras = desktop.engine.cameras();
    cameras
        .iter()
        .map(|camera| {
            let status = camera.status();
            let status = status.borrow();
            Camera {
                id: camera.id().to_string(),
                name: camera.config().name.clone(),
                state: status.state,
                failing: status.fault.is_some(),
            }
        })
        .collect()
}

/// Whether the panel is dark. Nothing tells; the windows' theme is the nearest to it, except in
/// GNOME, whose panel is dark always.
fn is_dark(app: &AppHandle) -> bool {
    let gnome = cfg!(target_os = "linux")
        && std::env::var("XDG_CURRENT_DESKTOP").is_ok_and(|name| name.contains("GNOME"));
    let theme = app.get_webview_window(window::MAIN).and_then(|window| window.theme().ok());
    gnome || theme != Some(Theme::Light)
}

fn image(badge: Badge, dark: bool) -> Image<'static> {
    match (dark, badge) {
        (true, Badge::Plain) => include_image!("icons/tray/dark-plain.png"),
        (true, Badge::Ok) => include_image!("icons/tray/dark-ok.png"),
        (true, Badge::Problem) => include_image!("icons/tray/dark-problem.png"),
        (false, Badge::Plain) => include_image!("icons/tray/light-plain.png"),
        (false, Badge::Ok) => include_image!("icons/tray/light-ok.png"),
        (false, Badge::Problem) => include_image!("icons/tray/light-problem.png"),
    }
}

fn chosen(app: &AppHandle, event: &MenuEvent) {
    match event.id().as_ref() {
        OPEN => window::show(app),
        PAUSE => toggle_pause(&app.state::<Desktop>().engine),
        LOGIN => drop(tauri::async_runtime::spawn(toggle_login(app.clone()))),
        SETTINGS => open_at(app, "#/settings"),
        QUIT => quitting::quit(app),
        other => {
            if let Some(id) = other.strip_prefix(CAMERA) {
                open_at(app, &format!("#/camera/{id}"));
            } else {
                tracing::warn!("the tray has no {other}");
            }
        }
    }
}

/// Opens the window at one of the page's routes.
fn open_at(app: &AppHandle, route: &str) {
    window::show(app);
    let target = EventTarget::webview_window(window::MAIN);
    if let Err(error) = app.emit_to(target, "navigate", route) {
        tracing::warn!("the page was not told to go to {route}: {error}");
    }
}

fn toggle_pause(engine: &Engine) {
    if engine.paused().is_some() {
        engine.resume();
    } else {
        engine.pause();
    }
}

async fn toggle_login(app: AppHandle) {
    let wanted = !autostart::is_on(&app);
    let patch = Map::from_iter([("start_at_login".to_owned(), Value::Bool(wanted))]);
    if let Err(refused) = preferences::make(&app, &app.state::<Desktop>(), patch).await {
        tracing::warn!("starting at login was not changed: {}", refused.message);
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
