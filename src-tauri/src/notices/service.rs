//! The desktop's notifications.

use tauri::AppHandle;

/// Shows one. Where there is nobody to show it, that is no failure of ours.
#[cfg(target_os = "linux")]
pub(super) async fn show(_: &AppHandle, title: &str, text: &str) {
    match tokio::time::timeout(bus::PATIENCE, bus::notify(title, text)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("nobody shows notifications: {error}"),
        Err(_) => tracing::debug!("the session bus does not answer"),
    }
}

/// `org.freedesktop.Notifications`, from the application's side.
#[cfg(target_os = "linux")]
mod bus {
    use std::collections::HashMap;
    use std::time::Duration;

    use zbus::zvariant::Value;

    const NAME: &str = "org.freedesktop.Notifications";
    const PATH: &str = "/org/freedesktop/Notifications";
    /// As long as the desktop shows such notifications.
    const USUAL: i32 = -1;

    pub(super) const PATIENCE: Duration = Duration::from_secs(5);

    pub(super) async fn notify(title: &str, text: &str) -> zbus::Result<()> {
        let bus = zbus::Connection::session().await?;
        let hints = HashMap::from([("desktop-entry", Value::from("io.fanlight.desktop"))]);
        let actions: &[&str] = &[];
        // The text may be markup there, and a camera's name is not.
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let told = ("Fanlight", 0_u32, "", title, text.as_str(), actions, hints, USUAL);
        bus.call_method(Some(NAME), PATH, Some(NAME), "Notify", &told).await?;
        Ok(())
    }
}

/// Shows one. Where there is nobody to show it, that is no failure of ours.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unused_async, reason = "Linux waits for its bus")]
pub(super) async fn show(app: &AppHandle, title: &str, text: &str) {
    use tauri_plugin_notification::NotificationExt as _;
    if let Err(error) = app.notification().builder().title(title).body(text).show() {
        tracing::debug!("the notification was not shown: {error}");
    }
}
