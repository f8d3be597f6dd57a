//! The one way out: the tray's Quit, signals and the system's own requests all come here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::{AppHandle, Manager as _};

use crate::desktop::Desktop;
use crate::window;

/// The API's connections get as long as the engine gets for its children.
const GRACE: Duration = Duration::from_secs(4);
/// Whatever hangs then, the process ends: quitting takes less than five seconds. Children of a
/// process that is gone are ended by the system.
const LAST_RESORT: Duration = Duration::from_millis(4700);

static QUITTING: AtomicBool = AtomicBool::new(false);

/// Ends engine, API and children, then the process with code 0. Returns at once; more calls
/// change nothing.
pub(crate) fn quit(app: &AppHandle) {
    if QUITTING.swap(true, Ordering::SeqCst) {
        return;
    }
    tracing::info!("quitting");
    std::thread::spawn(|| {
        std::thread::sleep(LAST_RESORT);
        tracing::warn!("quitting took too long");
        std::process::exit(0);
    });
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        window::remember(&app).await;
        if let Some(desktop) = app.try_state::<Desktop>() {
            desktop.cancelled.cancel();
            desktop.tasks.close();
            tokio::join!(
                desktop.engine.shutdown(),
                tokio::time::timeout(GRACE, desktop.tasks.wait())
            )
            .1
            .unwrap_or_else(|_| tracing::warn!("some connections were cut off"));
        }
        app.exit(0);
    });
}

/// Whether the app is on its way out.
pub(crate) fn is_quitting() -> bool {
    QUITTING.load(Ordering::SeqCst)
}

/// Quits at Ctrl-C, SIGTERM, or when the terminal goes away.
pub(crate) async fn on_signal(app: AppHandle) {
    match signal().await {
        Ok(()) => quit(&app),
        Err(error) => tracing::warn!("signals cannot be watched: {error}"),
    }
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
