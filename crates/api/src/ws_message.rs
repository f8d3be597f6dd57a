//! What a WebSocket client is sent: a picture or an access unit, with 32 bytes before it that say
//! what it is, for those who want them.

use axum_tws::Message;
use bytes::{BufMut as _, Bytes, BytesMut};
use fanlight_engine::{Codec, Delivery, Frame, Quality, Size};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

/// Bytes before each message with `header=1`.
const HEADER: usize = 32;
/// Flag: decoding can start here.
const KEYFRAME: u8 = 1;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WsFormat {
    #[default]
    Bgr24,
    Jpeg,
    H264,
    H265,
    Packets,
}

impl WsFormat {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bgr24 => "bgr24",
            Self::Jpeg => "jpeg",
            Self::H264 => "h264",
            Self::H265 => "h265",
            Self::Packets => "packets",
        }
    }

    /// The codec of the packets it stands for; none for pictures.
    pub(crate) fn codec(self) -> Option<Codec> {
        match self {
            Self::Bgr24 | Self::Jpeg | Self::Packets => None,
            Self::H264 => Some(Codec::H264),
            Self::H265 => Some(Codec::H265),
        }
    }

    /// Its number in the header.
    fn kind(self) -> u8 {
        match self {
            Self::Bgr24 => 0,
            Self::Jpeg => 1,
            Self::H264 => 2,
            Self::H265 => 3,
            // Its messages have heads of their own.
            Self::Packets => 4,
        }
    }
}

/// What to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    pub(crate) format: WsFormat,
    pub(crate) quality: Quality,
    pub(crate) header: bool,
}

/// What the header says beside the format.
struct Header {
    sequence: u64,
    captured_at: Timestamp,
    size: Option<Size>,
    flags: u8,
    missed: u64,
}

impl Form {
    /// A picture, after so many that were missed.
    pub(crate) fn picture(self, frame: &Frame, missed: u64) -> fanlight_engine::Result<Message> {
        let picture = match self.format {
            WsFormat::Jpeg => frame.jpeg(self.quality)?,
            _ => frame.bgr24()?,
        };
        let header = Header {
            sequence: frame.sequence,
            captured_at: frame.captured_at,
            size: Some(frame.size),
            flags: KEYFRAME,
            missed,
        };
        Ok(self.message(&header, picture))
    }

    /// An access unit.
    pub(crate) fn packet(self, delivery: &Delivery) -> Message {
        let Delivery { packet, missed } = delivery;
        let header = Header {
            sequence: packet.sequence,
            captured_at: packet.captured_at,
            size: Size::new(packet.stream.width, packet.stream.height).ok(),
            flags: if packet.keyframe { KEYFRAME } else { 0 },
            missed: *missed,
        };
        self.message(&header, packet.annex_b())
    }

    fn message(self, header: &Header, content: Bytes) -> Message {
        if !self.header {
            return Message::binary(content);
        }
        let mut message = BytesMut::with_capacity(HEADER + content.len());
        message.put_u64_le(header.sequence);
        message.put_u64_le(header.captured_at.as_nanosecond().try_into().unwrap_or_default());
        message.put_u32_le(header.size.map_or(0, Size::width));
        message.put_u32_le(header.size.map_or(0, Size::height));
        message.put_u8(self.format.kind());
        message.put_u8(header.flags);
        message.put_u16_le(0);
        message.put_u32_le(u32::try_from(header.missed).unwrap_or(u32::MAX));
        message.put(content);
        Message::binary(message.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_32_bytes_in_little_endian() {
        let form = Form { format: WsFormat::H264, quality: Quality::default(), header: true };
        let header = Header {
            sequence: 0x0102,
            captured_at: Timestamp::from_nanosecond(0x0304).expect("valid"),
            size: Size::new(640, 360).ok(),
            flags: KEYFRAME,
            missed: 7,
        };
        let message = form.message(&header, Bytes::from_static(b"unit"));
        let mut expected = vec![2, 1, 0, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0];
        expected.extend([0x80, 2, 0, 0, 0x68, 1, 0, 0, 2, 1, 0, 0, 7, 0, 0, 0]);
        assert_eq!(expected.len(), HEADER);
        expected.extend(b"unit");
        assert_eq!(&message.into_payload()[..], &expected[..]);
    }
}
