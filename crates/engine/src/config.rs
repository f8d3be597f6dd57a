//! What a user configures of a camera, with the bounds of each value.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::camera_url::CameraUrl;
use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::Fingerprint;

/// The name of a camera in paths and files: `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CameraId(Arc<str>);

impl CameraId {
    /// Checks an id.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidId`] when it does not match the pattern.
    pub fn parse(text: &str) -> Result<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric();
        let valid = text.len() <= 64
            && text.starts_with(plain)
            && text.chars().all(|c| plain(c) || c == '_' || c == '-');
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(Error::new(
                ErrorKind::InvalidId,
                "stream_id must be 1 to 64 letters, digits, - and _, and start with a letter or digit",
            ))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CameraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CameraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The size of a picture in pixels, within the bounds that Fanlight decodes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    width: u32,
    height: u32,
}

/// Sides of a picture, in pixels.
const SIDE: RangeInclusive<u32> = 16..=8192;
/// 8K: the largest picture cameras send.
pub(crate) const MAX_PIXELS: u32 = 7680 * 4320;

impl Size {
    /// A size within the bounds: 16 to 8192 pixels a side, at most 33,177,600 pixels.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] outside of them.
    pub fn new(width: u32, height: u32) -> Result<Self> {
        if SIDE.contains(&width) && SIDE.contains(&height) && width * height <= MAX_PIXELS {
            Ok(Self { width, height })
        } else {
            Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "width and height must be {} to {} pixels, {MAX_PIXELS} pixels in all; got {width}x{height}",
                    SIDE.start(),
                    SIDE.end()
                ),
            ))
        }
    }

    /// The size for this `width` that keeps the shape of `camera`; the height is even, as 4:2:0
    /// pictures want it.
    ///
    /// # Errors
    /// As [`Size::new`].
    pub fn with_width(width: u32, camera: Size) -> Result<Self> {
        let height = f64::from(width) * f64::from(camera.height) / f64::from(camera.width);
        Self::new(width, (height / 2.0).round() as u32 * 2)
    }

    /// The size for this `height` that keeps the shape of `camera`.
    ///
    /// # Errors
    /// As [`Size::new`].
    pub fn with_height(height: u32, camera: Size) -> Result<Self> {
        let width = f64::from(height) * f64::from(camera.width) / f64::from(camera.height);
        Self::new((width / 2.0).round() as u32 * 2, height)
    }

    /// Pixels a row.
    pub fn width(self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(self) -> u32 {
        self.height
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// How RTP travels from an RTSP camera.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transport {
    /// In the RTSP connection: nothing is lost on the way.
    #[default]
    Tcp,
    /// In packets of its own, for cameras that cannot do otherwise.
    Udp,
}

impl Transport {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl FromStr for Transport {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Tcp, Self::Udp].into_iter().find(|t| t.name() == text).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("transport must be tcp or udp; got {text}"),
            )
        })
    }
}

/// When a camera is connected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// As long as it is configured, so that the first picture is there at once.
    #[default]
    Always,
    /// While somebody reads it, and for a while after.
    OnDemand,
}

impl Mode {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::OnDemand => "on_demand",
        }
    }
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Always, Self::OnDemand].into_iter().find(|m| m.name() == text).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("mode must be always or on_demand; got {text}"),
            )
        })
    }
}

/// When a camera is recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Schedule {
    /// When somebody starts it.
    #[default]
    Off,
    /// As long as it is configured.
    Always,
}

impl Schedule {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Always => "always",
        }
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Off, Self::Always].into_iter().find(|s| s.name() == text).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("record must be off or always; got {text}"),
            )
        })
    }
}

/// The longest time that an unused camera may stay connected.
const MAX_LEAVE_AFTER: Duration = Duration::from_secs(3600);

/// Packets or frames that may wait: 1 to 1000.
const BUFFERS: RangeInclusive<usize> = 1..=1000;

/// The longest display name, in characters.
const MAX_NAME: usize = 100;

/// One camera as the user set it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraConfig {
    /// Its id in the API.
    pub id: CameraId,
    /// Its name for people; any text.
    pub name: String,
    /// Where it is.
    pub url: CameraUrl,
    /// A smaller stream of the same camera, for consumers that ask for no more.
    pub substream: Option<CameraUrl>,
    /// How RTP travels; for `rtsp` cameras.
    pub transport: Transport,
    /// When it is connected.
    pub mode: Mode,
    /// How long a stream that is connected on demand stays so after its last consumer.
    pub leave_after: Duration,
    /// When it is recorded.
    pub record: Schedule,
    /// The certificate to accept although the system does not trust it; for `rtsps` cameras.
    pub tls_fingerprint: Option<Fingerprint>,
    /// The size of its default rendition.
    pub size: Size,
    /// The most packets kept for late joiners beyond the running GOP.
    pub frame_buffer_size: usize,
    /// The most frames that may wait for one push client.
    pub client_buffer_size: usize,
}

impl CameraConfig {
    /// A camera with default settings: always connected over TCP, 640x480, 100 packets, 10 frames.
    pub fn new(id: CameraId, url: CameraUrl) -> Self {
        Self {
            name: id.to_string(),
            id,
            url,
            substream: None,
            transport: Transport::Tcp,
            mode: Mode::Always,
            leave_after: Duration::from_secs(10),
            record: Schedule::Off,
            tls_fingerprint: None,
            size: Size { width: 640, height: 480 },
            frame_buffer_size: 100,
            client_buffer_size: 10,
        }
    }

    /// Checks the bounds that the types do not hold.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] naming the field.
    pub fn check(&self) -> Result<()> {
        let invalid = |why: String| Err(Error::new(ErrorKind::InvalidRequest, why));
        for (field, value) in [
            ("frame_buffer_size", self.frame_buffer_size),
            ("client_buffer_size", self.client_buffer_size),
        ] {
            if !BUFFERS.contains(&value) {
                return invalid(format!("{field} must be 1 to 1000; got {value}"));
            }
        }
        if self.leave_after > MAX_LEAVE_AFTER {
            return invalid(format!(
                "leave_after must be 0 to 3600 seconds; got {}",
                self.leave_after.as_secs()
            ));
        }
        if self.substream.as_ref() == Some(&self.url) {
            return invalid("substream_url is the same as rtsp_url; leave it out".to_owned());
        }
        if self.name.chars().count() > MAX_NAME || self.name.chars().any(char::is_control) {
            return invalid(format!("name must be at most {MAX_NAME} characters on one line"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("camera1", true)]
    #[case("0", true)]
    #[case("a-b_C", true)]
    #[case("", false)]
    #[case("-a", false)]
    #[case("../x", false)]
    #[case("a/b", false)]
    #[case("caméra", false)]
    #[case("😀", false)]
    #[case("a b", false)]
    fn ids(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(CameraId::parse(text).is_ok(), valid);
    }

    #[test]
    fn ids_are_at_most_64_long() {
        assert!(CameraId::parse(&"x".repeat(64)).is_ok());
        assert!(CameraId::parse(&"x".repeat(65)).is_err());
    }

    #[rstest]
    #[case(16, 16, true)]
    #[case(15, 480, false)]
    #[case(7680, 4320, true)]
    #[case(8192, 8192, false)]
    #[case(u32::MAX, u32::MAX, false)]
    fn sizes(#[case] width: u32, #[case] height: u32, #[case] valid: bool) {
        assert_eq!(Size::new(width, height).is_ok(), valid);
    }

    #[rstest]
    #[case(640, (1920, 1080), 360)]
    #[case(320, (1080, 1920), 568)]
    #[case(640, (640, 480), 480)]
    fn keeps_the_shape(#[case] width: u32, #[case] camera: (u32, u32), #[case] height: u32) {
        let camera = Size::new(camera.0, camera.1).expect("valid");
        assert_eq!(Size::with_width(width, camera).expect("valid").height(), height);
    }
}
