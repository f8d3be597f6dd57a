//! The time between being told to end and ending: everything goes on, but the server is not ready
//! any more, so that load balancers send new clients elsewhere.

use std::time::Duration;

use fanlight_api::Api;

use crate::service_manager;
use crate::signals::Signals;

/// What the end itself takes at most, after the drain.
const END: Duration = Duration::from_secs(10);

/// Announces the end and lets it wait; another signal ends the wait.
pub(crate) async fn drain(api: &Api, wait: Duration, signals: &mut Signals) {
    api.drain();
    if wait.is_zero() {
        service_manager::stopping(END, "Shutting down");
        return;
    }
    let seconds = wait.as_secs();
    service_manager::stopping(wait + END, &format!("Draining for {seconds} s"));
    tracing::info!("not ready any more; serving on for {seconds} s");
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        signal = signals.next_end() => tracing::info!("{signal} again: not waiting any longer"),
    }
}
