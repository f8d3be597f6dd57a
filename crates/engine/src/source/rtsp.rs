//! The RTSP source: retina, with RTP interleaved in the RTSP connection (RFC 2326) or over UDP.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use retina::client::{
    self, Credentials, Demuxed, PlayOptions, SessionGroup, SessionOptions, SetupOptions,
    UdpTransportOptions,
};
use retina::codec::{CodecItem, FrameFormat, ParametersRef, VideoParametersCodec};
use tokio::time::timeout;
use url::Url;

use super::sender_clock::SenderClock;
use super::tunnel::Tunnel;
use super::{Source, SourceConfig};
use crate::codec::Codec;
use crate::config::Transport;
use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::Fingerprint;
use crate::nal;
use crate::packet::{AccessUnit, StreamInfo};
use crate::status::{Path, Session};

/// How long connecting and negotiating may take. Retina has no limits of its own.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The port of RTSP over TLS (RFC 7826).
const RTSPS_PORT: u16 = 322;

/// NAL units behind their length, as FLV, MP4 and WebCodecs take them. Parameter sets stay in
/// each keyframe too, so that a change of them in mid-stream reaches every decoder.
const FORMAT: FrameFormat = FrameFormat {
    parameter_set_insertion: retina::codec::ParameterSetInsertion::EachKeyFrame,
    ..FrameFormat::MP4
};

/// One RTSP session, playing.
pub(crate) struct Rtsp {
    demuxed: Demuxed,
    /// Index of the video among the session's streams.
    video: usize,
    codec: Codec,
    stream: Option<Arc<StreamInfo>>,
    transport: Transport,
    clock: SenderClock,
    /// RTP packets missing since the last access unit.
    lost: u32,
    /// What carries the session of an encrypted camera.
    _tunnel: Option<Tunnel>,
}

/// Opens a tunnel to an encrypted camera and turns its URL into the tunnel's. Cameras find the
/// stream by the path, whatever host the request names.
pub(super) async fn tunnel_to(url: &mut Url, accepted: Option<Fingerprint>) -> Result<Tunnel> {
    let host = url.host_str().unwrap_or_default();
    let tunnel = Tunnel::open(host, url.port().unwrap_or(RTSPS_PORT), accepted).await?;
    let rewritten = url.set_scheme("rtsp").is_ok()
        && url.set_host(Some(&tunnel.address.ip().to_string())).is_ok()
        && url.set_port(Some(tunnel.address.port())).is_ok();
    if rewritten { Ok(tunnel) } else { Err(Error::new(ErrorKind::Internal, "no URL for a tunnel")) }
}

impl Rtsp {
    /// Connects, signs in and starts playing.
    pub(crate) async fn open(config: &SourceConfig, sessions: Arc<SessionGroup>) -> Result<Self> {
        timeout(CONNECT_TIMEOUT, Self::negotiate(config, sessions)).await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::CameraTimeout,
                format!(
                    "the camera did not answer within {} s; is it switched on and reachable?",
                    CONNECT_TIMEOUT.as_secs()
                ),
            ))
        })
    }

    async fn negotiate(config: &SourceConfig, sessions: Arc<SessionGroup>) -> Result<Self> {
        let (mut bare, credentials) = config.url.credentials();
        // What is encrypted travels in the one connection that is.
        let (tunnel, transport) = match bare.scheme() {
            "rtsps" => (Some(tunnel_to(&mut bare, config.accepted).await?), Transport::Tcp),
            _ => (None, config.transport),
        };
        let signed_in = credentials.is_some();
        let explain = |error| explain(&error, signed_in);
        let options = SessionOptions::default()
            .session_group(sessions)
            .user_agent(concat!("Fanlight/", env!("CARGO_PKG_VERSION")).to_owned())
            .creds(credentials.map(|(username, password)| Credentials { username, password }));
        let mut session = client::Session::describe(bare, options).await.map_err(explain)?;
        let (video, codec) = choose_video(session.streams())?;
        let carried = match transport {
            Transport::Tcp => client::Transport::default(),
            Transport::Udp => client::Transport::Udp(UdpTransportOptions::default()),
        };
        let setup = SetupOptions::default().frame_format(FORMAT).transport(carried);
        session.setup(video, setup).await.map_err(|error| match error.status_code() {
            Some(461) => refused_transport(transport),
            _ => explain(error),
        })?;
        let playing = session.play(PlayOptions::default()).await.map_err(explain)?;
        let demuxed = playing.demuxed().map_err(explain)?;
        let mut rtsp = Self {
            demuxed,
            video,
            codec,
            stream: None,
            transport,
            clock: SenderClock::default(),
            lost: 0,
            _tunnel: tunnel,
        };
        rtsp.update_stream();
        Ok(rtsp)
    }

    /// Takes over the parameters from the SDP or the latest parameter sets.
    fn update_stream(&mut self) {
        let stream = &self.demuxed.streams()[self.video];
        let Some(ParametersRef::Video(parameters)) = stream.parameters() else {
            return;
        };
        let (width, height) = parameters.pixel_dimensions();
        let declared_fps = parameters
            .frame_rate()
            .filter(|(ticks, _)| *ticks > 0)
            .map(|(ticks, scale)| f64::from(scale) / f64::from(ticks))
            .or(stream.framerate().map(f64::from))
            .filter(|fps| (0.1..=1000.0).contains(fps));
        let config_record = match parameters.codec_params() {
            VideoParametersCodec::Jpeg => Bytes::new(),
            _ => Bytes::copy_from_slice(parameters.extra_data()),
        };
        let info = StreamInfo { codec: self.codec, width, height, declared_fps, config_record };
        if self.stream.as_deref() != Some(&info) {
            self.stream = Some(Arc::new(info));
        }
    }
}

impl Source for Rtsp {
    async fn next(&mut self) -> Result<AccessUnit> {
        loop {
            // Retina breaks down on some packets after one that it could not read, so what it calls
            // damaged ends the session.
            let item = match AssertUnwindSafe(self.demuxed.next()).catch_unwind().await {
                Ok(Some(Ok(item))) => item,
                Ok(Some(Err(error))) => return Err(ended(&error)),
                Ok(None) => {
                    return Err(Error::new(
                        ErrorKind::CameraUnreachable,
                        "the camera closed the connection",
                    ));
                }
                Err(_) => return Err(damaged("a packet out of order")),
            };
            let frame = match item {
                CodecItem::VideoFrame(frame) => frame,
                CodecItem::Rtcp(report) => {
                    self.report(&report);
                    continue;
                }
                _ => continue,
            };
            if frame.has_new_parameters() {
                self.update_stream();
            }
            self.lost += u32::from(frame.loss());
            let Some(stream) = &self.stream else { continue };
            let arrived: SystemTime = frame.start_ctx().received_wall().into();
            let arrived = Timestamp::try_from(arrived).unwrap_or_else(|_| Timestamp::now());
            let rtp_seconds = frame.timestamp().elapsed_secs();
            let (captured_at, clock) = self.clock.captured(rtp_seconds, arrived);
            return Ok(AccessUnit {
                stream: Arc::clone(stream),
                captured_at,
                clock,
                pts: (rtp_seconds * 1e6) as i64,
                // Retina counts IDR pictures only.
                keyframe: frame.is_random_access_point()
                    || nal::starts_here(self.codec, frame.data()),
                lost: std::mem::take(&mut self.lost),
                relayed: None,
                data: frame.into_data().into(),
            });
        }
    }

    fn session(&self) -> Session {
        let streams = self.demuxed.streams();
        let audio = streams.iter().find(|s| s.media() == "audio");
        Session {
            path: Path::Rtsp,
            reason: None,
            transport: Some(self.transport),
            audio: audio.map(|s| s.encoding_name().to_owned()),
        }
    }
}

impl Rtsp {
    /// Takes in what the camera says of its clock.
    fn report(&mut self, compound: &retina::rtcp::ReceivedCompoundPacket) {
        if compound.stream_id() != self.video {
            return;
        }
        let first =
            compound.pkts().next().and_then(|first| first.as_sender_report().ok().flatten());
        if let (Some(at), Some(report)) = (compound.rtp_timestamp(), first) {
            self.clock.reported(report.ntp_timestamp().0, at.elapsed_secs());
        }
    }
}

/// Why a session ended.
fn ended(error: &retina::Error) -> Error {
    let text = error.to_string();
    // The type does not tell whether the error is about one packet's content, but its text does:
    // only such errors name a packet.
    if text.contains("\npkt: ") {
        return damaged(text.lines().next().unwrap_or_default());
    }
    explain(error, true)
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::DamagedStream, format!("the camera sent damaged packets: {what}"))
}

fn refused_transport(transport: Transport) -> Error {
    let other = match transport {
        Transport::Tcp => Transport::Udp,
        Transport::Udp => Transport::Tcp,
    };
    Error::new(
        ErrorKind::CameraUnreachable,
        format!(
            "the camera does not send its pictures over {}; set its transport to {}",
            transport.name().to_uppercase(),
            other.name()
        ),
    )
}

/// The first video track that can be read.
fn choose_video(streams: &[retina::client::Stream]) -> Result<(usize, Codec)> {
    let mut refused = Vec::new();
    for (index, stream) in streams.iter().enumerate().filter(|(_, s)| s.media() == "video") {
        match stream.encoding_name() {
            "h264" => return Ok((index, Codec::H264)),
            "h265" => return Ok((index, Codec::H265)),
            "jpeg" => return Ok((index, Codec::Mjpeg)),
            other => refused.push(other.to_uppercase()),
        }
    }
    let what = if refused.is_empty() {
        "the camera sends no video at this URL".to_owned()
    } else {
        format!(
            "the camera sends {} at this URL; Fanlight reads H.264, H.265 and Motion JPEG",
            refused.join(", ")
        )
    };
    Err(Error::new(ErrorKind::UnsupportedCodec, what))
}

/// Retina's error in words for a person. Its own text is kept where it says what happened, as
/// its type tells only the status code apart.
fn explain(error: &retina::Error, signed_in: bool) -> Error {
    let text = error.to_string();
    // The rest is addresses and offsets for a packet capture.
    let summary = text.lines().next().unwrap_or_default();
    tracing::debug!("rtsp: {}", crate::redact::redact(summary));
    match error.status_code() {
        Some(401 | 403) if signed_in => Error::new(
            ErrorKind::AuthFailed,
            "the camera refused the user name or password; check both",
        ),
        Some(401 | 403) => Error::new(
            ErrorKind::AuthFailed,
            "the camera asks for a user name and password, and none was given; in a URL they stand before the host, as user:password@host",
        ),
        Some(404) => Error::new(
            ErrorKind::CameraNotFound,
            "the camera answers, but has no such path; check the part of the URL after the host",
        ),
        Some(200..=299) => Error::new(
            ErrorKind::UnsupportedCodec,
            format!("the camera's description of its stream cannot be read: {summary}"),
        ),
        Some(status) => Error::new(
            ErrorKind::CameraUnreachable,
            format!("the camera refused the request with RTSP status {status}"),
        ),
        None => explain_text(summary),
    }
}

fn explain_text(summary: &str) -> Error {
    if let Some(cause) = summary.strip_prefix("Unable to connect to RTSP server: ") {
        return Error::unreachable(cause);
    }
    if summary.starts_with("RTSP framing error") {
        return Error::new(
            ErrorKind::NotRtsp,
            "something answers at this address and port, but it does not speak RTSP; the usual RTSP port is 554",
        );
    }
    if summary.contains("authentication") || summary.contains("WWW-Authenticate") {
        return Error::new(
            ErrorKind::AuthFailed,
            format!("signing in to the camera failed: {summary}"),
        );
    }
    if summary.starts_with("Unsupported") {
        return Error::new(ErrorKind::UnsupportedCodec, summary);
    }
    Error::new(ErrorKind::CameraUnreachable, format!("the connection was lost: {summary}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        "Unable to connect to RTSP server: Connection refused (os error 111)",
        ErrorKind::CameraUnreachable
    )]
    #[case(
        "Unable to connect to RTSP server: failed to lookup address information: Name or service not known",
        ErrorKind::CameraUnreachable
    )]
    #[case("RTSP framing error: Invalid RTSP message", ErrorKind::NotRtsp)]
    #[case("Unsupported: something", ErrorKind::UnsupportedCodec)]
    #[case("Error reading from RTSP peer: unexpected EOF", ErrorKind::CameraUnreachable)]
    fn words_have_kinds(#[case] summary: &str, #[case] kind: ErrorKind) {
        assert_eq!(explain_text(summary).kind(), kind);
    }
}
