//! `GET /metrics`: what Prometheus asks for, told from the engine at each scrape. Nothing is counted
//! here, so nothing can disagree with what `GET /api/streams` tells.

use std::fmt;

use axum::extract::State as Shared;
use axum::response::{IntoResponse as _, Response};
use fanlight_engine::{
    CameraSnapshot, Engine, Error, ErrorKind, RecorderState, State, StreamSnapshot,
};
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::{Answer, Context};

/// The text format that Prometheus prefers, and that its agents understand.
const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Tells Prometheus what it asks for.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "server",
    responses(
        (status = 200, body = String, content_type = "application/openmetrics-text", description = "OpenMetrics text"),
    ),
)]
pub(crate) async fn metrics(Shared(context): Shared<Context>) -> Answer<Response> {
    let mut registry = Registry::with_prefix("fanlight");
    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    registry.register("build", "What runs", Info::new(version));
    registry.register_collector(Box::new(Cameras::of(&context.engine)));
    let mut text = String::new();
    text::encode(&mut text, &registry)
        .map_err(|_| Error::new(ErrorKind::Internal, "the metrics could not be written"))?;
    Ok(([(CONTENT_TYPE, KIND)], text).into_response())
}

/// All cameras at the moment of one scrape.
#[derive(Debug)]
struct Cameras {
    cameras: Vec<CameraSnapshot>,
    now: Timestamp,
}

impl Cameras {
    fn of(engine: &Engine) -> Self {
        let cameras = engine.cameras().iter().map(|camera| camera.snapshot()).collect();
        Self { cameras, now: Timestamp::now() }
    }

    /// One gauge for each camera that has a value.
    fn gauge<V: EncodeGaugeValue>(
        &self,
        encoder: &mut DescriptorEncoder,
        (name, unit, help): (&str, Option<&Unit>, &str),
        value: impl Fn(&CameraSnapshot) -> Option<V>,
    ) -> fmt::Result {
        let mut family = encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (camera, value) in self.cameras.iter().filter_map(|c| value(c).map(|v| (c, v))) {
            family.encode_family(&[("camera", camera.config.id.as_str())])?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// One counter for each camera.
    fn counter<V: EncodeCounterValue>(
        &self,
        encoder: &mut DescriptorEncoder,
        (name, help): (&str, &str),
        value: impl Fn(&CameraSnapshot) -> V,
    ) -> fmt::Result {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for camera in &self.cameras {
            family
                .encode_family(&[("camera", camera.config.id.as_str())])?
                .encode_counter::<NoLabelSet, V, u64>(&value(camera), None)?;
        }
        Ok(())
    }
}

impl Collector for Cameras {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let out = &mut encoder;
        let up = ("camera_up", None, "Whether the camera's pictures arrive");
        self.gauge(out, up, |c| Some(u32::from(c.status().state == State::Online)))?;
        let frozen = ("camera_frozen", None, "Whether the picture has not changed for a while");
        self.gauge(out, frozen, |c| Some(u32::from(c.main.frozen_since.is_some())))?;
        let received = ("frames", "Pictures received from the camera");
        self.counter(out, received, |c| c.main.totals.frames)?;
        let lost = ("lost_packets", "RTP packets that were missing");
        self.counter(out, lost, |c| c.main.totals.lost)?;
        let reconnects = ("reconnects", "Sessions with the camera that failed");
        self.counter(out, reconnects, |c| c.main.totals.reconnects)?;
        let dropped = ("dropped_frames", "Pictures that consumers were too slow for");
        self.counter(out, dropped, |c| c.dropped)?;
        let age = ("frame_age", Some(&Unit::Seconds), "Time since the newest picture arrived");
        self.gauge(out, age, |c| c.main.last_packet_at.map(|at| seconds(self.now, at)))?;
        let consumers = ("consumers", None, "Consumers connected");
        self.gauge(out, consumers, |c| Some(c.consumers as u64))?;
        let rate = ("camera_fps", None, "Pictures a second, measured over the last seconds");
        self.gauge(out, rate, |c| Some(c.main.fps))?;
        let bits = Unit::Other("bits_per_second".into());
        let bits = ("camera_bitrate", Some(&bits), "What the camera sends, measured likewise");
        self.gauge(out, bits, |c| Some(c.main.kbps * 1000.0))?;
        let recording = ("camera_recording", None, "Whether the camera is being recorded");
        self.gauge(out, recording, |c| {
            Some(u32::from(c.recorder.state == RecorderState::Recording))
        })?;
        let written = ("recording_bytes", "Bytes of recordings and clips written");
        self.counter(out, written, |c| c.recorder.written)?;
        let unwritten = ("recording_lost_packets", "Packets that the disk was too slow for");
        self.counter(out, unwritten, |c| c.recorder.lost)?;
        let kept = ("clip_buffer", Some(&Unit::Bytes), "What is kept in memory for clips");
        self.gauge(out, kept, |c| Some(c.recorder.buffered))?;
        let decoded = ("renditions", None, "Forms that the camera is being decoded to");
        let count = |stream: &StreamSnapshot| stream.renditions.len() as u64;
        self.gauge(out, decoded, |c| Some(count(&c.main) + c.sub.as_ref().map_or(0, count)))
    }
}

/// Clocks may be set back meanwhile.
fn seconds(now: Timestamp, then: Timestamp) -> f64 {
    now.duration_since(then).as_secs_f64().max(0.0)
}
