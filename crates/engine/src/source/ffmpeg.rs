//! The source for what retina does not read: FFmpeg opens it and hands the packets over untouched,
//! H.264 and H.265 as FLV, Motion JPEG as a multipart stream.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ffmpeg_sidecar::command::FfmpegCommand;
use jiff::{Timestamp, Zoned};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::rtsp::tunnel_to;
use super::tunnel::Tunnel;
use super::{Source, SourceConfig};
use crate::camera_url::CameraUrl;
use crate::codec::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::flv::{Content, FlvError, FlvReader, VideoTag};
use crate::mpjpeg::{MpjpegError, MpjpegReader};
use crate::nal;
use crate::packet::{AccessUnit, Clock, StreamInfo};
use crate::sidecar::args::{self, Container};
use crate::sidecar::{self, Child, Sidecar};
use crate::status::Session;

/// How long a stream may take from the start of FFmpeg to its first packet: an HLS playlist lists
/// segments of up to ten seconds.
const OPEN_TIMEOUT: Duration = Duration::from_secs(15);

/// Larger than most keyframes, so that a packet takes few system calls.
const READ_BUFFER: usize = 256 << 10;

/// One FFmpeg process that delivers one camera.
pub(crate) struct Ffmpeg {
    /// Kills the process when the session ends.
    _process: tokio::process::Child,
    packets: Packets,
    stream: Option<Arc<StreamInfo>>,
    /// The first packet, which opening waited for.
    first: Option<AccessUnit>,
    started: Timestamp,
    complaints: Complaints,
    session: Session,
    /// What carries the session of an encrypted camera; held for its lifetime.
    tunnel: Option<Tunnel>,
}

enum Packets {
    Flv(FlvReader<BufReader<ChildStdout>>),
    Mpjpeg(MpjpegReader<BufReader<ChildStdout>>),
}

/// What FFmpeg is to read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Input<'a> {
    /// A video file, played in a loop as a live camera would send it.
    File(&'a Path),
    /// A camera that is no RTSP camera.
    Url(&'a CameraUrl),
    /// An RTSP camera that the engine could not read.
    Rtsp(&'a SourceConfig),
}

/// Why a session did not open or go on.
struct Failure {
    error: Error,
    /// The stream is fine, but does not go into this container.
    wrong_container: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, wrong_container: false }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl Ffmpeg {
    /// Starts the demo camera.
    pub(crate) async fn demo(sidecar: &Sidecar) -> Result<Self> {
        let now = Zoned::now().time();
        let minutes = i32::from(now.hour()) * 60 + i32::from(now.minute());
        let seconds = (minutes * 60 + i32::from(now.second())).unsigned_abs();
        let child = sidecar.spawn(|command| args::demo(command, seconds)).await?;
        Ok(Self::read(child, Container::Flv).await?)
    }

    /// Opens what is not FFmpeg's own: in the container that worked last, or else in the others in
    /// turn. What a camera sends is known only once it is open.
    pub(crate) async fn open(
        input: Input<'_>,
        container: &mut Container,
        sidecar: &Sidecar,
    ) -> Result<Self> {
        let others = Container::ALL.into_iter().filter(|other| other != container);
        let mut last = None;
        for tried in [*container].into_iter().chain(others.collect::<Vec<_>>()) {
            match Self::open_in(input, tried, sidecar).await {
                Ok(mut source) => {
                    *container = tried;
                    if tried == Container::Encoded {
                        source.session.reason = Some(RECODED.to_owned());
                    }
                    return Ok(source);
                }
                Err(Failure { error, wrong_container: true }) => last = Some(error),
                Err(Failure { error, .. }) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::new(ErrorKind::Internal, "no container was tried")))
    }

    async fn open_in(
        input: Input<'_>,
        container: Container,
        sidecar: &Sidecar,
    ) -> std::result::Result<Self, Failure> {
        match input {
            Input::File(file) => {
                let child = sidecar.spawn(|command| args::replay(command, file, container)).await?;
                Self::read(child, container).await
            }
            Input::Url(url) => {
                let script = args::script(url.parsed().as_str(), &[]);
                Self::follow(url.scheme(), &script, container, sidecar).await
            }
            Input::Rtsp(config) => {
                let mut url = config.url.parsed();
                let tunnel = match url.scheme() {
                    "rtsps" => Some(tunnel_to(&mut url, config.accepted).await?),
                    _ => None,
                };
                let options = [("rtsp_transport", config.transport.name())];
                let script = args::script(url.as_str(), &options);
                let mut source = Self::follow("rtsp", &script, container, sidecar).await?;
                source.tunnel = tunnel;
                source.session.transport = Some(config.transport);
                Ok(source)
            }
        }
    }

    async fn follow(
        scheme: &str,
        script: &str,
        container: Container,
        sidecar: &Sidecar,
    ) -> std::result::Result<Self, Failure> {
        let build = |command: &mut FfmpegCommand| {
            args::remote(command, args::protocols(scheme), container);
        };
        let mut child = sidecar.spawn(build).await?;
        // The URL travels on stdin: arguments and environment are anybody's to read. A process
        // that ended before it read this says why on stderr.
        let _ = child.stdin.write_all(script.as_bytes()).await;
        Self::read(child, container).await
    }

    /// Waits for the first packet.
    async fn read(child: Child, container: Container) -> std::result::Result<Self, Failure> {
        let Child { process, stdin, stdout, stderr } = child;
        drop(stdin);
        let stdout = BufReader::with_capacity(READ_BUFFER, stdout);
        let packets = match container {
            Container::Flv | Container::Encoded => Packets::Flv(FlvReader::new(stdout)),
            Container::Mpjpeg => Packets::Mpjpeg(MpjpegReader::new(stdout)),
        };
        let mut source = Self {
            _process: process,
            packets,
            stream: None,
            first: None,
            started: Timestamp::now(),
            complaints: Complaints::listen(stderr),
            session: Session::of_ffmpeg(None),
            tunnel: None,
        };
        let first = timeout(OPEN_TIMEOUT, source.read_on()).await.map_err(|_| {
            Error::new(
                ErrorKind::CameraTimeout,
                format!("no picture came within {} s", OPEN_TIMEOUT.as_secs()),
            )
        })??;
        source.first = Some(first);
        Ok(source)
    }

    async fn read_on(&mut self) -> std::result::Result<AccessUnit, Failure> {
        loop {
            let unit = match self.packets {
                Packets::Flv(_) => self.next_tag().await?,
                Packets::Mpjpeg(_) => self.next_jpeg().await?,
            };
            if let Some(unit) = unit {
                return Ok(unit);
            }
        }
    }

    async fn next_tag(&mut self) -> std::result::Result<Option<AccessUnit>, Failure> {
        let Packets::Flv(flv) = &mut self.packets else { return Ok(None) };
        let tag = match flv.next().await {
            Ok(tag) => tag,
            Err(error) => return Err(self.complaints.explain_flv(&error).await),
        };
        let metadata = flv.metadata();
        Ok(match (tag, &self.stream) {
            (VideoTag { content: Content::Config, codec, payload, .. }, _) => {
                self.stream = Some(Arc::new(StreamInfo {
                    codec,
                    width: metadata.width,
                    height: metadata.height,
                    declared_fps: (metadata.fps > 0.0).then_some(metadata.fps),
                    config_record: payload,
                }));
                None
            }
            (
                VideoTag { content: Content::AccessUnit { keyframe }, pts, payload, .. },
                Some(stream),
            ) => {
                let keyframe = keyframe || nal::starts_here(stream.codec, &payload);
                Some(unit(stream, pts * 1000, keyframe, payload))
            }
            // Nothing can be decoded before the configuration.
            _ => None,
        })
    }

    async fn next_jpeg(&mut self) -> std::result::Result<Option<AccessUnit>, Failure> {
        let Packets::Mpjpeg(mpjpeg) = &mut self.packets else { return Ok(None) };
        let data = match mpjpeg.next().await {
            Ok(data) => data,
            Err(error) => return Err(self.complaints.explain_mpjpeg(&error).await),
        };
        let Ok(header) = turbojpeg::read_header(&data) else { return Ok(None) };
        let (width, height) = (header.width as u32, header.height as u32);
        let stream = match &self.stream {
            Some(stream) if (stream.width, stream.height) == (width, height) => stream,
            _ => self.stream.insert(Arc::new(StreamInfo {
                codec: Codec::Mjpeg,
                width,
                height,
                declared_fps: None,
                config_record: Bytes::new(),
            })),
        };
        // The container has no times; pictures are shown as they come.
        let pts = Timestamp::now().duration_since(self.started).as_micros() as i64;
        Ok(Some(unit(stream, pts, true, data)))
    }
}

/// What a person should know of a codec that is not carried as it is.
const RECODED: &str = "FFmpeg re-encodes this codec to H.264, which costs some of a core";

fn unit(stream: &Arc<StreamInfo>, pts: i64, keyframe: bool, data: Bytes) -> AccessUnit {
    let (stream, captured_at) = (Arc::clone(stream), Timestamp::now());
    AccessUnit {
        stream,
        captured_at,
        clock: Clock::Arrival,
        pts,
        keyframe,
        data,
        lost: 0,
        relayed: None,
    }
}

impl Source for Ffmpeg {
    async fn next(&mut self) -> Result<AccessUnit> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        Ok(self.read_on().await?)
    }

    fn session(&self) -> Session {
        self.session.clone()
    }
}

impl Ffmpeg {
    /// Says why FFmpeg had to open the camera, unless it says something of its own.
    pub(crate) fn because(&mut self, why: Option<String>) {
        self.session.reason = match (why, self.session.reason.take()) {
            (Some(why), Some(own)) => Some(format!("{why}; {own}")),
            (why, own) => why.or(own),
        };
    }
}

/// What FFmpeg says on stderr, which tells why it ended; its exit code does not.
struct Complaints {
    lines: Arc<Mutex<Vec<String>>>,
    listening: AbortOnDropHandle<()>,
}

/// The last lines are the cause and its consequences.
const KEPT_LINES: usize = 10;
/// How long the rest of stderr may take once stdout has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

impl Complaints {
    fn listen(stderr: ChildStderr) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&lines);
        let listening = tokio::spawn(sidecar::each_line(stderr, move |line| {
            let text = sidecar::message(line);
            tracing::debug!("ffmpeg: {text}");
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.len() == KEPT_LINES {
                heard.remove(0);
            }
            heard.push(text);
        }));
        Self { lines, listening: AbortOnDropHandle::new(listening) }
    }

    async fn explain_flv(&mut self, error: &FlvError) -> Failure {
        match error {
            FlvError::Codec(_) => Failure {
                error: Error::new(ErrorKind::UnsupportedCodec, error.to_string()),
                wrong_container: true,
            },
            FlvError::NotFlv | FlvError::TooLarge(_) => damaged(error),
            FlvError::Io(_) => self.explain_end().await,
        }
    }

    async fn explain_mpjpeg(&mut self, error: &MpjpegError) -> Failure {
        match error {
            MpjpegError::NotMpjpeg | MpjpegError::TooLarge(_) => damaged(error),
            MpjpegError::Io(_) => self.explain_end().await,
        }
    }

    /// Why the process ended, once all it said is here.
    async fn explain_end(&mut self) -> Failure {
        let _ = timeout(LAST_WORDS, &mut self.listening).await;
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        explain(&lines)
    }
}

fn damaged(error: &dyn std::fmt::Display) -> Failure {
    Error::new(ErrorKind::Internal, format!("FFmpeg sent a damaged stream: {error}")).into()
}

/// What FFmpeg says of a codec that a container does not take.
const WRONG_CONTAINER: [&str; 6] = [
    "not compatible with flv",
    "not supported in the official FLV",
    "muxer supports only codec",
    "codec not currently supported in container",
    "mjpeg codec",
    "Unsupported codec",
];

/// FFmpeg's complaints in words for a person: the first line that tells a cause decides.
fn explain(lines: &[String]) -> Failure {
    const CAUSES: [(&str, ErrorKind, &str); 13] = [
        (
            "401 Unauthorized",
            ErrorKind::AuthFailed,
            "the camera refused the user name or password; check both",
        ),
        (
            "403 Forbidden",
            ErrorKind::AuthFailed,
            "the camera refused the user name or password; check both",
        ),
        (
            "404 Not Found",
            ErrorKind::CameraNotFound,
            "the camera answers, but has no such path; check the part of the URL after the host",
        ),
        (
            "Connection refused",
            ErrorKind::CameraUnreachable,
            "nothing listens at this address and port; check both, and that the camera is on",
        ),
        (
            "Failed to resolve",
            ErrorKind::CameraUnreachable,
            "this host name is not known on the network; check its spelling",
        ),
        (
            "No route to host",
            ErrorKind::CameraUnreachable,
            "there is no way to this address on the network",
        ),
        (
            "Network is unreachable",
            ErrorKind::CameraUnreachable,
            "there is no way to this address on the network",
        ),
        (
            "Connection timed out",
            ErrorKind::CameraTimeout,
            "the camera did not answer; is it switched on and reachable?",
        ),
        (
            "certificate",
            ErrorKind::TlsFailed,
            "the camera's certificate is not one this machine trusts",
        ),
        ("TLS", ErrorKind::TlsFailed, "the encrypted connection to the camera failed"),
        ("SSL", ErrorKind::TlsFailed, "the encrypted connection to the camera failed"),
        ("matches no streams", ErrorKind::UnsupportedCodec, "there is no video at this URL"),
        (
            "Invalid data found",
            ErrorKind::UnsupportedCodec,
            "what is at this URL is no video that FFmpeg knows",
        ),
    ];
    if lines.iter().any(|line| WRONG_CONTAINER.iter().any(|mark| line.contains(mark))) {
        let error =
            Error::new(ErrorKind::UnsupportedCodec, "the camera's video codec is not supported");
        return Failure { error, wrong_container: true };
    }
    for line in lines {
        if let Some((_, kind, words)) = CAUSES.iter().find(|(mark, ..)| line.contains(mark)) {
            return Error::new(*kind, *words).into();
        }
    }
    let why = lines.last().map_or("its process ended", String::as_str);
    Error::new(ErrorKind::CameraUnreachable, format!("FFmpeg lost the stream: {why}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("HTTP error 401 Unauthorized", ErrorKind::AuthFailed)]
    #[case("HTTP error 404 Not Found", ErrorKind::CameraNotFound)]
    #[case(
        "Connection to tcp://127.0.0.1:9 failed: Connection refused",
        ErrorKind::CameraUnreachable
    )]
    #[case("Video codec mjpeg not compatible with flv", ErrorKind::UnsupportedCodec)]
    #[case("something new", ErrorKind::CameraUnreachable)]
    fn complaints_have_kinds(#[case] line: &str, #[case] kind: ErrorKind) {
        let failure = explain(&[line.to_owned(), "Error opening input".to_owned()]);
        assert_eq!(failure.error.kind(), kind);
    }
}
