//! A stream, and lists and histories of them.

use fanlight_engine::{
    Camera, CameraSnapshot, Codec, Decoder, Engine, RenditionSnapshot, Role, State, StreamSnapshot,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::rounded;

/// The answer to starting a stream.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Started {
    pub(crate) message: &'static str,
    pub(crate) stream_id: String,
    pub(crate) rtsp_url: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// The answer to stopping a stream.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stopped {
    pub(crate) message: &'static str,
    pub(crate) stream_id: String,
}

/// `GET /api/streams`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Streams {
    /// All streams, by id.
    pub streams: Vec<Stream>,
}

/// One stream as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stream {
    /// Its id in paths.
    pub stream_id: String,
    /// Its name for people.
    pub name: String,
    /// Where the camera is; its password reads `***`.
    pub rtsp_url: String,
    /// `tcp` or `udp`: how RTP travels.
    pub transport: &'static str,
    /// `always` or `on_demand`: when the camera is connected.
    pub mode: &'static str,
    /// How long an unread stream stays connected on demand, in seconds.
    pub leave_after: f64,
    /// `off` or `always`: when it is recorded.
    pub record: &'static str,
    /// What its recorder does: `off`, `recording`, `waiting` or `failed`.
    pub recording: &'static str,
    /// The certificate accepted for it although the system does not trust it.
    pub tls_fingerprint: Option<String>,
    /// Width of the default rendition in pixels.
    pub width: u32,
    /// Height of the default rendition in pixels.
    pub height: u32,
    /// Whether the stream is wanted; whether the camera answers is in `status`.
    pub is_running: bool,
    /// Consumers connected, of every kind.
    pub client_count: usize,
    /// Pictures received from the camera since the stream was started.
    pub frame_count: u64,
    /// As configured.
    pub frame_buffer_size: usize,
    /// As configured.
    pub client_buffer_size: usize,
    /// Frames dropped because a consumer was too slow for them.
    pub dropped_frames: u64,
    /// When the stream was started.
    pub created_at: Timestamp,
    /// What the connection to the camera is doing.
    pub status: StreamStatus,
    /// What the camera sends; null until it has told.
    pub video: Option<Video>,
    /// How the camera is read; null until it was connected.
    pub ingest: Option<Ingest>,
    /// The camera's smaller stream, where one is configured.
    pub substream: Option<Substream>,
    /// What is being decoded now.
    pub renditions: Vec<Rendition>,
    /// The name of the instance that has the camera open, where several share their cameras and it
    /// is another; this one reads from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// How a camera is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ingest {
    /// `rtsp`: by the engine itself; `ffmpeg`: by an FFmpeg process; `relay`: from the instance
    /// that has it open.
    pub path: &'static str,
    /// Why FFmpeg has to read an RTSP camera.
    pub reason: Option<String>,
    /// `tcp` or `udp`; null where RTP is not involved.
    pub transport: Option<&'static str>,
    /// The codec of the camera's sound, which is not carried.
    pub audio: Option<String>,
}

/// A camera's smaller stream.
#[derive(Debug, Serialize, ToSchema)]
pub struct Substream {
    /// Where it is; its password reads `***`.
    pub rtsp_url: String,
    /// What its connection is doing.
    pub status: StreamStatus,
    /// What it sends; null until it has told.
    pub video: Option<Video>,
    /// How it is read.
    pub ingest: Option<Ingest>,
}

/// What the connection to the camera is doing.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreamStatus {
    /// `connecting`, `online`, `stalled`, `reconnecting`, `auth_failed`, `error` or `stopped`.
    pub state: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// The last failure, until the camera is online again.
    pub error: Option<StreamError>,
    /// Failures since the camera was last online.
    pub attempt: u32,
    /// When the next connection is tried.
    pub next_try: Option<Timestamp>,
    /// Since when the picture has been the same, although packets arrive.
    pub frozen_since: Option<Timestamp>,
}

/// Why a camera is not online.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreamError {
    /// A stable code.
    pub code: &'static str,
    /// A sentence a person can act on.
    pub message: String,
    /// The fingerprint of the camera's certificate, when accepting it would mend this.
    pub certificate: Option<String>,
}

/// What the camera sends.
#[derive(Debug, Serialize, ToSchema)]
pub struct Video {
    /// `h264` or `h265`.
    pub codec: &'static str,
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames a second: measured, or as declared until it has been measured.
    pub fps: Option<f64>,
    /// Kilobits a second, measured.
    pub bitrate_kbps: Option<f64>,
}

/// A form in which a stream is decoded.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rendition {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `main` or `sub`: the stream it is made of.
    pub stream: &'static str,
    /// Whether only keyframes are decoded, for consumers that are content with so few.
    pub keyframes_only: bool,
    /// `ffmpeg`, `ffmpeg+vaapi` and the like with graphics hardware, `libjpeg-turbo`, or `scaled`:
    /// made from a larger rendition.
    pub decoder: String,
}

/// `GET /api/streams/{id}/stats`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stats {
    #[serde(flatten)]
    pub(crate) stream: Stream,
    /// When the newest picture arrived.
    pub(crate) last_frame_time: Option<Timestamp>,
    /// Pictures held for late joiners.
    pub(crate) buffer_size: usize,
}

/// All streams as `GET /api/streams` tells them.
pub fn streams(engine: &Engine) -> Streams {
    Streams { streams: engine.cameras().iter().map(|camera| stream(camera)).collect() }
}

pub(crate) fn stream(camera: &Camera) -> Stream {
    camera.snapshot().into()
}

impl From<fanlight_engine::Session> for Ingest {
    fn from(session: fanlight_engine::Session) -> Self {
        Self {
            path: session.path.name(),
            reason: session.reason,
            transport: session.transport.map(fanlight_engine::Transport::name),
            audio: session.audio,
        }
    }
}

impl StreamStatus {
    fn new(status: &fanlight_engine::Status, frozen_since: Option<Timestamp>) -> Self {
        Self {
            state: status.state.name(),
            since: status.since,
            error: status.fault.as_ref().map(|fault| StreamError {
                code: fault.kind.code(),
                message: fault.message.clone(),
                certificate: fault.kind.certificate().map(|c| c.to_string()),
            }),
            attempt: status.attempt,
            next_try: status.next_try,
            frozen_since,
        }
    }
}

fn video(snapshot: &StreamSnapshot) -> Option<Video> {
    let info = snapshot.info.as_ref()?;
    Some(Video {
        codec: info.codec.name(),
        width: info.width,
        height: info.height,
        fps: rounded(snapshot.fps).or(info.declared_fps.and_then(rounded)),
        bitrate_kbps: rounded(snapshot.kbps),
    })
}

fn ingest(snapshot: &StreamSnapshot) -> Option<Ingest> {
    snapshot.status.session.clone().map(Ingest::from)
}

fn renditions(snapshot: &StreamSnapshot, role: Role) -> impl Iterator<Item = Rendition> {
    let codec = snapshot.info.as_ref().map(|info| info.codec);
    snapshot.renditions.iter().map(move |rendition| {
        let RenditionSnapshot { size, keyframes_only, decoder } = *rendition;
        Rendition {
            width: size.width(),
            height: size.height(),
            stream: role.name(),
            keyframes_only,
            decoder: match (decoder, codec) {
                (Decoder::Scaled, _) => "scaled".to_owned(),
                (_, Some(Codec::Mjpeg)) => "libjpeg-turbo".to_owned(),
                (Decoder::Hardware(name), _) => format!("ffmpeg+{name}"),
                (Decoder::Software, _) => "ffmpeg".to_owned(),
            },
        }
    })
}

impl From<CameraSnapshot> for Stream {
    fn from(snapshot: CameraSnapshot) -> Self {
        let status = snapshot.status();
        let CameraSnapshot { config, main, sub, .. } = &snapshot;
        let on_demand = config.mode == fanlight_engine::Mode::OnDemand;
        let mut made: Vec<_> = renditions(main, Role::Main).collect();
        made.extend(sub.iter().flat_map(|sub| renditions(sub, Role::Sub)));
        Self {
            stream_id: config.id.to_string(),
            name: config.name.clone(),
            rtsp_url: config.url.masked().to_owned(),
            transport: config.transport.name(),
            mode: config.mode.name(),
            leave_after: config.leave_after.as_secs_f64(),
            record: config.record.name(),
            recording: snapshot
                .owner
                .as_ref()
                .map_or(snapshot.recorder.state, |o| o.recorder)
                .name(),
            tls_fingerprint: config.tls_fingerprint.map(|f| f.to_string()),
            width: config.size.width(),
            height: config.size.height(),
            is_running: on_demand || snapshot.owner.is_some() || status.state != State::Stopped,
            client_count: snapshot.consumers,
            frame_count: main.totals.frames,
            frame_buffer_size: config.frame_buffer_size,
            client_buffer_size: config.client_buffer_size,
            dropped_frames: snapshot.dropped,
            created_at: snapshot.created_at,
            status: StreamStatus::new(status, main.frozen_since),
            video: video(main),
            ingest: ingest(main),
            substream: sub.as_ref().zip(config.substream.as_ref()).map(|(sub, url)| Substream {
                rtsp_url: url.masked().to_owned(),
                status: StreamStatus::new(&sub.status, sub.frozen_since),
                video: video(sub),
                ingest: ingest(sub),
            }),
            renditions: made,
            owner: snapshot.owner.map(|owner| owner.name),
        }
    }
}

/// `GET /api/streams/{id}/history`: one number a second, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History {
    /// When the last of these seconds ended.
    until: Timestamp,
    step_seconds: u32,
    /// Pictures received.
    frames: Vec<u32>,
    /// Kilobits received.
    kbit: Vec<f64>,
    /// Keyframes among the pictures.
    keyframes: Vec<u32>,
    /// RTP packets that were missing.
    lost: Vec<u32>,
    /// Connections that failed.
    reconnects: Vec<u32>,
}

impl History {
    pub(crate) fn of(camera: &Camera) -> Self {
        let (seconds, ago) = camera.history();
        Self {
            until: Timestamp::now() - ago,
            step_seconds: 1,
            frames: seconds.iter().map(|s| s.frames).collect(),
            kbit: seconds.iter().map(|s| f64::from(s.bytes) * 8.0 / 1000.0).collect(),
            keyframes: seconds.iter().map(|s| s.keyframes).collect(),
            lost: seconds.iter().map(|s| s.lost).collect(),
            reconnects: seconds.iter().map(|s| s.reconnects).collect(),
        }
    }
}
