//! What the instance that has a camera open tells another one that relays it: the packets of one
//! stream, as they are, and how the camera is while there are none.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::error::{Error, ErrorKind, Result};
use crate::ownership::Hold;
use crate::packet::StreamInfo;
use crate::packet_consumer::PacketConsumer;
use crate::relay_message::{Head, RelayMessage};
use crate::status::{State, Status};

/// A relay is told that we are still there after this long without a packet. It gives up after five
/// seconds of silence.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// What is told in one go: one to three messages, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telling {
    /// What the stream is, where the relay does not know it yet.
    pub stream: Option<Bytes>,
    /// A packet's head, or a word without a packet.
    pub word: Bytes,
    /// The packet's data, shared with everybody who reads the camera.
    pub data: Option<Bytes>,
}

/// One relay's view of a stream. Dropping it ends the consumer that it is.
#[derive(Debug)]
pub struct RelayFeed {
    packets: PacketConsumer,
    status: watch::Receiver<Status>,
    hold: watch::Receiver<Hold>,
    /// What the relay knows of the stream.
    told: Option<Arc<StreamInfo>>,
    /// When the relay was last told anything.
    last: Instant,
}

impl RelayFeed {
    pub(crate) fn new(
        packets: PacketConsumer,
        mut status: watch::Receiver<Status>,
        hold: watch::Receiver<Hold>,
    ) -> Self {
        // A relay is told at once if no packet can be expected.
        status.mark_changed();
        Self { packets, status, hold, told: None, last: Instant::now() }
    }

    /// Waits for what is to be told next. Cancel safe.
    ///
    /// # Errors
    /// [`ErrorKind::NotOwner`] once the camera is no longer this instance's, and the errors of
    /// [`PacketConsumer::next`]. [`end`] tells them to the relay.
    pub async fn next(&mut self) -> Result<Telling> {
        let telling = loop {
            let silent = sleep_until(self.last + HEARTBEAT);
            tokio::select! {
                biased;
                error = lost(&mut self.hold) => return Err(error),
                delivery = self.packets.next() => {
                    let packet = delivery?.packet;
                    let word = RelayMessage::Packet(Head::from(&*packet)).encode();
                    let (feed, newest) = self.packets.counter();
                    let known =
                        self.told.as_ref().is_some_and(|told| Arc::ptr_eq(told, &packet.stream));
                    let stream = (!known)
                        .then(|| RelayMessage::stream(feed, newest, &packet.stream).encode());
                    if stream.is_some() {
                        self.told = Some(Arc::clone(&packet.stream));
                    }
                    break Telling { stream, word, data: Some(packet.data.clone()) };
                }
                Ok(()) = self.status.changed() => {
                    let status = self.status.borrow_and_update().clone();
                    // Its packets tell it.
                    if status.state != State::Online {
                        break Telling::word(&RelayMessage::Status(status));
                    }
                }
                () = silent => {
                    let status = self.status.borrow().clone();
                    break Telling::word(&RelayMessage::Status(status));
                }
            }
        };
        self.last = Instant::now();
        Ok(telling)
    }
}

impl Telling {
    fn word(message: &RelayMessage) -> Self {
        Self { word: message.encode(), ..Self::default() }
    }

    /// The last word to a relay, and why.
    pub fn end(error: &Error) -> Self {
        Self::word(&RelayMessage::End(error.clone()))
    }
}

/// Waits until the camera is no longer this instance's.
async fn lost(hold: &mut watch::Receiver<Hold>) -> Error {
    let Ok(hold) = hold.wait_for(|hold| *hold != Hold::Here).await else {
        return std::future::pending().await;
    };
    not_here(&hold)
}

/// Why this instance does not do what only the owner can do.
pub(crate) fn not_here(hold: &Hold) -> Error {
    let why = match hold {
        Hold::Nobody(error) => return error.clone(),
        Hold::There(peer) => {
            format!("the instance {} has this camera open; ask that one", peer.name)
        }
        Hold::Here => "this camera has moved to this instance; try again".to_owned(),
    };
    Error::new(ErrorKind::NotOwner, why)
}
