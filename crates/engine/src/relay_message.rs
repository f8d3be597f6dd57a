//! What an instance that has a camera open tells one that relays it. Each message says of itself
//! what it is in its first byte; numbers are little-endian.
//!
//! ```text
//! 1 stream   u8 codec (2 h264, 3 h265, 4 mjpeg), u16 0, u32 width, u32 height, f64 declared
//!            frames a second (0: unknown), u64 feed, u64 newest, and the configuration record
//! 2 packet   u8 flags (1 keyframe, 2 the camera's clock), u16 0, u32 lost, u64 sequence,
//!            i64 captured at (unix ns), i64 pts (us); the next message is its data
//! 3 status   JSON: state, code, message, certificate, attempt, next_try
//! 4 end      JSON: code, message
//! ```
//!
//! `stream` comes before the first packet and at each change. `feed` is the counter of the sequence
//! numbers: another one may have counted other packets by the same numbers. `newest` is the number
//! of the newest packet at that time. `status` comes while no packets do, every two seconds at the
//! latest. Messages of other kinds, and what follows the fields of a known one, are for versions to
//! come.

use std::sync::Arc;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::codec::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::Fingerprint;
use crate::packet::{Clock, Packet, StreamInfo};
use crate::status::{Fault, State, Status};

const STREAM: u8 = 1;
const PACKET: u8 = 2;
const STATUS: u8 = 3;
const END: u8 = 4;

/// Flags of a packet.
const KEYFRAME: u8 = 1;
const CAMERA_CLOCK: u8 = 2;

/// Bytes of a stream's fields behind the first, and of a packet's.
const STREAM_LEN: usize = 35;
const PACKET_LEN: usize = 31;

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RelayMessage {
    Stream {
        feed: u64,
        newest: u64,
        info: StreamInfo,
    },
    Packet(Head),
    Status(Status),
    End(Error),
    /// Of a version to come.
    Unknown,
}

/// A packet without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) sequence: u64,
    pub(crate) captured_at: Timestamp,
    pub(crate) clock: Clock,
    pub(crate) pts: i64,
    pub(crate) keyframe: bool,
    pub(crate) lost: u32,
}

impl From<&Packet> for Head {
    fn from(packet: &Packet) -> Self {
        let Packet { sequence, captured_at, clock, pts, keyframe, lost, .. } = *packet;
        Self { sequence, captured_at, clock, pts, keyframe, lost }
    }
}

/// A status as it travels between instances.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StatusText {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    certificate: Option<String>,
    #[serde(default)]
    attempt: u32,
    #[serde(default)]
    next_try: Option<Timestamp>,
}

impl From<&Status> for StatusText {
    fn from(status: &Status) -> Self {
        let fault = status.fault.as_ref();
        let certificate = fault.and_then(|fault| fault.kind.certificate());
        Self {
            state: status.state.name().to_owned(),
            code: fault.map(|fault| fault.kind.code().to_owned()),
            message: fault.map(|fault| fault.message.clone()).unwrap_or_default(),
            certificate: certificate.map(|certificate| certificate.to_string()),
            attempt: status.attempt,
            next_try: status.next_try,
        }
    }
}

impl StatusText {
    fn fault(&self) -> Option<Error> {
        let certificate = self.certificate.as_deref().and_then(|c| c.parse::<Fingerprint>().ok());
        let code = self.code.as_deref()?;
        // A kind that only a later version knows is something about the camera, too.
        let kind =
            ErrorKind::of_a_camera(code, certificate).unwrap_or(ErrorKind::CameraUnreachable);
        Some(Error::new(kind, &self.message))
    }

    /// The status; since when is not told.
    pub(crate) fn status(&self) -> Status {
        Status {
            // A state that only a later version knows is not online.
            state: State::named(&self.state).unwrap_or(State::Reconnecting),
            fault: self.fault().as_ref().map(Fault::from),
            attempt: self.attempt,
            next_try: self.next_try,
            ..Status::connecting()
        }
    }

    fn encode(&self, kind: u8) -> Bytes {
        let mut message = vec![kind];
        // Texts and numbers can be written.
        let _ = serde_json::to_writer(&mut message, self);
        message.into()
    }
}

impl RelayMessage {
    pub(crate) fn encode(&self) -> Bytes {
        match self {
            Self::Stream { feed, newest, info } => {
                let mut message = BytesMut::with_capacity(64 + info.config_record.len());
                message.put_u8(STREAM);
                message.put_u8(number(info.codec));
                message.put_u16_le(0);
                message.put_u32_le(info.width);
                message.put_u32_le(info.height);
                message.put_f64_le(info.declared_fps.unwrap_or_default());
                message.put_u64_le(*feed);
                message.put_u64_le(*newest);
                message.put_slice(&info.config_record);
                message.freeze()
            }
            Self::Packet(head) => {
                let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
                let mut message = BytesMut::with_capacity(1 + PACKET_LEN);
                message.put_u8(PACKET);
                message.put_u8(
                    flag(head.keyframe, KEYFRAME) | flag(head.clock == Clock::Camera, CAMERA_CLOCK),
                );
                message.put_u16_le(0);
                message.put_u32_le(head.lost);
                message.put_u64_le(head.sequence);
                message.put_i64_le(head.captured_at.as_nanosecond().try_into().unwrap_or_default());
                message.put_i64_le(head.pts);
                message.freeze()
            }
            Self::Status(status) => StatusText::from(status).encode(STATUS),
            Self::End(error) => {
                let code = Some(error.kind().code().to_owned());
                let message = error.message().to_owned();
                StatusText { code, message, ..StatusText::default() }.encode(END)
            }
            Self::Unknown => Bytes::new(),
        }
    }

    /// # Errors
    /// [`ErrorKind::OwnerUnreachable`] for what no instance says.
    pub(crate) fn decode(mut message: Bytes) -> Result<Self> {
        let broken =
            || Error::new(ErrorKind::OwnerUnreachable, "what the camera's instance says is broken");
        let kind = message.try_get_u8().map_err(|_| broken())?;
        let told =
            |message: Bytes| serde_json::from_slice::<StatusText>(&message).map_err(|_| broken());
        match kind {
            STREAM if message.len() >= STREAM_LEN => {
                let codec = codec(message.get_u8()).ok_or_else(|| {
                    let why = "this camera's codec is known to later versions of Fanlight only";
                    Error::new(ErrorKind::UnsupportedCodec, why)
                })?;
                message.get_u16_le();
                let (width, height) = (message.get_u32_le(), message.get_u32_le());
                let declared_fps = Some(message.get_f64_le()).filter(|fps| *fps > 0.0);
                let (feed, newest) = (message.get_u64_le(), message.get_u64_le());
                // What is kept must not keep what came with it.
                let config_record = Bytes::copy_from_slice(&message);
                let info = StreamInfo { codec, width, height, declared_fps, config_record };
                Ok(Self::Stream { feed, newest, info })
            }
            PACKET if message.len() >= PACKET_LEN => {
                let flags = message.get_u8();
                message.get_u16_le();
                let lost = message.get_u32_le();
                let sequence = message.get_u64_le();
                let captured_at = Timestamp::from_nanosecond(message.get_i64_le().into())
                    .map_err(|_| broken())?;
                let clock = if flags & CAMERA_CLOCK == 0 { Clock::Arrival } else { Clock::Camera };
                let pts = message.get_i64_le();
                let keyframe = flags & KEYFRAME != 0;
                Ok(Self::Packet(Head { sequence, captured_at, clock, pts, keyframe, lost }))
            }
            STREAM | PACKET => Err(broken()),
            STATUS => Ok(Self::Status(told(message)?.status())),
            END => Ok(Self::End(told(message)?.fault().unwrap_or_else(broken))),
            _ => Ok(Self::Unknown),
        }
    }

    pub(crate) fn stream(feed: u64, newest: u64, info: &Arc<StreamInfo>) -> Self {
        Self::Stream { feed, newest, info: StreamInfo::clone(info) }
    }
}

fn number(codec: Codec) -> u8 {
    match codec {
        Codec::H264 => 2,
        Codec::H265 => 3,
        Codec::Mjpeg => 4,
    }
}

fn codec(number: u8) -> Option<Codec> {
    [Codec::H264, Codec::H265, Codec::Mjpeg].into_iter().find(|c| self::number(*c) == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn head() -> Head {
        Head {
            sequence: 0x0102_0304_0506_0708,
            captured_at: Timestamp::from_nanosecond(1_790_000_000_123_456_789).expect("valid"),
            clock: Clock::Camera,
            pts: -40_000,
            keyframe: true,
            lost: 3,
        }
    }

    fn stream(codec: Codec, declared_fps: Option<f64>, record: &'static [u8]) -> RelayMessage {
        let config_record = Bytes::from_static(record);
        let info = StreamInfo { codec, width: 1920, height: 1080, declared_fps, config_record };
        RelayMessage::Stream { feed: u64::MAX, newest: 7, info }
    }

    fn fault(kind: ErrorKind) -> RelayMessage {
        RelayMessage::Status(Status {
            state: State::after(kind),
            fault: Some(Fault { kind, message: "the “camera” said no".to_owned() }),
            attempt: 3,
            next_try: Some(head().captured_at),
            ..Status::connecting()
        })
    }

    /// The time at which something was told is not told.
    fn timeless(message: RelayMessage) -> RelayMessage {
        match message {
            RelayMessage::Status(status) => {
                RelayMessage::Status(Status { since: Timestamp::UNIX_EPOCH, ..status })
            }
            other => other,
        }
    }

    #[rstest]
    #[case(stream(Codec::H264, Some(29.97), b"record"))]
    #[case(stream(Codec::H265, None, b"another"))]
    #[case(stream(Codec::Mjpeg, Some(5.0), b""))]
    #[case(RelayMessage::Packet(head()))]
    #[case(RelayMessage::Packet(Head { clock: Clock::Arrival, keyframe: false, lost: 0, ..head() }))]
    #[case(RelayMessage::Status(Status::connecting()))]
    #[case(RelayMessage::Status(Status::stopped()))]
    #[case(fault(ErrorKind::AuthFailed))]
    #[case(fault(ErrorKind::Stalled))]
    #[case(fault(ErrorKind::UntrustedCertificate { shown: Fingerprint::of(b"it") }))]
    #[case(RelayMessage::End(Error::new(ErrorKind::NotOwner, "not here")))]
    fn what_is_said_is_heard(#[case] message: RelayMessage) {
        let heard = RelayMessage::decode(message.encode()).expect("heard");
        assert_eq!(timeless(heard), timeless(message));
    }

    #[test]
    fn a_packets_head_is_32_bytes_in_little_endian() {
        let mut expected = vec![2, 3, 0, 0, 3, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1];
        expected.extend(1_790_000_000_123_456_789_i64.to_le_bytes());
        expected.extend((-40_000_i64).to_le_bytes());
        assert_eq!(RelayMessage::Packet(head()).encode(), expected);
    }

    #[test]
    fn later_versions_may_say_more() {
        assert_eq!(RelayMessage::decode(Bytes::from_static(&[99, 1])), Ok(RelayMessage::Unknown));
        let mut longer = RelayMessage::Packet(head()).encode().to_vec();
        longer.extend(b"more");
        assert_eq!(RelayMessage::decode(longer.into()), Ok(RelayMessage::Packet(head())));
        let told =
            b"\x03{\"state\": \"dreaming\", \"code\": \"sleepy\", \"message\": \"z\", \"x\": 1}";
        let Ok(RelayMessage::Status(status)) = RelayMessage::decode(Bytes::from_static(told))
        else {
            panic!("a status");
        };
        let fault = status.fault.expect("a fault");
        assert_eq!((status.state, fault.message.as_str()), (State::Reconnecting, "z"));
    }

    #[test]
    fn what_breaks_off_is_an_error() {
        for message in [stream(Codec::H264, None, b""), RelayMessage::Packet(head())] {
            let whole = message.encode();
            for len in 0..whole.len() {
                RelayMessage::decode(whole.slice(..len)).expect_err("broken");
            }
        }
        RelayMessage::decode(Bytes::from_static(b"\x03{")).expect_err("no JSON");
    }
}
