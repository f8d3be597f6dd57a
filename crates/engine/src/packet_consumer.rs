//! One consumer's view of a stream's packets: from the newest keyframe on, as they come from the
//! camera. One that is too slow loses whole GOPs and is told so; nobody else notices.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::consumer::ConsumerHandle;
use crate::error::{Error, ErrorKind, Result};
use crate::packet::{Packet, StreamInfo};
use crate::packet_feed::{FeedItem, PacketReader};
use crate::pause;
use crate::stream::{Stream, Wanted};

/// A packet and what was lost before it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The packet.
    pub packet: Arc<Packet>,
    /// Packets that this consumer missed since the one before.
    pub missed: u64,
}

/// One consumer of packets. Dropping it ends the consumer.
#[derive(Debug)]
pub struct PacketConsumer {
    stream: Arc<Stream>,
    reader: PacketReader,
    _wanted: Wanted,
    cancelled: CancellationToken,
    /// Cancelled when all cameras are paused.
    open: CancellationToken,
    consumer: ConsumerHandle,
    missed: u64,
}

impl PacketConsumer {
    pub(crate) fn join(
        stream: Arc<Stream>,
        cancelled: CancellationToken,
        open: CancellationToken,
        consumer: ConsumerHandle,
    ) -> Self {
        let wanted = stream.want();
        let reader = stream.feed.reader();
        Self { stream, reader, _wanted: wanted, cancelled, open, consumer, missed: 0 }
    }

    /// Waits for the next packet. Cancel safe.
    ///
    /// # Errors
    /// [`ErrorKind::StreamNotRunning`] once the camera or its stream is removed or all are paused,
    /// [`ErrorKind::ConsumerKicked`] once someone disconnected this consumer.
    pub async fn next(&mut self) -> Result<Delivery> {
        loop {
            let ended = ended(&self.cancelled, &self.open, &self.stream, &self.consumer);
            let item = tokio::select! {
                biased;
                end = ended => return Err(end),
                item = self.reader.next() => item,
            };
            match item {
                FeedItem::Gap { missed } => self.missed += missed,
                FeedItem::Packet(packet) => {
                    let missed = std::mem::take(&mut self.missed);
                    self.consumer.count(packet.captured_at, missed);
                    return Ok(Delivery { packet, missed });
                }
            }
        }
    }

    /// Waits until no packet will ever come, and tells why; as the errors of [`PacketConsumer::next`].
    pub async fn ended(&self) -> Error {
        ended(&self.cancelled, &self.open, &self.stream, &self.consumer).await
    }

    /// Whose sequence numbers the packets have, and the newest of them.
    pub(crate) fn counter(&self) -> (u64, u64) {
        (self.stream.feed.id(), self.stream.feed.newest())
    }

    /// What the stream last said of itself; waits until it is connected for the first time.
    pub async fn stream_info(&self) -> Arc<StreamInfo> {
        self.stream.feed.wait_stream().await
    }
}

async fn ended(
    cancelled: &CancellationToken,
    open: &CancellationToken,
    stream: &Stream,
    consumer: &ConsumerHandle,
) -> Error {
    tokio::select! {
        biased;
        () = cancelled.cancelled() => stopped(),
        () = stream.ended() => stopped(),
        () = open.cancelled() => pause::paused(),
        () = consumer.kicked().cancelled() => {
            Error::new(ErrorKind::ConsumerKicked, "you were disconnected")
        }
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::StreamNotRunning, "this camera was stopped")
}
