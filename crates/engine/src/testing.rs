//! What tests share: clips made by a real FFmpeg, fed to the real parts.

use std::sync::Arc;

use bytes::Bytes;
use ffmpeg_sidecar::command::FfmpegCommand;
use jiff::Timestamp;

use crate::codec::Codec;
use crate::flv::{Content, FlvReader};
use crate::packet::{AccessUnit, Clock, StreamInfo};
use crate::packet_feed::PacketFeed;
use crate::sidecar::{Hardware, Sidecar};

/// The FFmpeg that tests use, as a user would choose it.
pub(crate) fn sidecar() -> Sidecar {
    let named = std::env::var_os("FANLIGHT_FFMPEG").map(Into::into);
    let sidecar = Sidecar::new(named, None, Hardware::Off);
    if let Err(missing) = sidecar.ffmpeg() {
        panic!("these tests need FFmpeg: {missing}");
    }
    sidecar
}

/// A stream that nobody decodes.
pub(crate) fn stream() -> Arc<StreamInfo> {
    Arc::new(StreamInfo {
        codec: Codec::H264,
        width: 64,
        height: 64,
        declared_fps: None,
        config_record: Bytes::new(),
    })
}

/// An access unit that arrives now.
pub(crate) fn unit(stream: &Arc<StreamInfo>, keyframe: bool, data: Bytes) -> AccessUnit {
    let stream = Arc::clone(stream);
    let (captured_at, clock) = (Timestamp::now(), Clock::Arrival);
    AccessUnit { stream, captured_at, clock, pts: 0, keyframe, data, lost: 0, relayed: None }
}

/// An encoded clip, access unit by access unit.
pub(crate) struct Clip {
    pub(crate) stream: Arc<StreamInfo>,
    pub(crate) units: Vec<(bool, Bytes)>,
    /// When each unit is shown, in milliseconds.
    pub(crate) shown: Vec<i64>,
}

impl Clip {
    /// `frames` pictures of 320x180 at 25 fps, a keyframe every ten, encoded by `codec` without
    /// B-frames.
    pub(crate) async fn encode(sidecar: &Sidecar, codec: &str, frames: u32) -> Self {
        Self::encode_with(sidecar, codec, frames, &["-preset", "ultrafast", "-bf", "0"]).await
    }

    /// The same, with `options` for the encoder.
    pub(crate) async fn encode_with(
        sidecar: &Sidecar,
        codec: &str,
        frames: u32,
        options: &[&str],
    ) -> Self {
        let build = |command: &mut FfmpegCommand| {
            command
                .args(["-loglevel", "error", "-nostdin", "-f", "lavfi"])
                .args(["-i", "testsrc2=size=320x180:rate=25"])
                .args(["-frames:v", &frames.to_string(), "-c:v", codec, "-g", "10"])
                .args(options)
                .args(["-pix_fmt", "yuv420p", "-f", "flv"])
                .pipe_stdout();
        };
        let child = sidecar.spawn(build).await.expect("FFmpeg starts");
        let mut flv = FlvReader::new(child.stdout);
        let mut stream = None;
        let mut units = Vec::new();
        let mut shown = Vec::new();
        // Ends with the clip.
        while let Ok(tag) = flv.next().await {
            match tag.content {
                Content::Config => {
                    stream.get_or_insert(Arc::new(StreamInfo {
                        codec: tag.codec,
                        width: 320,
                        height: 180,
                        declared_fps: None,
                        config_record: tag.payload,
                    }));
                }
                Content::AccessUnit { keyframe } => {
                    units.push((keyframe, tag.payload));
                    shown.push(tag.pts);
                }
            }
        }
        assert_eq!(units.len(), frames as usize, "FFmpeg encodes {codec}");
        Self { stream: stream.expect("a configuration"), units, shown }
    }

    /// Sends one access unit as a camera would.
    pub(crate) fn send(&self, feed: &PacketFeed, index: usize) {
        let (keyframe, data) = &self.units[index];
        feed.push(unit(&self.stream, *keyframe, data.clone()));
    }
}
