//! Tells the page how the cameras are: at each change, and every second for what always changes,
//! such as rates. Frames have an event of their own.

use std::time::Duration;

use fanlight_engine::Engine;
use tauri::{AppHandle, Emitter as _, EventTarget};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::window;

/// Changes that come together are told together.
const PAUSE: Duration = Duration::from_millis(200);
/// For rates and counters.
const TICK: Duration = Duration::from_secs(1);

/// Emits `streams` until cancelled.
pub(crate) async fn run(
    app: AppHandle,
    engine: Engine,
    mut visible: watch::Receiver<bool>,
    cancelled: CancellationToken,
) {
    let mut changes = engine.changes();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = cancelled.clone();
    let telling = async {
        loop {
            let on_screen = *visible.borrow_and_update();
            tokio::select! {
                Ok(()) = changes.changed() => {}
                // Whoever comes back to the window sees the present at once.
                Ok(()) = visible.changed() => {}
                _ = tick.tick(), if on_screen => {}
            }
            let target = EventTarget::webview_window(window::MAIN);
            let streams = fanlight_api::wire::streams(&engine);
            if let Err(error) = app.emit_to(target, "streams", &streams) {
                tracing::debug!("the list of cameras was not told: {error}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    end.run_until_cancelled(telling).await;
}
