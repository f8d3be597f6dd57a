//! Packets in, pictures out. [`run`] is one decoder's life; starting the next is the rendition's
//! business.

mod jpeg;
mod process;

use std::sync::Arc;

use crate::codec::Codec;
use crate::config::Size;
use crate::error::{Error, ErrorKind};
use crate::frame::{Decoded, Pool};
use crate::packet::Packet;
use crate::packet_feed::{FeedItem, PacketReader};
use crate::sidecar::Sidecar;

/// What is wanted of a decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wants {
    /// The size of its pictures.
    pub(crate) size: Size,
    /// Leaves out everything but keyframes.
    pub(crate) keyframes_only: bool,
    /// Uses the graphics hardware where it is known to work.
    pub(crate) hardware: bool,
}

/// Decodes what `reader` delivers until something ends it: the decoder failed or hung, or the
/// camera changed its codec. `publish` is called for each picture, in the order of showing.
pub(crate) async fn run(
    sidecar: &Sidecar,
    reader: &mut PacketReader,
    wants: Wants,
    pool: &Pool,
    publish: impl FnMut(Decoded),
) -> Error {
    let mut packets = Packets { reader, keyframes_only: wants.keyframes_only };
    let first = packets.next().await;
    match first.stream.codec {
        Codec::H264 | Codec::H265 => {
            process::run(sidecar, first, &mut packets, wants, pool, publish).await
        }
        Codec::Mjpeg => jpeg::run(first, &mut packets, wants.size, pool, publish).await,
    }
}

/// The packets that go into a decoder.
struct Packets<'a> {
    reader: &'a mut PacketReader,
    keyframes_only: bool,
}

impl Packets<'_> {
    async fn next(&mut self) -> Arc<Packet> {
        loop {
            // A gap needs no word to the decoder: what follows it is a keyframe.
            if let FeedItem::Packet(packet) = self.reader.next().await
                && (packet.keyframe || !self.keyframes_only)
            {
                return packet;
            }
        }
    }
}

fn failed(what: &str) -> Error {
    Error::new(ErrorKind::DecodeFailed, format!("the decoder failed: {what}"))
}

/// Ends a decoder so that the next one fits the new codec.
fn codec_changed() -> Error {
    Error::new(ErrorKind::Stalled, "the camera changed its codec")
}
