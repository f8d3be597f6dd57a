//! Frames for the tiles of a window. The page declares its tiles; an event announces news; one
//! call fetches every tile's newest frame, all in one picture. Nothing queues: a slow page misses frames, which are
//! counted. What a tile holds at the engine is a lease that ends with the page or its interest.

mod announcement;
mod answer;
mod lease;
mod pump;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use fanlight_engine::Engine;
use serde::Deserialize;
use tauri::ipc::Response;
use tauri::webview::{PageLoadEvent, PageLoadPayload};
use tauri::{Emitter as _, EventTarget, Manager as _, State, Webview, WebviewWindow};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use lease::Tile;
use pump::{Order, Pump};

/// The pumps of all windows, by label; managed state of the app.
pub(crate) struct Frames {
    pumps: Mutex<HashMap<String, mpsc::UnboundedSender<Order>>>,
    engine: Engine,
    visible: watch::Sender<bool>,
    cancelled: CancellationToken,
    tasks: TaskTracker,
}

impl Frames {
    pub(crate) fn new(
        engine: &Engine,
        visible: &watch::Sender<bool>,
        cancelled: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Self {
        Self {
            pumps: Mutex::default(),
            engine: engine.clone(),
            visible: visible.clone(),
            cancelled: cancelled.clone(),
            tasks: tasks.clone(),
        }
    }

    /// Gives an order to the window's pump, which starts with the first one.
    fn order(&self, window: &WebviewWindow, order: Order) {
        let mut pumps = self.pumps.lock().unwrap_or_else(PoisonError::into_inner);
        let pump = pumps.entry(window.label().to_owned()).or_insert_with(|| self.start(window));
        // A pump ends before its window only when the app quits.
        let _ = pump.send(order);
    }

    fn start(&self, window: &WebviewWindow) -> mpsc::UnboundedSender<Order> {
        let (sender, orders) = mpsc::unbounded_channel();
        let page = window.clone();
        let announce = move || {
            let target = EventTarget::webview_window(page.label());
            if let Err(error) = page.emit_to(target, "frames", ()) {
                tracing::debug!("frames were not announced: {error}");
            }
        };
        let pump = Pump::new(self.engine.clone(), self.visible.subscribe(), announce);
        let cancelled = self.cancelled.child_token();
        self.tasks.spawn(async move {
            cancelled.run_until_cancelled(pump.run(orders)).await;
        });
        sender
    }

    /// Forgets the tiles of a window whose page is gone.
    fn forget(&self, label: &str) {
        let pumps = self.pumps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pump) = pumps.get(label) {
            let _ = pump.send(Order::Watch(Vec::new()));
        }
    }

    /// Ends the pump of a window that is gone.
    pub(crate) fn end(&self, label: &str) {
        self.pumps.lock().unwrap_or_else(PoisonError::into_inner).remove(label);
    }
}

/// A page that loads knows nothing of the tiles of the one before it.
pub(crate) fn on_page_load(webview: &Webview, payload: &PageLoadPayload<'_>) {
    if payload.event() == PageLoadEvent::Started
        && let Some(frames) = webview.try_state::<Frames>()
    {
        frames.forget(webview.label());
    }
}

/// A tile as the page declares it.
#[derive(Debug, Deserialize)]
pub(crate) struct DeclaredTile {
    key: u32,
    stream_id: String,
    width: u32,
    height: u32,
}

/// Declares all tiles that the page shows now; the former ones end.
#[tauri::command]
pub(crate) async fn watch_frames(
    window: WebviewWindow,
    frames: State<'_, Frames>,
    tiles: Vec<DeclaredTile>,
) -> Result<(), String> {
    let tiles = tiles.iter().filter_map(Tile::parse).collect();
    frames.order(&window, Order::Watch(tiles));
    Ok(())
}

/// The newest frame of each tile that has one newer than the last it got; see [`answer`] for the
/// bytes. Answers at once, empty when there is nothing new.
#[tauri::command]
pub(crate) async fn next_frames(
    window: WebviewWindow,
    frames: State<'_, Frames>,
) -> Result<Response, String> {
    let (sender, newest) = oneshot::channel();
    frames.order(&window, Order::Next(sender));
    // No answer: the app quits.
    let newest = newest.await.unwrap_or_default();
    if newest.is_empty() {
        return Ok(Response::new(Vec::new()));
    }
    // Encoding takes milliseconds, which the camera's packets should not wait for.
    let packed = tauri::async_runtime::spawn_blocking(move || answer::of(newest))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    Ok(Response::new(packed))
}
