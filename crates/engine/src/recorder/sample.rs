//! What a recording keeps of a packet. Not the packet itself, which may hold its bytes a second
//! time in another form.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::packet::{Packet, StreamInfo};

/// One access unit on its way into a file.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(super) stream: Arc<StreamInfo>,
    pub(super) captured_at: Timestamp,
    /// Presentation time in microseconds, from the start of the camera's session.
    pub(super) pts: i64,
    pub(super) keyframe: bool,
    /// NAL units, each behind its length.
    pub(super) data: Bytes,
}

impl From<&Packet> for Sample {
    fn from(packet: &Packet) -> Self {
        Self {
            stream: Arc::clone(&packet.stream),
            captured_at: packet.captured_at,
            pts: packet.pts,
            keyframe: packet.keyframe,
            data: packet.data.clone(),
        }
    }
}

impl Sample {
    /// Whether both can stand in one file.
    pub(super) fn same_format(&self, other: &StreamInfo) -> bool {
        self.stream.codec == other.codec && self.stream.config_record == other.config_record
    }
}
