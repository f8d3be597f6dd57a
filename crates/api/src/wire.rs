//! The JSON shapes of the API.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use fanlight_engine::{
    Camera, CameraSnapshot, Codec, ConsumerSnapshot, Decoder, Engine, RenditionSnapshot, Role,
    State, StreamSnapshot,
};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// `POST /api/streams`, and without `stream_id` `POST /api/streams/start-with-url`. Zero or absent
/// numbers mean the default.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StartRequest {
    /// Its id in paths.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", examples("door"))]
    pub(crate) stream_id: Option<String>,
    /// Where the camera is: `rtsp://`, `rtsps://`, `http://`, `https://`, `rtmp://`, `demo:` for a
    /// test picture, `replay:` and the name of a video file. At most 2048 bytes.
    #[schema(examples("demo:"))]
    pub(crate) rtsp_url: String,
    /// A name for people; the id when absent.
    #[schema(max_length = 100)]
    pub(crate) name: Option<String>,
    /// A smaller stream of the same camera, for consumers that ask for no more than it shows.
    pub(crate) substream_url: Option<String>,
    /// `tcp`, the default, or `udp`: how RTP travels from an `rtsp://` camera.
    #[schema(pattern = "^(tcp|udp)$")]
    pub(crate) transport: Option<String>,
    /// `always` connected, the default, or `on_demand`.
    #[schema(pattern = "^(always|on_demand)$")]
    pub(crate) mode: Option<String>,
    /// How long an unread stream stays connected on demand, in seconds; 10 when absent.
    #[schema(minimum = 0, maximum = 3600)]
    pub(crate) leave_after: Option<f64>,
    /// The SHA-256 of the one certificate to accept although this machine does not trust it.
    #[schema(pattern = "^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")]
    pub(crate) tls_fingerprint: Option<String>,
    /// Width of the default rendition in pixels, from 16 on; 640 when absent or 0.
    #[schema(maximum = 8192)]
    pub(crate) width: Option<u32>,
    /// Its height, likewise; 480 when absent or 0. 33,177,600 pixels in all at most.
    #[schema(maximum = 8192)]
    pub(crate) height: Option<u32>,
    /// Packets kept for late joiners beyond the running GOP; 100 when absent or 0.
    #[schema(maximum = 1000)]
    pub(crate) frame_buffer_size: Option<usize>,
    /// Frames that may wait for one push client; 10 when absent or 0.
    #[schema(maximum = 1000)]
    pub(crate) client_buffer_size: Option<usize>,
}

/// `PATCH /api/streams/{id}`: what is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent and null differ")]
pub(crate) struct ChangeRequest {
    /// A name for people.
    #[schema(max_length = 100)]
    pub(crate) name: Option<String>,
    /// Where the camera is.
    #[schema(examples("demo:"))]
    pub(crate) rtsp_url: Option<String>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) substream_url: Option<Option<String>>,
    /// `tcp` or `udp`.
    #[schema(pattern = "^(tcp|udp)$")]
    pub(crate) transport: Option<String>,
    /// `always` or `on_demand`.
    #[schema(pattern = "^(always|on_demand)$")]
    pub(crate) mode: Option<String>,
    /// Seconds.
    #[schema(minimum = 0, maximum = 3600)]
    pub(crate) leave_after: Option<f64>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")]
    pub(crate) tls_fingerprint: Option<Option<String>>,
    #[schema(minimum = 16, maximum = 8192)]
    pub(crate) width: Option<u32>,
    #[schema(minimum = 16, maximum = 8192)]
    pub(crate) height: Option<u32>,
    #[schema(minimum = 1, maximum = 1000)]
    pub(crate) frame_buffer_size: Option<usize>,
    #[schema(minimum = 1, maximum = 1000)]
    pub(crate) client_buffer_size: Option<usize>,
}

/// Tells null from absent.
#[expect(clippy::option_option, reason = "absent and null differ")]
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

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
}

/// How a camera is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ingest {
    /// `rtsp`: by the engine itself; `ffmpeg`: by an FFmpeg process.
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
    /// `http`, `websocket` or `window`.
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

/// `POST /api/probe`.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ProbeRequest {
    /// Where the camera is.
    #[schema(examples("demo:"))]
    pub(crate) url: String,
    /// `tcp`, the default, or `udp`.
    #[schema(pattern = "^(tcp|udp)$")]
    pub(crate) transport: Option<String>,
    /// The certificate to accept.
    #[schema(pattern = "^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")]
    pub(crate) tls_fingerprint: Option<String>,
}

/// What a camera turned out to send.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Probe {
    video: Video,
    /// The profile of its codec: `High`, `Main`.
    profile: Option<&'static str>,
    /// Whether pictures come in another order than they are shown.
    b_frames: bool,
    /// How it is read.
    ingest: Ingest,
    /// Frames from one keyframe to the next; null when no second one came in time.
    gop: Option<u32>,
    /// The codec of its sound, which is not carried.
    audio: Option<String>,
    /// A JPEG as a `data:` URL; null when no picture could be decoded.
    picture: Option<String>,
    warnings: Vec<ProbeWarning>,
}

/// Something that works, but could work better.
#[derive(Debug, Serialize, ToSchema)]
struct ProbeWarning {
    code: &'static str,
    message: &'static str,
}

impl From<fanlight_engine::Probe> for Probe {
    fn from(probe: fanlight_engine::Probe) -> Self {
        let picture = |jpeg| format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(jpeg));
        Self {
            video: Video {
                codec: probe.stream.codec.name(),
                width: probe.stream.width,
                height: probe.stream.height,
                fps: rounded(probe.fps).or(probe.stream.declared_fps.and_then(rounded)),
                bitrate_kbps: rounded(probe.kbps),
            },
            profile: probe.profile,
            b_frames: probe.b_frames,
            gop: probe.gop,
            audio: probe.session.audio.clone(),
            ingest: probe.session.into(),
            picture: probe.picture.map(picture),
            warnings: probe
                .warnings
                .into_iter()
                .map(|warning| ProbeWarning { code: warning.code(), message: warning.message() })
                .collect(),
        }
    }
}

/// `GET /api/info`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Info {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) api: String,
    pub(crate) ffmpeg: Option<FfmpegInfo>,
    /// What to do about a missing FFmpeg.
    pub(crate) ffmpeg_error: Option<String>,
    /// Where programs of the same user on this machine read frames without a copy.
    pub(crate) shared_memory: Option<SharedMemoryInfo>,
    /// What a person should know about the start, such as a damaged camera list.
    pub(crate) notice: Option<String>,
}

/// The shared-memory socket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SharedMemoryInfo {
    /// Its path.
    pub(crate) socket: String,
    /// What it welcomes with.
    pub(crate) epoch: u64,
}

/// The FFmpeg in use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FfmpegInfo {
    pub(crate) path: String,
    pub(crate) version: String,
}

/// `GET /health`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    pub(crate) status: &'static str,
    /// Unix seconds.
    pub(crate) timestamp: i64,
}

/// All streams as `GET /api/streams` tells them.
pub fn streams(engine: &Engine) -> Streams {
    Streams { streams: engine.cameras().iter().map(|camera| stream(camera)).collect() }
}

pub(crate) fn stream(camera: &Camera) -> Stream {
    camera.snapshot().into()
}

/// One decimal is what a person reads and a measurement over seconds is worth.
fn rounded(value: f64) -> Option<f64> {
    (value > 0.0).then_some((value * 10.0).round() / 10.0)
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
            tls_fingerprint: config.tls_fingerprint.map(|f| f.to_string()),
            width: config.size.width(),
            height: config.size.height(),
            is_running: on_demand || status.state != State::Stopped,
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

/// One thing the server cannot do without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) ok: bool,
    /// What is in use, or what is wrong and what to do.
    pub(crate) message: String,
}

impl Check {
    pub(crate) fn new(name: &'static str, found: Result<String, String>) -> Self {
        let ok = found.is_ok();
        Self { name, ok, message: found.unwrap_or_else(|wrong| wrong) }
    }
}
