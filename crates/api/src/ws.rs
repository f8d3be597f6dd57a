//! `WS /ws/{id}`: frames pushed, one per binary message, the newest first when a client is slow; or
//! access units as the camera sends them, of which a slow client loses whole GOPs. With `credit` a
//! client gets as many messages as it asks for.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Extension;
use axum::response::{IntoResponse as _, Response};
use axum_tws::{CloseCode, Config, Limits, Message, WebSocket, WebSocketError, WebSocketUpgrade};
use bytes::Bytes;
use fanlight_engine::{
    Camera, Codec, ConsumerInfo, ConsumerKind, Error, ErrorKind, FrameReader, PacketConsumer, Role,
    Size, Spec,
};
use futures_util::{FutureExt as _, StreamExt as _};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tokio::time::{MissedTickBehavior, interval, timeout};
use utoipa::{IntoParams, ToSchema};

use crate::extract::{Asked, Named};
use crate::frame::{consumer, period, quality, size};
use crate::places::{Place, Working};
use crate::problem::Problem;
use crate::relay;
use crate::ws_credit::Credit;
use crate::ws_message::{Form, WsFormat};
use crate::{Answer, invalid};

/// Below the minute after which proxies close a silent connection.
const PING_PERIOD: Duration = Duration::from_secs(54);
/// A client that takes nothing for this long is gone.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// Clients have nothing to say that is longer.
const MAX_CLIENT_MESSAGE: usize = 64 << 10;
/// Frames are never split over several WebSocket frames.
const MAX_FRAME: usize = 128 << 20;
/// A decoder that cannot work is asked again this often.
const FAULT_RETRY: Duration = Duration::from_secs(1);
/// A camera that was never connected tells its codec within this time, or is taken at its word.
const CODEC_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WsQuery {
    /// Pixels a row, for pictures.
    #[param(minimum = 16, maximum = 8192)]
    width: Option<u32>,
    /// Rows, for pictures.
    #[param(minimum = 16, maximum = 8192)]
    height: Option<u32>,
    /// Pictures, `bgr24` when absent, or the camera's own access units as an Annex B byte stream;
    /// `packets` is what other instances of Fanlight read.
    #[serde(default)]
    #[param(inline)]
    format: WsFormat,
    /// At most so many frames a second, for pictures.
    #[param(minimum = 0.01, maximum = 1000)]
    fps: Option<f64>,
    /// Of a JPEG.
    #[param(minimum = 1, maximum = 100, default = 80)]
    quality: Option<u8>,
    /// 1 puts 32 bytes before each message that say what it is.
    #[serde(default)]
    #[param(default = 0)]
    header: u8,
    /// For access units: `main`, also when absent, or `sub`.
    #[serde(default)]
    #[param(inline)]
    stream: WsStream,
    /// How many messages the client is sent before it asks for more.
    #[param(minimum = 1, maximum = 16)]
    credit: Option<u8>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum WsStream {
    #[default]
    Main,
    Sub,
}

impl WsStream {
    fn role(self) -> Role {
        match self {
            Self::Main => Role::Main,
            Self::Sub => Role::Sub,
        }
    }
}

/// What a client gets, once its request is known to be sound.
enum Wish {
    Pictures { width: Option<u32>, height: Option<u32>, period: Option<Duration> },
    Packets { role: Role, codec: Codec },
}

/// Opens a WebSocket that is sent frames, one per binary message.
///
/// A slow client gets the newest frame when it is ready for one; of access units it loses whole GOPs.
#[utoipa::path(
    get, path = "/ws/{id}", operation_id = "websocket", tag = "frames",
    params(Named, WsQuery),
    responses(
        (status = 101, description = "The connection is a WebSocket now"),
        (status = 421, body = Problem, content_type = "application/problem+json", description = "`not_owner`: of `packets`, where another instance has the camera open"),
        (status = 426, body = Problem, content_type = "application/problem+json", description = "`websocket_expected`: this was no WebSocket handshake"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "`quota_exceeded`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`stream_not_running`, `auth_failed`, `camera_not_found` and the like: no picture will come until something changes"),
    ),
)]
pub(crate) async fn connect(
    Named(camera): Named,
    Asked(query): Asked<WsQuery>,
    headers: HeaderMap,
    place: Option<Extension<Arc<Place>>>,
    upgrade: Result<WebSocketUpgrade, WebSocketError>,
) -> Answer<Response> {
    let is_relay = query.format == WsFormat::Packets;
    // A relay is told in words of its own.
    if let Some(fault) = camera.lasting_fault().filter(|_| !is_relay) {
        return Err(fault.into());
    }
    let upgrade = upgrade.map_err(|e| {
        let why = format!("this path takes WebSocket connections only: {e}");
        Problem::new(StatusCode::UPGRADE_REQUIRED, "websocket_expected", why)
    })?;
    // Its connection is handed over to us, and its place with it.
    let working = place.map(|Extension(place)| place.work());
    let upgrade = upgrade
        .limits(Limits::default().max_payload_len(Some(MAX_CLIENT_MESSAGE)))
        .config(Config::default().frame_size(MAX_FRAME));
    if is_relay {
        return relay::connect(&camera, query.stream.role(), &headers, working, upgrade);
    }
    let form =
        Form { format: query.format, quality: quality(query.quality)?, header: query.header != 0 };
    let credit = Credit::new(query.credit)?;
    let wish = wish(&query)?;
    let consumer = consumer(&headers, ConsumerKind::WebSocket, form.format.name());
    // What can be refused is refused before the upgrade.
    let feed = match wish {
        Wish::Packets { role, codec } => {
            Some(packets(&camera, role, codec, consumer.clone()).await?)
        }
        Wish::Pictures { width, height, period } => {
            let known = size(&camera, width, height).now_or_never();
            known.map(|size| pictures(&camera, size?, period, consumer.clone())).transpose()?
        }
    };
    let response = upgrade.on_upgrade(move |mut socket| async move {
        let place = working.as_ref().map(Working::place);
        let serving = async {
            let feed = match feed {
                Some(feed) => Some(feed),
                None => join(&mut socket, &camera, wish, consumer).await?,
            };
            match feed {
                Some(feed) => push(&mut socket, feed, form, credit, place).await,
                None => Ok(()),
            }
        };
        tokio::select! {
            ended = serving => if let Err(end) = ended {
                tracing::debug!("websocket ended: {end}");
            },
            () = sent_away(place) => {}
        }
    });
    Ok(response.into_response())
}

fn wish(query: &WsQuery) -> Result<Wish, Error> {
    let WsQuery { width, height, .. } = *query;
    if let (Some(width), Some(height)) = (width, height) {
        Size::new(width, height)?;
    }
    let period = period(query.fps)?;
    Ok(match query.format.codec() {
        None => Wish::Pictures { width, height, period },
        Some(_) if period.is_some() || width.is_some() || height.is_some() => {
            return Err(invalid(
                "access units come as the camera sends them; width, height and fps are for bgr24 and jpeg",
            ));
        }
        Some(codec) => Wish::Packets { role: query.stream.role(), codec },
    })
}

/// Joins the packets of a stream that has this codec.
async fn packets(
    camera: &Camera,
    role: Role,
    codec: Codec,
    consumer: ConsumerInfo,
) -> Result<Feed, Error> {
    let packets = camera.packets(role, consumer)?;
    let sent = timeout(CODEC_WAIT, packets.stream_info()).await;
    match sent {
        Ok(info) if info.codec != codec => Err(Error::new(
            ErrorKind::UnsupportedCodec,
            format!("this camera sends {}; ask for that, or for jpeg", info.codec.name()),
        )),
        // One that is away may come back as anything; the client sees what comes.
        _ => Ok(Feed::Packets(packets)),
    }
}

/// Joins the pictures of this size.
fn pictures(
    camera: &Camera,
    size: Size,
    period: Option<Duration>,
    consumer: ConsumerInfo,
) -> Result<Feed, Error> {
    let reader = camera.frames(Spec { size, period }, consumer)?;
    Ok(Feed::Pictures { reader, last: 0 })
}

/// Joins the pictures, as far as the client stays: a shape that only the camera knows is waited for.
async fn join(
    socket: &mut WebSocket,
    camera: &Camera,
    wish: Wish,
    consumer: ConsumerInfo,
) -> Result<Option<Feed>, WebSocketError> {
    let Wish::Pictures { width, height, period } = wish else { return Ok(None) };
    let joined = async {
        let size = size(camera, width, height).await?;
        pictures(camera, size, period, consumer)
    };
    let joined = tokio::select! {
        joined = joined => joined,
        gone = ignore_messages(socket) => return gone.map(|()| None),
    };
    match joined {
        Ok(feed) => Ok(Some(feed)),
        Err(error) => close(socket, error.message()).await.map(|()| None),
    }
}

/// Where a client's messages come from.
enum Feed {
    Pictures {
        reader: FrameReader,
        /// The sequence number last sent.
        last: u64,
    },
    Packets(PacketConsumer),
}

impl Feed {
    /// As [`Feed::next`], once there is credit for it. Without, only the end comes.
    async fn next_with(&mut self, credit: Credit, form: Form) -> Result<Message, Error> {
        if credit.is_left() {
            return self.next(form).await;
        }
        Err(match self {
            Self::Packets(packets) => packets.ended().await,
            Self::Pictures { reader, .. } => reader.ended().await,
        })
    }

    /// The next message; an error once the camera is removed or the client disconnected.
    async fn next(&mut self, form: Form) -> Result<Message, Error> {
        match self {
            Self::Packets(packets) => Ok(form.packet(&packets.next().await?)),
            Self::Pictures { reader, last } => loop {
                let message = match reader.next_after(*last).await {
                    Ok(frame) => {
                        let missed = reader.missed(*last, &frame);
                        *last = frame.sequence;
                        form.picture(&frame, missed)
                    }
                    Err(error) => Err(error),
                };
                match message {
                    Ok(found) => return Ok(found),
                    Err(error) if ends(error.kind()) => return Err(error),
                    // The client waits with us: decoding may work again.
                    Err(_) => tokio::time::sleep(FAULT_RETRY).await,
                }
            },
        }
    }
}

fn ends(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StreamNotRunning | ErrorKind::ConsumerKicked)
}

/// Pushes until the client or the camera is gone.
async fn push(
    socket: &mut WebSocket,
    mut feed: Feed,
    form: Form,
    mut credit: Credit,
    place: Option<&Arc<Place>>,
) -> Result<(), WebSocketError> {
    let mut ping = interval(PING_PERIOD);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    loop {
        tokio::select! {
            next = feed.next_with(credit, form) => match next {
                Ok(message) => {
                    credit.spend();
                    send(socket, watched(message, place)).await?;
                }
                Err(end) => return close(socket, end.message()).await,
            },
            _ = ping.tick() => send(socket, Message::ping(Bytes::new())).await?,
            heard = hear(socket) => match heard? {
                Heard::Word => credit.earn(),
                Heard::Gone => return Ok(()),
            },
        }
    }
}

/// A message whose client may not hold it for ever while many do.
fn watched(message: Message, place: Option<&Arc<Place>>) -> Message {
    match place {
        Some(place) => Message::binary(place.watch(message.into_payload().into())),
        None => message,
    }
}

/// Waits until the client has to go.
pub(crate) async fn sent_away(place: Option<&Arc<Place>>) {
    match place {
        Some(place) => place.sent_away().await,
        None => std::future::pending().await,
    }
}

/// What a client may say.
enum Heard {
    /// Anything; what it is means nothing.
    Word,
    Gone,
}

/// Reads on, so that pings are answered and a close is noticed. Cancel safe.
async fn hear(socket: &mut WebSocket) -> Result<Heard, WebSocketError> {
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_close() {
            break;
        }
        if message.is_binary() || message.is_text() {
            return Ok(Heard::Word);
        }
    }
    Ok(Heard::Gone)
}

/// As [`hear`], where words mean nothing. Returns when the client is gone.
pub(crate) async fn ignore_messages(socket: &mut WebSocket) -> Result<(), WebSocketError> {
    while let Heard::Word = hear(socket).await? {}
    Ok(())
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), WebSocketError> {
    timeout(SEND_TIMEOUT, socket.send(message)).await.unwrap_or_else(|_| {
        Err(WebSocketError::Internal(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
    })
}

pub(crate) async fn close(socket: &mut WebSocket, reason: &str) -> Result<(), WebSocketError> {
    /// What a close frame holds beside its code.
    const MAX_REASON: usize = 123;
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    send(socket, Message::close(Some(CloseCode::GOING_AWAY), &reason[..end])).await
}
