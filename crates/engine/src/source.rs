//! Where a camera's packets come from. Each source opens one session and reads it until it ends;
//! retrying is the ingest's business.

mod ffmpeg;
mod relay;
mod replay;
mod rtsp;
mod sender_clock;
mod tunnel;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use retina::client::SessionGroup;
use tokio::time::timeout;

use crate::camera_url::CameraUrl;
use crate::config::Transport;
use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::Fingerprint;
use crate::packet::AccessUnit;
use crate::packet_feed::{FeedItem, PacketReader};
use crate::peer::Introduction;
use crate::sidecar::Sidecar;
use crate::sidecar::args::Container;
use crate::status::{Path, Session};

use ffmpeg::{Ffmpeg, Input};
pub(crate) use relay::{Numbering, Place, Relay, Told};
pub(crate) use replay::Replays;

/// How long a camera may take to end a session before the next is opened all the same.
const TEARDOWN: Duration = Duration::from_millis(1500);

/// Sessions that damaged packets end soon, one after the other, until FFmpeg has a try.
const MAX_DAMAGED: u32 = 3;
/// A session that goes on for this long shows that the camera can be read.
const LASTING: Duration = Duration::from_secs(60);

/// What to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceConfig {
    pub(crate) url: CameraUrl,
    pub(crate) transport: Transport,
    /// The one certificate that an encrypted camera may show although the system does not trust it.
    pub(crate) accepted: Option<Fingerprint>,
}

/// What sources work with.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) sidecar: Sidecar,
    pub(crate) replays: Replays,
    /// How this instance introduces itself to those it reads from.
    pub(crate) introduction: Introduction,
}

/// How a camera is opened, as far as its former sessions have taught.
#[derive(Default)]
pub(crate) struct Route {
    /// Why FFmpeg opens an RTSP camera, once it has to.
    unreadable: Option<Error>,
    /// Sessions in a row that damaged packets ended.
    damaged: u32,
    /// How FFmpeg hands its packets over.
    container: Container,
    /// The RTSP sessions, until the camera has let go of them.
    sessions: Arc<SessionGroup>,
}

impl Route {
    /// Another camera may be there now.
    pub(crate) fn forget(&mut self) {
        (self.unreadable, self.damaged, self.container) = (None, 0, Container::default());
    }

    /// Learns from the end of a session that was online for so long. An RTSP camera that cannot be
    /// understood goes to FFmpeg, which is more forgiving; one that FFmpeg does not understand
    /// either begins anew.
    pub(crate) fn learn(&mut self, error: &Error, online: Duration) {
        self.damaged = match error.kind() {
            ErrorKind::DamagedStream if online < LASTING => self.damaged + 1,
            _ => 0,
        };
        let unreadable = error.kind() == ErrorKind::UnsupportedCodec || self.damaged >= MAX_DAMAGED;
        if unreadable {
            self.unreadable = self.unreadable.is_none().then(|| error.clone());
            self.damaged = 0;
        }
    }
}

/// An open session. Dropping it closes the connection.
pub(crate) trait Source: Send {
    /// Waits for the next access unit. Not cancel safe; a session whose read was given up is
    /// dropped.
    ///
    /// # Errors
    /// Whatever ended the session, in words for a person.
    fn next(&mut self) -> impl Future<Output = Result<AccessUnit>> + Send;

    /// What is known of the session.
    fn session(&self) -> Session;
}

/// A session of the source that fits the URL.
pub(crate) enum Opened {
    Rtsp(Box<rtsp::Rtsp>),
    Ffmpeg(Box<Ffmpeg>),
    /// The feed of a camera whose session is somebody else's.
    Feed(PacketReader, Session),
}

/// Opens a session.
///
/// # Errors
/// Whatever kept it from opening, in words for a person.
pub(crate) async fn open(
    config: &SourceConfig,
    route: &mut Route,
    tools: &Tools,
) -> Result<Opened> {
    let Tools { sidecar, replays, .. } = tools;
    let container = &mut route.container;
    let ffmpeg = match config.url.scheme() {
        "rtsp" | "rtsps" => return open_rtsp(config, route, sidecar).await,
        "demo" => Ffmpeg::demo(sidecar).await?,
        "http" | "https" | "rtmp" => {
            Ffmpeg::open(Input::Url(&config.url), container, sidecar).await?
        }
        "replay" => {
            let file = replays.file(&config.url.replay_name().unwrap_or_default())?;
            Ffmpeg::open(Input::File(&file), container, sidecar).await?
        }
        other => {
            return Err(Error::new(
                ErrorKind::UnsupportedScheme,
                format!("{other}:// cameras cannot be opened by this version of Fanlight"),
            ));
        }
    };
    Ok(Opened::Ffmpeg(Box::new(ffmpeg)))
}

/// By retina, or by FFmpeg once retina has not understood the camera.
async fn open_rtsp(config: &SourceConfig, route: &mut Route, sidecar: &Sidecar) -> Result<Opened> {
    if route.unreadable.is_none() {
        // A camera with one connection to give refuses the next as long as it holds the last.
        let _ = timeout(TEARDOWN, route.sessions.await_teardown()).await;
        match rtsp::Rtsp::open(config, Arc::clone(&route.sessions)).await {
            Ok(source) => return Ok(Opened::Rtsp(Box::new(source))),
            Err(error) if error.kind() == ErrorKind::UnsupportedCodec => {
                route.learn(&error, Duration::ZERO);
            }
            Err(error) => return Err(error),
        }
    }
    let Route { unreadable, container, .. } = route;
    let why = unreadable.as_ref().map(|error| error.message().to_owned());
    match Ffmpeg::open(Input::Rtsp(config), container, sidecar).await {
        Ok(mut source) => {
            source.because(why);
            Ok(Opened::Ffmpeg(Box::new(source)))
        }
        // Both agree; the first knows better what it met.
        Err(error) if error.kind() == ErrorKind::UnsupportedCodec => {
            Err(unreadable.take().unwrap_or(error))
        }
        Err(error) => Err(error),
    }
}

impl Source for Opened {
    async fn next(&mut self) -> Result<AccessUnit> {
        match self {
            Self::Rtsp(source) => source.next().await,
            Self::Ffmpeg(source) => source.next().await,
            Self::Feed(reader, _) => loop {
                if let FeedItem::Packet(packet) = reader.next().await {
                    return Ok(AccessUnit {
                        stream: Arc::clone(&packet.stream),
                        captured_at: packet.captured_at,
                        clock: packet.clock,
                        pts: packet.pts,
                        keyframe: packet.keyframe,
                        data: packet.data.clone(),
                        lost: 0,
                        relayed: None,
                    });
                }
            },
        }
    }

    fn session(&self) -> Session {
        match self {
            Self::Rtsp(source) => source.session(),
            Self::Ffmpeg(source) => source.session(),
            Self::Feed(_, session) => session.clone(),
        }
    }
}

impl Session {
    /// A session that FFmpeg carries.
    fn of_ffmpeg(reason: Option<String>) -> Self {
        Self { path: Path::Ffmpeg, reason, transport: None, audio: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(ends: &[(ErrorKind, u64)]) -> bool {
        let mut route = Route::default();
        for (kind, seconds) in ends {
            route.learn(&Error::new(*kind, "so"), Duration::from_secs(*seconds));
        }
        route.unreadable.is_some()
    }

    #[test]
    fn what_cannot_be_read_goes_to_ffmpeg() {
        use ErrorKind::{CameraUnreachable, DamagedStream, UnsupportedCodec};
        assert!(after(&[(UnsupportedCodec, 0)]));
        assert!(!after(&[(UnsupportedCodec, 0), (UnsupportedCodec, 0)]), "nor can FFmpeg");
        assert!(!after(&[(CameraUnreachable, 0); 9]));
        assert!(!after(&[(DamagedStream, 2); 2]));
        assert!(after(&[(DamagedStream, 2); 3]));
        assert!(!after(&[(DamagedStream, 600); 9]), "now and then is no reason");
        assert!(!after(&[
            (DamagedStream, 2),
            (DamagedStream, 2),
            (CameraUnreachable, 2),
            (DamagedStream, 2)
        ]));
    }
}
