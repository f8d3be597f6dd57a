//! What a test of a camera found.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Serialize;
use utoipa::ToSchema;

use super::rounded;
use super::stream::{Ingest, Video};

/// What a camera turned out to send.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Probe {
    video: Video,
    /// The profile of its codec: `High`, `Main`.
    profile: Option<&'static str>,
    /// Whether pictures come in another order than they are shown.
    b_frames: bool,
    /// How it is read.
    ingest: Ingest,
    /// Frames from one keyframe to the next; null when no second one came in time.
    gop: Option<u32>,
    /// The codec of its sound, which is not carried.
    audio: Option<String>,
    /// A JPEG as a `data:` URL; null when no picture could be decoded.
    picture: Option<String>,
    warnings: Vec<ProbeWarning>,
}

/// Something that works, but could work better.
#[derive(Debug, Serialize, ToSchema)]
struct ProbeWarning {
    code: &'static str,
    message: &'static str,
}

impl From<fanlight_engine::Probe> for Probe {
    fn from(probe: fanlight_engine::Probe) -> Self {
        let picture = |jpeg| format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(jpeg));
        Self {
            video: Video {
                codec: probe.stream.codec.name(),
                width: probe.stream.width,
                height: probe.stream.height,
                fps: rounded(probe.fps).or(probe.stream.declared_fps.and_then(rounded)),
                bitrate_kbps: rounded(probe.kbps),
            },
            profile: probe.profile,
            b_frames: probe.b_frames,
            gop: probe.gop,
            audio: probe.session.audio.clone(),
            ingest: probe.session.into(),
            picture: probe.picture.map(picture),
            warnings: probe
                .warnings
                .into_iter()
                .map(|warning| ProbeWarning { code: warning.code(), message: warning.message() })
                .collect(),
        }
    }
}
