//! Whether a person can see the icon in the tray: there has to be one, and a desktop that shows
//! it. On Linux many do not, and the icon itself cannot tell.

use tauri::{AppHandle, Manager as _};

/// That there is an icon, once the app manages this; whether anything shows it is up to the
/// desktop.
pub(crate) struct Created;

/// Whether a person can see the icon now.
pub(crate) async fn is_seen(app: &AppHandle) -> bool {
    app.try_state::<Created>().is_some() && is_present().await
}

/// Asks each time: panels come and go while the app runs.
#[cfg(target_os = "linux")]
async fn is_present() -> bool {
    match tokio::time::timeout(status_notifier::PATIENCE, status_notifier::is_hosted()).await {
        Ok(Ok(hosted)) => hosted,
        Ok(Err(error)) => {
            tracing::debug!("no tray: {error}");
            false
        }
        Err(_) => {
            tracing::debug!("no tray: the session bus does not answer");
            false
        }
    }
}

/// Windows and macOS always have one.
#[cfg(not(target_os = "linux"))]
async fn is_present() -> bool {
    true
}

/// The `StatusNotifierItem` specification, from the item's side.
#[cfg(target_os = "linux")]
mod status_notifier {
    use std::time::Duration;

    use zbus::fdo::{DBusProxy, PropertiesProxy};
    use zbus::names::{BusName, InterfaceName};

    /// The watcher knows all items and hosts; panels bring it along.
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    const PATH: &str = "/StatusNotifierWatcher";

    /// The window waits to be closed meanwhile.
    pub(super) const PATIENCE: Duration = Duration::from_secs(1);

    pub(super) async fn is_hosted() -> zbus::Result<bool> {
        let bus = zbus::Connection::session().await?;
        // Asking the watcher itself could start one that nobody looks at.
        let watcher = BusName::try_from(WATCHER)?;
        if !DBusProxy::new(&bus).await?.name_has_owner(watcher).await? {
            return Ok(false);
        }
        let watcher = PropertiesProxy::new(&bus, WATCHER, PATH).await?;
        let hosted = watcher
            .get(InterfaceName::try_from(WATCHER)?, "IsStatusNotifierHostRegistered")
            .await?;
        Ok(bool::try_from(hosted)?)
    }
}
