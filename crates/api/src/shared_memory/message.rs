//! The packets of the shared-memory socket, version 1: bytes to values and back, without I/O.
//! `docs/SHARED_MEMORY.md` is the same for readers of other languages; all numbers are little-endian.

use std::str;

/// What this side speaks.
pub(super) const VERSION: u8 = 1;
/// The longest packet of a client.
pub(super) const LONGEST_ASKED: usize = 4096;

const HEAD: usize = 8;

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    /// The first packet: what it speaks, and what it calls itself.
    Hello { version: u8, agent: &'a str },
    /// A request of the HTTP API. Answered in order, one at a time.
    Request { id: u32, method: Method, path: &'a str },
    /// It looks at this picture no more.
    Release { lease: u64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Delete,
}

/// A packet that no client of this version sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl<'a> Asked<'a> {
    pub(super) fn parse(packet: &'a [u8]) -> Result<Self, Malformed> {
        let (head, rest) = packet.split_first_chunk::<HEAD>().ok_or(Malformed)?;
        let [kind, detail, 0, 0, id @ ..] = *head else { return Err(Malformed) };
        let id = u32::from_le_bytes(id);
        match (kind, detail) {
            (1, version) => Ok(Self::Hello { version, agent: text(rest)? }),
            (2, 1) => Ok(Self::Request { id, method: Method::Get, path: text(rest)? }),
            (2, 2) => Ok(Self::Request { id, method: Method::Delete, path: text(rest)? }),
            (3, 0) => {
                let lease = rest.try_into().map_err(|_| Malformed)?;
                Ok(Self::Release { lease: u64::from_le_bytes(lease) })
            }
            _ => Err(Malformed),
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    str::from_utf8(bytes).map_err(|_| Malformed)
}

/// Answers a Hello.
pub(super) fn welcome(epoch: u64) -> Vec<u8> {
    [head(1, VERSION, 0, 0), epoch.to_le_bytes()].concat()
}

/// Where a picture lies, and what it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Picture {
    /// The number of the request that it answers.
    pub(super) id: u32,
    /// By which the client gives it back.
    pub(super) lease: u64,
    pub(super) segment: u64,
    /// Whether the segment's descriptor is attached.
    pub(super) attached: bool,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) sequence: u64,
    /// Unix time in nanoseconds.
    pub(super) captured_ns: u64,
    pub(super) gap: u64,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Whether the capture time is the camera's own.
    pub(super) camera_clock: bool,
    pub(super) substream: bool,
}

pub(super) fn picture(picture: &Picture) -> Vec<u8> {
    let flags = [picture.attached, picture.camera_clock, picture.substream];
    let flags = flags.iter().enumerate().map(|(bit, set)| u8::from(*set) << bit).sum();
    let mut packet = head(2, flags, 0, picture.id).to_vec();
    let numbers = [
        picture.lease,
        picture.segment,
        picture.offset,
        picture.length,
        picture.sequence,
        picture.captured_ns,
        picture.gap,
    ];
    packet.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    packet.extend(picture.width.to_le_bytes());
    packet.extend(picture.height.to_le_bytes());
    packet
}

/// The longest body within a packet.
pub(super) const LONGEST_BODY: usize = (64 << 10) - HEAD;

/// Any other answer, as over HTTP: a status and a body of at most [`LONGEST_BODY`] bytes.
pub(super) fn answer(id: u32, status: u16, body: &[u8]) -> Vec<u8> {
    [&head(3, 0, status, id)[..], body].concat()
}

/// The same with a longer body, which is in the file whose descriptor is attached.
pub(super) fn long_answer(id: u32, status: u16) -> Vec<u8> {
    head(3, 1, status, id).to_vec()
}

fn head(kind: u8, detail: u8, status: u16, id: u32) -> [u8; HEAD] {
    let (s, i) = (status.to_le_bytes(), id.to_le_bytes());
    [kind, detail, s[0], s[1], i[0], i[1], i[2], i[3]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// The same bytes are in the tests of the Python client.
    const GOLDEN: &str = include_str!("../../../../tests/testdata/shared_memory.txt");

    fn golden(name: &str) -> Vec<u8> {
        let line = GOLDEN.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        let digits: Vec<_> = line.expect("there").bytes().filter(|b| *b != b' ').collect();
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).expect("ascii"), 16);
        digits.chunks(2).map(|pair| byte(pair).expect("hex")).collect()
    }

    #[test]
    fn what_clients_send_is_read() {
        let parsed = |name: &str| golden(name);
        assert_eq!(
            Asked::parse(&parsed("hello")),
            Ok(Asked::Hello { version: 1, agent: "fanlight-python/0.1.0 (edges.py; pid 4711)" })
        );
        let path = "/api/streams/door/frame?after=1200&width=640&height=360&wait=900";
        assert_eq!(
            Asked::parse(&parsed("request")),
            Ok(Asked::Request { id: 7, method: Method::Get, path })
        );
        assert_eq!(
            Asked::parse(&parsed("stop")),
            Ok(Asked::Request { id: 8, method: Method::Delete, path: "/api/streams/door" })
        );
        assert_eq!(
            Asked::parse(&parsed("release")),
            Ok(Asked::Release { lease: 0x0102_0304_0506_0708 })
        );
    }

    #[test]
    fn what_is_sent_is_what_clients_read() {
        assert_eq!(welcome(0x1122_3344_5566_7788), golden("welcome"));
        let sent = Picture {
            id: 7,
            lease: 3,
            segment: 2,
            attached: true,
            offset: 692_224,
            length: 691_200,
            sequence: 1204,
            captured_ns: 1_767_600_000_123_456_789,
            gap: 3,
            width: 640,
            height: 360,
            camera_clock: true,
            substream: false,
        };
        assert_eq!(picture(&sent), golden("picture"));
        let sent = Picture { attached: false, camera_clock: false, substream: true, ..sent };
        assert_eq!(picture(&sent), golden("picture of a substream"));
        assert_eq!(answer(7, 204, b""), golden("nothing new"));
        assert_eq!(long_answer(7, 200), golden("long answer"));
        assert_eq!(answer(7, 404, b"{\"code\": \"stream_not_found\"}"), golden("problem"));
    }

    #[rstest]
    #[case::empty(b"")]
    #[case::short(b"\x02\x01\0\0\0\0\0")]
    #[case::unknown_kind(b"\x09\0\0\0\0\0\0\0")]
    #[case::unknown_method(b"\x02\x03\0\0\0\0\0\0/")]
    #[case::reserved_bytes(b"\x02\x01\0\x01\0\0\0\0/")]
    #[case::no_text(b"\x02\x01\0\0\0\0\0\0\xff")]
    #[case::no_lease(b"\x03\0\0\0\0\0\0\0\x01")]
    #[case::too_long_a_lease(b"\x03\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0")]
    fn what_no_client_sends_is_refused(#[case] packet: &[u8]) {
        assert_eq!(Asked::parse(packet), Err(Malformed));
    }
}
