//! What systemd is told (`sd_notify(3)`): that the server is ready, reads its configuration, ends; how
//! it goes; and that it lives. Nothing happens where nobody wants to know.

use std::time::Duration;

/// Requests are answered from now on.
pub(crate) fn ready(status: &str) {
    #[cfg(unix)]
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    #[cfg(not(unix))]
    let _ = status;
}

/// The configuration is read again; [`ready`] tells the end of it.
pub(crate) fn reloading() {
    #[cfg(unix)]
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The end has begun, and may take this long.
pub(crate) fn stopping(within: Duration, status: &str) {
    #[cfg(unix)]
    {
        let within = u32::try_from(within.as_micros()).unwrap_or(u32::MAX);
        tell(&[
            NotifyState::Stopping,
            NotifyState::ExtendTimeoutUsec(within),
            NotifyState::Status(status),
        ]);
    }
    #[cfg(not(unix))]
    let _ = (within, status);
}

/// Says in a line how it goes, every few seconds if that changed.
pub(crate) async fn follow(status: impl Fn() -> String) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    let mut told = status();
    loop {
        tokio::time::sleep(STATUS_PERIOD).await;
        let now = status();
        if now != told {
            #[cfg(unix)]
            tell(&[NotifyState::Status(&now)]);
            told = now;
        }
    }
}

/// Tells that the server lives, twice in each of the times that systemd waits for it, as long as
/// `alive` says so.
pub(crate) async fn keep_alive<A: Future<Output = bool> + Send>(alive: impl Fn() -> A + Send) {
    #[cfg(unix)]
    if let Some(patience) = sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero()) {
        beat(patience / 2, alive, || tell(&[NotifyState::Watchdog])).await;
    }
    #[cfg(not(unix))]
    let _ = alive;
}

/// How often the status is looked at.
const STATUS_PERIOD: Duration = Duration::from_secs(5);

#[cfg(unix)]
use sd_notify::NotifyState;

#[cfg(unix)]
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("the service manager cannot be told: {error}");
    }
}

#[cfg(unix)]
async fn beat<A: Future<Output = bool>>(every: Duration, alive: impl Fn() -> A, tell: impl Fn()) {
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        if tokio::time::timeout(every, alive()).await == Ok(true) {
            tell();
        } else {
            tracing::error!(
                "the API does not answer; the service manager is not told that it lives"
            );
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn nobody_is_told_that_it_lives_while_it_does_not_answer() {
        let (hangs, told) = (AtomicBool::new(false), AtomicU32::new(0));
        let alive = || async {
            if hangs.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            true
        };
        let beating = beat(Duration::from_secs(1), alive, || {
            told.fetch_add(1, Ordering::Relaxed);
        });
        let watching = async {
            let after = async |seconds: u64| {
                tokio::time::sleep(Duration::from_millis(seconds * 1000 + 100)).await;
                told.swap(0, Ordering::Relaxed)
            };
            assert_eq!(after(3).await, 4);
            hangs.store(true, Ordering::Relaxed);
            assert_eq!(after(5).await, 0);
            hangs.store(false, Ordering::Relaxed);
            assert!(after(3).await >= 2);
        };
        tokio::select! {
            () = beating => unreachable!("it goes on"),
            () = watching => {}
        }
    }
}
