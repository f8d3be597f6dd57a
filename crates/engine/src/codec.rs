//! The names of video codecs.

/// The video codecs that the engine carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// H.264 (AVC), ISO/IEC 14496-10.
    H264,
    /// H.265 (HEVC), ISO/IEC 23008-2.
    H265,
    /// Motion JPEG: each access unit is a whole JPEG.
    Mjpeg,
}

impl Codec {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
            Self::Mjpeg => "mjpeg",
        }
    }
}
