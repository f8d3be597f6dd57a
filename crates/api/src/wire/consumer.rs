//! Who reads a stream.

use fanlight_engine::{Camera, ConsumerSnapshot};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::rounded;

/// `GET /api/streams/{id}/consumers`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Consumers {
    /// In the order they came.
    pub(crate) consumers: Vec<Consumer>,
}

/// One reader of a stream.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Consumer {
    /// Its number at this stream.
    id: u64,
    /// `http`, `websocket`, `shared_memory`, `window`, or `relay`: another instance.
    kind: &'static str,
    /// What it calls itself.
    name: String,
    /// Its process, where it tells.
    pid: Option<u32>,
    /// What it gets: `bgr24`, `jpeg`, `h264`.
    format: &'static str,
    /// `main` or `sub`: the stream it reads.
    stream: &'static str,
    /// Size of its frames in pixels; null for one that gets packets.
    width: Option<u32>,
    height: Option<u32>,
    since: Timestamp,
    /// Frames handed to it.
    delivered_frames: u64,
    /// Frames it was too slow for.
    dropped_frames: u64,
    /// Frames a second, measured over the last seconds.
    fps: f64,
    /// How old its last frame was when it was handed over, in milliseconds.
    lag_ms: Option<f64>,
}

impl From<ConsumerSnapshot> for Consumer {
    fn from(snapshot: ConsumerSnapshot) -> Self {
        Self {
            id: snapshot.id,
            kind: snapshot.info.kind.name(),
            name: snapshot.info.name,
            pid: snapshot.info.pid,
            format: snapshot.info.format,
            stream: snapshot.role.name(),
            width: snapshot.size.map(fanlight_engine::Size::width),
            height: snapshot.size.map(fanlight_engine::Size::height),
            since: snapshot.since,
            delivered_frames: snapshot.delivered,
            dropped_frames: snapshot.dropped,
            fps: rounded(snapshot.fps).unwrap_or_default(),
            lag_ms: snapshot.lag.and_then(|lag| rounded(lag.as_secs_f64() * 1000.0)),
        }
    }
}

/// `GET /api/streams/{id}/consumers/{consumer}`: the consumer, and one number a second of what it
/// got, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsumerHistory {
    #[serde(flatten)]
    consumer: Consumer,
    /// When the last of these seconds ended.
    until: Timestamp,
    step_seconds: u32,
    /// Frames handed to it.
    delivered: Vec<u32>,
    /// Frames it was too slow for.
    dropped: Vec<u32>,
    /// The greatest age at which one of them was handed over, in milliseconds.
    lag_ms_most: Vec<u32>,
}

impl ConsumerHistory {
    pub(crate) fn of(camera: &Camera, consumer: u64) -> Result<Self, fanlight_engine::Error> {
        let (consumer, seconds, ago) = camera.consumer_history(consumer)?;
        Ok(Self {
            consumer: consumer.into(),
            until: Timestamp::now() - ago,
            step_seconds: 1,
            delivered: seconds.iter().map(|s| s.delivered).collect(),
            dropped: seconds.iter().map(|s| s.dropped).collect(),
            lag_ms_most: seconds.iter().map(|s| s.lag_ms).collect(),
        })
    }
}
