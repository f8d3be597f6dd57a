//! One encoded access unit and the stream it belongs to.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use jiff::Timestamp;

use crate::codec::Codec;
use crate::nal;

/// What a decoder or a recorder needs to know before the first packet.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamInfo {
    /// The codec of every packet.
    pub codec: Codec,
    /// Width of the picture in pixels, as displayed.
    pub width: u32,
    /// Height of the picture in pixels, as displayed.
    pub height: u32,
    /// Frames per second as the stream declares them, which may be absent or wrong.
    pub declared_fps: Option<f64>,
    /// The `AVCDecoderConfigurationRecord` or `HEVCDecoderConfigurationRecord` (ISO/IEC 14496-15);
    /// empty for Motion JPEG.
    pub config_record: Bytes,
}

/// What a capture time was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clock {
    /// The camera's clock: its RTCP sender reports tie RTP timestamps to it (RFC 3550, 6.4.1).
    Camera,
    /// Ours, when the first byte arrived.
    Arrival,
}

impl Clock {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Arrival => "arrival",
        }
    }
}

/// One access unit as a source delivers it.
#[derive(Debug, Clone)]
pub(crate) struct AccessUnit {
    /// The stream it belongs to; the same `Arc` until the camera changes its parameters.
    pub(crate) stream: Arc<StreamInfo>,
    pub(crate) captured_at: Timestamp,
    pub(crate) clock: Clock,
    /// Presentation time in microseconds, from the start of the session.
    pub(crate) pts: i64,
    pub(crate) keyframe: bool,
    /// Length-prefixed NAL units, or one JPEG.
    pub(crate) data: Bytes,
    /// RTP packets that are missing before it.
    pub(crate) lost: u32,
    /// What another instance said of it; none when it came from the camera.
    pub(crate) relayed: Option<Relayed>,
}

/// What the instance that has a camera open says of an access unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relayed {
    /// Its number there, which it keeps here.
    pub(crate) sequence: u64,
    /// Whether it had been there for a while when it was asked for.
    pub(crate) cached: bool,
}

/// One access unit in a camera's packet feed. Shared by all who read it.
#[derive(Debug)]
pub struct Packet {
    /// Counts the stream's access units from 1, across reconnects.
    pub sequence: u64,
    /// When the camera took the picture, as far as is known.
    pub captured_at: Timestamp,
    /// How that is known.
    pub clock: Clock,
    /// Presentation time in microseconds, from the start of the camera's session.
    pub pts: i64,
    /// Whether decoding can start here.
    pub keyframe: bool,
    /// RTP packets that are missing before it.
    pub lost: u32,
    /// NAL units, each behind its length as a big-endian u32 (ISO/IEC 14496-15), or one JPEG.
    pub data: Bytes,
    /// The stream it belongs to.
    pub stream: Arc<StreamInfo>,
    annex_b: OnceLock<Bytes>,
}

impl Packet {
    pub(crate) fn new(sequence: u64, unit: AccessUnit) -> Self {
        let AccessUnit { stream, captured_at, clock, pts, keyframe, data, lost, .. } = unit;
        let annex_b = OnceLock::new();
        Self { sequence, captured_at, clock, pts, keyframe, lost, data, stream, annex_b }
    }

    /// The access unit as a byte stream (ITU-T H.264 and H.265, annex B): start codes instead of
    /// lengths, and every keyframe with its parameter sets. Made once, by the first who asks;
    /// Motion JPEG is handed out as it is.
    pub fn annex_b(&self) -> Bytes {
        let make = || match self.stream.codec {
            Codec::Mjpeg => self.data.clone(),
            codec => {
                let record = self.keyframe.then_some(&*self.stream.config_record);
                nal::annex_b(codec, &self.data, record).into()
            }
        };
        self.annex_b.get_or_init(make).clone()
    }
}
