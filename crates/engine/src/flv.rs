//! FLV tags, written for the decoder and read from the FFmpeg source (Adobe FLV 10.1, and
//! Enhanced RTMP v1 for H.265). Each access unit travels whole, with a number as its timestamp
//! that FFmpeg hands through to the picture. Of script tags only the picture's size and rate are
//! read; audio is passed over.

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::codec::Codec;

/// The file header (video only) and the size of the tag before the first, which is none.
pub(crate) const HEADER: &[u8] = b"FLV\x01\x01\0\0\0\x09\0\0\0\0";

/// Larger tags are refused: an 8K keyframe at the highest quality stays below.
const MAX_TAG: usize = 16 << 20;

const VIDEO_TAG: u8 = 9;
const SCRIPT_TAG: u8 = 18;
const TAG_HEAD: usize = 11;
const AVC: u8 = 7;
const ENHANCED: u8 = 0x80;
const HVC1: &[u8; 4] = b"hvc1";
const KEY: u8 = 1;
const INTER: u8 = 2;

/// What a tag carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// The decoder configuration record.
    Config,
    /// One access unit, with length-prefixed NAL units.
    AccessUnit {
        /// Whether decoding can start here.
        keyframe: bool,
    },
}

/// The bytes around a payload: what comes before it, and what after.
pub(crate) fn envelope(
    codec: Codec,
    content: Content,
    timestamp: u32,
    payload_len: usize,
) -> (Vec<u8>, [u8; 4]) {
    let frame_type = match content {
        Content::AccessUnit { keyframe: false } => INTER,
        _ => KEY,
    } << 4;
    let mut body_head = Vec::with_capacity(5);
    match (codec, content) {
        (Codec::H264, Content::Config) => body_head.extend([frame_type | AVC, 0, 0, 0, 0]),
        (Codec::H264, Content::AccessUnit { .. }) => {
            body_head.extend([frame_type | AVC, 1, 0, 0, 0]);
        }
        (Codec::H265, content) => {
            // Packet types 0 (sequence start) and 3 (coded frames without composition time).
            let packet_type = if content == Content::Config { 0 } else { 3 };
            body_head.push(ENHANCED | frame_type | packet_type);
            body_head.extend(HVC1);
        }
        (Codec::Mjpeg, _) => unreachable!("FLV carries no Motion JPEG, and nobody writes it"),
    }
    let body_len = body_head.len() + payload_len;
    let mut head = Vec::with_capacity(TAG_HEAD + body_head.len());
    head.push(VIDEO_TAG);
    head.extend(&(body_len as u32).to_be_bytes()[1..]);
    let [high, low @ ..] = timestamp.to_be_bytes();
    head.extend(low);
    head.extend([high, 0, 0, 0]);
    head.extend(body_head);
    (head, ((TAG_HEAD + body_len) as u32).to_be_bytes())
}

/// What the `onMetaData` script tag says of the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Metadata {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Zero when the muxer does not know.
    pub(crate) fps: f64,
}

/// A video tag as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VideoTag {
    pub(crate) codec: Codec,
    pub(crate) content: Content,
    /// Presentation time in milliseconds.
    pub(crate) pts: i64,
    pub(crate) payload: Bytes,
}

/// Why a stream of tags cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FlvError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("not an FLV stream")]
    NotFlv,
    #[error("a tag of {0} bytes is too large")]
    TooLarge(usize),
    #[error("video codec {0} is not supported")]
    Codec(String),
}

/// Reads video tags one by one.
pub(crate) struct FlvReader<R> {
    inner: R,
    started: bool,
    metadata: Metadata,
}

impl<R: AsyncRead + Unpin> FlvReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, started: false, metadata: Metadata::default() }
    }

    /// What the stream has said of its picture so far.
    pub(crate) fn metadata(&self) -> Metadata {
        self.metadata
    }

    /// The next video tag. Not cancel safe: a dropped call leaves the stream in mid-tag.
    pub(crate) async fn next(&mut self) -> Result<VideoTag, FlvError> {
        if !self.started {
            let mut header = [0; HEADER.len()];
            self.inner.read_exact(&mut header).await?;
            if &header[..3] != b"FLV" {
                return Err(FlvError::NotFlv);
            }
            self.started = true;
        }
        loop {
            let mut head = [0; TAG_HEAD];
            self.inner.read_exact(&mut head).await?;
            let len = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
            if len > MAX_TAG {
                return Err(FlvError::TooLarge(len));
            }
            let mut body = vec![0; len + 4];
            self.inner.read_exact(&mut body).await?;
            body.truncate(len);
            match head[0] & 0x1f {
                SCRIPT_TAG => self.metadata = parse_metadata(&body),
                VIDEO_TAG => {
                    let timestamp = u32::from_be_bytes([head[7], head[4], head[5], head[6]]);
                    if let Some(tag) = parse_video(&body.into(), timestamp)? {
                        return Ok(tag);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Finds the numbers in an AMF0 object without walking it: a name behind its 16-bit length, the
/// marker 0 for a number, and the number as a big-endian double.
fn parse_metadata(body: &[u8]) -> Metadata {
    let number = |name: &str| {
        let mut key = (name.len() as u16).to_be_bytes().to_vec();
        key.extend(name.as_bytes());
        key.push(0);
        let at = body.windows(key.len()).position(|w| w == key)? + key.len();
        Some(f64::from_be_bytes(body.get(at..at + 8)?.try_into().ok()?))
    };
    Metadata {
        width: number("width").unwrap_or_default() as u32,
        height: number("height").unwrap_or_default() as u32,
        fps: number("framerate").filter(|fps| fps.is_finite() && *fps > 0.0).unwrap_or_default(),
    }
}

/// The meaning of a video tag's body; `None` for what carries no picture.
fn parse_video(body: &Bytes, timestamp: u32) -> Result<Option<VideoTag>, FlvError> {
    let Some(&first) = body.first() else {
        return Ok(None);
    };
    let (codec, packet_type, payload_at) = if first & ENHANCED == 0 {
        if first & 0x0f != AVC {
            return Err(FlvError::Codec(format!("FLV {}", first & 0x0f)));
        }
        let Some(&packet_type) = body.get(1) else {
            return Ok(None);
        };
        // 0: configuration, 1: NAL units, 2: end of sequence; then the composition time.
        (Codec::H264, packet_type, 5)
    } else {
        let Some(four_cc) = body.get(1..5) else {
            return Ok(None);
        };
        if four_cc != HVC1 {
            return Err(FlvError::Codec(String::from_utf8_lossy(four_cc).into_owned()));
        }
        // 0: configuration, 1: coded frames behind a composition time, 3: without one.
        match first & 0x0f {
            1 => (Codec::H265, 1, 8),
            3 => (Codec::H265, 1, 5),
            other => (Codec::H265, other, 5),
        }
    };
    let content = match packet_type {
        0 => Content::Config,
        1 => Content::AccessUnit { keyframe: (first >> 4) & 0x07 == KEY },
        _ => return Ok(None),
    };
    if body.len() <= payload_at {
        return Ok(None);
    }
    // The three bytes before the payload, where there are any behind the packet type.
    let composition = match (codec, payload_at, content) {
        (_, _, Content::Config) | (Codec::H265, 5, _) => 0,
        _ => {
            let [high, middle, low] =
                [body[payload_at - 3], body[payload_at - 2], body[payload_at - 1]];
            i64::from(i32::from_be_bytes([high, middle, low, 0]) >> 8)
        }
    };
    let pts = i64::from(timestamp) + composition;
    Ok(Some(VideoTag { codec, content, pts, payload: body.slice(payload_at..) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stream(tags: &[VideoTag]) -> Vec<u8> {
        let mut out = HEADER.to_vec();
        for tag in tags {
            let (head, tail) = envelope(tag.codec, tag.content, 7, tag.payload.len());
            out.extend(head);
            out.extend(&tag.payload);
            out.extend(tail);
        }
        out
    }

    async fn read_all(bytes: &[u8]) -> (Vec<VideoTag>, FlvError) {
        let mut reader = FlvReader::new(bytes);
        let mut tags = Vec::new();
        loop {
            match reader.next().await {
                Ok(tag) => tags.push(tag),
                Err(end) => return (tags, end),
            }
        }
    }

    #[tokio::test]
    async fn what_is_written_is_read_back() {
        let tags: Vec<_> = [Codec::H264, Codec::H265]
            .into_iter()
            .flat_map(|codec| {
                [
                    Content::Config,
                    Content::AccessUnit { keyframe: true },
                    Content::AccessUnit { keyframe: false },
                ]
                .map(|content| VideoTag {
                    codec,
                    content,
                    pts: 7,
                    payload: Bytes::from_static(b"data"),
                })
            })
            .collect();
        let (read, end) = read_all(&stream(&tags)).await;
        assert_eq!(read, tags);
        assert!(matches!(end, FlvError::Io(_)));
    }

    #[test]
    fn pictures_are_shown_later_than_they_are_decoded() {
        let tag = |composition: [u8; 3]| {
            let [high, middle, low] = composition;
            let body = Bytes::from(vec![0x17, 1, high, middle, low, 0]);
            parse_video(&body, 0x0102_0304).expect("valid").expect("a picture").pts
        };
        assert_eq!(tag([0, 0, 40]), 0x0102_0304 + 40);
        assert_eq!(tag([0xff, 0xff, 0xff]), 0x0102_0304 - 1);
    }

    #[tokio::test]
    async fn other_codecs_are_named() {
        let mut bytes = HEADER.to_vec();
        bytes.extend([9, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0x90, b'a', b'v', b'0', b'1', 0, 0, 0, 16]);
        let (_, end) = read_all(&bytes).await;
        assert_eq!(end.to_string(), "video codec av01 is not supported");
    }

    proptest! {
        #[test]
        fn never_panics_on_any_bytes(body in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse_metadata(&body);
            let _ = parse_video(&body.into(), 0);
        }
    }
}
