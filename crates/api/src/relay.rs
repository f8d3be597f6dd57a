//! `WS /ws/{id}?format=packets`: a stream as another instance reads it, to hand it on to consumers of
//! its own. It is one consumer, however many it has.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use axum_tws::{Message, WebSocket, WebSocketError, WebSocketUpgrade};
use fanlight_engine::{
    Camera, ConsumerInfo, ConsumerKind, ErrorKind, RELAY_HEADER, RelayFeed, Role, Telling,
};
use futures_util::SinkExt;
use http::HeaderMap;
use tokio::time::timeout;

use crate::places::{Place, Working};
use crate::ws::{SEND_TIMEOUT, close, ignore_messages, sent_away};
use crate::{Answer, invalid};

/// Longer names are cut: a list of consumers is read by people.
const LONGEST_NAME: usize = 100;

/// Opens the relay's WebSocket. Only who has to ask elsewhere is refused before: everything else is
/// told in the camera's own words.
pub(crate) fn connect(
    camera: &Camera,
    role: Role,
    headers: &HeaderMap,
    working: Option<Working>,
    upgrade: WebSocketUpgrade,
) -> Answer<Response> {
    let Some(name) = headers.get(RELAY_HEADER).and_then(|name| name.to_str().ok()) else {
        return Err(invalid(
            "format=packets is what instances of Fanlight read from each other; ask for h264 or h265",
        )
        .into());
    };
    let name = name.chars().take(LONGEST_NAME).collect();
    let consumer = ConsumerInfo { kind: ConsumerKind::Relay, name, pid: None, format: "packets" };
    let feed = camera.relay(role, consumer);
    if let Err(error) = &feed
        && error.kind() == ErrorKind::NotOwner
    {
        return Err(error.clone().into());
    }
    let response = upgrade.on_upgrade(move |mut socket| async move {
        let place = working.as_ref().map(Working::place);
        let serving = async {
            let end = match feed {
                Ok(feed) => tell_all(&mut socket, feed, place).await?,
                Err(error) => Some(error),
            };
            let Some(end) = end else { return Ok(()) };
            tell(&mut socket, Telling::end(&end), place).await?;
            close(&mut socket, end.message()).await
        };
        tokio::select! {
            ended = serving => if let Err::<(), WebSocketError>(end) = ended {
                tracing::debug!("relay ended: {end}");
            },
            () = sent_away(place) => {}
        }
    });
    Ok(response.into_response())
}

/// Tells everything until the relay is gone, or until nothing will come any more: why.
async fn tell_all(
    socket: &mut WebSocket,
    mut feed: RelayFeed,
    place: Option<&Arc<Place>>,
) -> Result<Option<fanlight_engine::Error>, WebSocketError> {
    loop {
        tokio::select! {
            telling = feed.next() => match telling {
                Ok(telling) => tell(socket, telling, place).await?,
                Err(end) => return Ok(Some(end)),
            },
            gone = ignore_messages(socket) => return gone.map(|()| None),
        }
    }
}

/// The messages leave in one go; the packet's bytes are those that everybody reads.
async fn tell(
    socket: &mut WebSocket,
    telling: Telling,
    place: Option<&Arc<Place>>,
) -> Result<(), WebSocketError> {
    let Telling { stream, word, data } = telling;
    let data = data.map(|data| place.map_or(data.clone(), |place| place.watch(data)));
    let sending = async {
        for message in stream.into_iter().chain([word]).chain(data) {
            socket.feed(Message::binary(message)).await?;
        }
        SinkExt::<Message>::flush(socket).await
    };
    timeout(SEND_TIMEOUT, sending).await.unwrap_or_else(|_| {
        Err(WebSocketError::Internal(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
    })
}
