//! The relay source: the packets of a camera that another instance has open, over a WebSocket from
//! its API. They keep their numbers and capture times.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderName, Uri};
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, Error as SocketError, Limits, WebSocketStream, upgrade};

use crate::config::CameraId;
use crate::error::{Error, ErrorKind, Result};
use crate::ownership::Peer;
use crate::packet::{AccessUnit, Relayed, StreamInfo};
use crate::peer::{self, Introduction, Wire};
use crate::relay_message::{Head, RelayMessage};
use crate::status::{Path, Session, Status};

/// How long the owner may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// No access unit is larger.
const LARGEST: usize = 128 << 20;

/// Which stream of which camera.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) camera: CameraId,
    /// `main` or `sub`.
    pub(crate) stream: &'static str,
}

/// How the owner's sequence numbers become ours. They are the same, unless that would have a reader
/// count backwards: when the owner has begun anew with 1, say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Numbering {
    /// The counter that the last numbers were of.
    feed: Option<u64>,
    /// What is added to them; none until the first one is known.
    ahead: Option<u64>,
}

impl Numbering {
    /// Other packets were numbered here in between.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    fn counted_by(&mut self, feed: u64) {
        if self.feed != Some(feed) {
            *self = Self { feed: Some(feed), ahead: None };
        }
    }

    /// The number here of the one that is `sequence` there, while `next` would be the next one. A
    /// counter that is known may go back: it tells packets again that were here before.
    fn ours(&mut self, sequence: u64, next: u64) -> u64 {
        let ahead = *self.ahead.get_or_insert_with(|| next.saturating_sub(sequence));
        sequence.saturating_add(ahead)
    }
}

/// What comes from the owner.
#[derive(Debug)]
pub(crate) enum Told {
    Unit(AccessUnit),
    /// How its own connection is, while no packets come.
    Status(Status),
}

/// One session with the owner.
pub(crate) struct Relay {
    socket: WebSocketStream<Box<dyn Wire>>,
    owner: String,
    stream: Option<Arc<StreamInfo>>,
    numbering: Numbering,
    /// The number here that would be the next.
    next: u64,
    /// The newest number there when the session began.
    cached: Option<u64>,
    /// Of the packet whose data comes next.
    head: Option<Head>,
}

impl Relay {
    /// Connects to the owner and asks for the stream. `known` is what the stream said of itself
    /// last, and `next` the next sequence number here.
    ///
    /// # Errors
    /// [`ErrorKind::OwnerUnreachable`], [`ErrorKind::NotOwner`], and the owner's own words.
    pub(crate) async fn open(
        peer: &Peer,
        place: &Place,
        introduction: &Introduction,
        known: Option<Arc<StreamInfo>>,
        numbering: Numbering,
        next: u64,
    ) -> Result<Self> {
        let wire = peer::connect(peer).await?;
        let name = &peer.name;
        let uri: Uri = address(peer, place)
            .parse()
            .map_err(|_| peer::unreachable(name, "its address is no URL"))?;
        let mut builder =
            ClientBuilder::from_uri(uri).limits(Limits::default().max_payload_len(Some(LARGEST)));
        for (header, value) in introduction.headers() {
            builder = builder
                .add_header(HeaderName::from_static(header), value)
                .map_err(|error| peer::unreachable(name, &error.to_string()))?;
        }
        let (socket, _) = timeout(ANSWER, builder.connect_on(wire))
            .await
            .map_err(|_| peer::unreachable(name, "it does not answer"))?
            .map_err(|error| refused(name, &error))?;
        let owner = name.clone();
        Ok(Self { socket, owner, stream: known, numbering, next, cached: None, head: None })
    }

    /// How the owner's numbers become ours, as far as the session has come.
    pub(crate) fn numbering(&self) -> Numbering {
        self.numbering
    }

    /// What is known of any such session.
    pub(crate) fn session() -> Session {
        Session { path: Path::Relay, reason: None, transport: None, audio: None }
    }

    /// Waits for what comes next. Cancel safe.
    ///
    /// # Errors
    /// Whatever ended the session, in words for a person.
    pub(crate) async fn next(&mut self) -> Result<Told> {
        loop {
            let payload = self.payload().await?;
            if let Some(head) = self.head.take() {
                match self.unit(head, payload) {
                    Some(unit) => return Ok(Told::Unit(unit)),
                    None => continue,
                }
            }
            match RelayMessage::decode(payload)? {
                RelayMessage::Stream { feed, newest, info } => {
                    self.numbering.counted_by(feed);
                    self.cached.get_or_insert(newest);
                    if self.stream.as_deref() != Some(&info) {
                        self.stream = Some(Arc::new(info));
                    }
                }
                RelayMessage::Packet(head) => self.head = Some(head),
                RelayMessage::Status(status) => return Ok(Told::Status(status)),
                RelayMessage::End(error) => return Err(error),
                RelayMessage::Unknown => {}
            }
        }
    }

    /// The next binary message.
    async fn payload(&mut self) -> Result<Bytes> {
        loop {
            let lost = |why: &str| peer::unreachable(&self.owner, why);
            match self.socket.next().await {
                Some(Ok(message)) if message.is_binary() => {
                    return Ok(message.into_payload().into());
                }
                Some(Ok(message)) if message.is_close() => {
                    return Err(lost("it closed the connection"));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(lost(&error.to_string())),
                None => return Err(lost("the connection was lost")),
            }
        }
    }

    fn unit(&mut self, head: Head, data: Bytes) -> Option<AccessUnit> {
        let Head { sequence, captured_at, clock, pts, keyframe, lost } = head;
        let stream = Arc::clone(self.stream.as_ref()?);
        let ours = self.numbering.ours(sequence, self.next);
        let cached = self.cached.is_some_and(|newest| sequence <= newest);
        let relayed = Some(Relayed { sequence: ours, cached });
        Some(AccessUnit { stream, captured_at, clock, pts, keyframe, data, lost, relayed })
    }
}

/// The WebSocket of a stream at its owner.
fn address(peer: &Peer, place: &Place) -> String {
    let Place { camera, stream } = place;
    let mut url = peer.url.clone();
    // The scheme of a WebSocket is that of the API it belongs to.
    let scheme = if matches!(url.scheme(), "https" | "wss") { "wss" } else { "ws" };
    let path = format!("{}/ws/{camera}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_query(Some(&format!("format=packets&stream={stream}")));
    format!("{scheme}{}", url.as_str().trim_start_matches(url.scheme()))
}

/// Why the owner did not open the WebSocket.
fn refused(name: &str, error: &SocketError) -> Error {
    let SocketError::Upgrade(upgrade::Error::DidNotSwitchProtocols(status)) = error else {
        return peer::unreachable(name, &error.to_string());
    };
    match status {
        421 => not_owner(name),
        401 => peer::unreachable(
            name,
            "it refused this instance's token; all instances must be started with the same one",
        ),
        403 => peer::unreachable(
            name,
            "it does not take requests by the name it gave; allow that name with --allow-host",
        ),
        404 => peer::unreachable(name, "it does not know this camera yet"),
        429 => peer::unreachable(name, "it has as many consumers as it may have"),
        status => peer::unreachable(name, &format!("it answered with HTTP status {status}")),
    }
}

/// The instance of this name does not have the camera open.
fn not_owner(name: &str) -> Error {
    Error::new(
        ErrorKind::NotOwner,
        format!(
            "the instance {name} was to have this camera open and has not; it is asked again in a moment"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("http://10.0.0.7:8080", "ws://10.0.0.7:8080/ws/door?format=packets&stream=sub")]
    #[case("https://a.example/", "wss://a.example/ws/door?format=packets&stream=sub")]
    #[case("http://[::1]:80/fanlight/", "ws://[::1]/fanlight/ws/door?format=packets&stream=sub")]
    fn addresses(#[case] url: &str, #[case] expected: &str) {
        let peer = Peer { name: "a".into(), url: url.parse().expect("valid") };
        let camera = CameraId::parse("door").expect("valid");
        assert_eq!(address(&peer, &Place { camera, stream: "sub" }), expected);
    }

    #[test]
    fn numbers_are_kept() {
        let mut numbering = Numbering::default();
        numbering.counted_by(1);
        assert_eq!(numbering.ours(812, 1), 812);
        assert_eq!(numbering.ours(813, 813), 813);
        // After a break of the connection, what was here before is told again.
        numbering.counted_by(1);
        assert_eq!(numbering.ours(800, 815), 800);
    }

    #[test]
    fn numbers_never_count_backwards() {
        let mut numbering = Numbering::default();
        numbering.counted_by(1);
        assert_eq!(numbering.ours(812, 1), 812);
        // The owner was started anew.
        numbering.counted_by(2);
        assert_eq!(numbering.ours(1, 814), 814);
        assert_eq!(numbering.ours(3, 815), 816, "a gap stays one");
    }
}
