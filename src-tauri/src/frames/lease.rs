//! One tile's place at a camera. It ends by leaving, and can be taken again: the tile remains.

use std::sync::Arc;

use fanlight_engine::{
    Camera, CameraId, ConsumerInfo, ConsumerKind, Engine, ErrorKind, Frame, FrameReader, Size, Spec,
};
use futures_util::FutureExt as _;

use super::DeclaredTile;

/// One picture that the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tile {
    /// What the page calls it.
    pub(super) key: u32,
    camera: CameraId,
    size: Size,
}

impl Tile {
    /// A tile that cannot be, such as one too small to decode, is left out: the others should
    /// not suffer from it.
    pub(super) fn parse(declared: &DeclaredTile) -> Option<Self> {
        let parsed = CameraId::parse(&declared.stream_id)
            .and_then(|camera| Ok((camera, Size::new(declared.width, declared.height)?)));
        match parsed {
            Ok((camera, size)) => Some(Self { key: declared.key, camera, size }),
            Err(error) => {
                tracing::debug!(?declared, "a tile is left out: {error}");
                None
            }
        }
    }
}

/// A tile, with its reader while it has one.
pub(super) struct Lease {
    pub(super) tile: Tile,
    held: Option<Held>,
    /// The sequence number of the last frame that the page got.
    delivered: u64,
    /// Something came since the page was last given what there was.
    pub(super) has_news: bool,
}

struct Held {
    camera: Arc<Camera>,
    reader: FrameReader,
}

impl Held {
    /// Whether its reader ended because all cameras were paused. One that somebody disconnected stays so.
    fn was_stopped(&self) -> bool {
        let end = self.reader.ended().now_or_never();
        end.is_some_and(|error| error.kind() == ErrorKind::StreamNotRunning)
    }
}

impl Lease {
    pub(super) fn new(tile: Tile) -> Self {
        Self { tile, held: None, delivered: 0, has_news: false }
    }

    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Makes the lease match the camera that has this id now: it may be gone, or another one
    /// than before. Tells whether there is a new reader.
    pub(super) fn take(&mut self, engine: &Engine) -> bool {
        let Ok(camera) = engine.camera(&self.tile.camera) else {
            self.held = None;
            return false;
        };
        if let Some(held) = &self.held
            && Arc::ptr_eq(&held.camera, &camera)
            && !held.was_stopped()
        {
            return false;
        }
        let info = ConsumerInfo {
            kind: ConsumerKind::Window,
            name: "Fanlight window".to_owned(),
            pid: Some(std::process::id()),
            format: "jpeg",
        };
        let spec = Spec::new(self.tile.size);
        self.held = match camera.frames(spec, info) {
            Ok(reader) => Some(Held { camera, reader }),
            Err(error) => {
                tracing::debug!(camera = %self.tile.camera, "no frames for a tile: {error}");
                None
            }
        };
        self.is_held()
    }

    pub(super) fn leave(&mut self) {
        self.has_news = false;
        self.held = None;
    }

    /// Waits until the reader has something to tell; for ever when there is none.
    pub(super) async fn changed(&mut self) {
        match &mut self.held {
            Some(held) => held.reader.changed().await,
            None => std::future::pending().await,
        }
    }

    /// The newest frame, if the page does not have it yet.
    pub(super) fn newest(&mut self) -> Option<Arc<Frame>> {
        self.has_news = false;
        let held = self.held.as_mut()?;
        // A fault is told by the camera's status.
        let frame = held.reader.try_next_after(self.delivered).ok()??;
        self.delivered = frame.sequence;
        Some(frame)
    }
}
