//! What clients ask for.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// `POST /api/streams`, and without `stream_id` `POST /api/streams/start-with-url`. Zero or absent
/// numbers mean the default.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct StartRequest {
    /// Its id in paths.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", examples("door"))]
    pub(crate) stream_id: Option<String>,
    /// Where the camera is: `rtsp://`, `rtsps://`, `http://`, `https://`, `rtmp://`, `demo:` for a
    /// test picture, `replay:` and the name of a video file. At most 2048 bytes.
    #[schema(examples("demo:"))]
    pub(crate) rtsp_url: String,
    /// A name for people; the id when absent.
    #[schema(max_length = 100)]
    pub(crate) name: Option<String>,
    /// A smaller stream of the same camera, for consumers that ask for no more than it shows.
    pub(crate) substream_url: Option<String>,
    /// `tcp`, the default, or `udp`: how RTP travels from an `rtsp://` camera.
    #[schema(pattern = "^(tcp|udp)$")]
    pub(crate) transport: Option<String>,
    /// `always` connected, the default, or `on_demand`.
    #[schema(pattern = "^(always|on_demand)$")]
    pub(crate) mode: Option<String>,
    /// How long an unread stream stays connected on demand, in seconds; 10 when absent.
    #[schema(minimum = 0, maximum = 3600)]
    pub(crate) leave_after: Option<f64>,
    /// `always` records it as long as it is configured; `off`, the default, when somebody starts it.
    #[schema(pattern = "^(off|always)$")]
    pub(crate) record: Option<String>,
    /// The SHA-256 of the one certificate to accept although this machine does not trust it.
    #[schema(pattern = "^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")]
    pub(crate) tls_fingerprint: Option<String>,
    /// Width of the default rendition in pixels, from 16 on; 640 when absent or 0.
    #[schema(maximum = 8192)]
    pub(crate) width: Option<u32>,
    /// Its height, likewise; 480 when absent or 0. 33,177,600 pixels in all at most.
    #[schema(maximum = 8192)]
    pub(crate) height: Option<u32>,
    /// Packets kept for late joiners beyond the running GOP; 100 when absent or 0.
    #[schema(maximum = 1000)]
    pub(crate) frame_buffer_size: Option<usize>,
    /// Frames that may wait for one push client; 10 when absent or 0.
    #[schema(maximum = 1000)]
    pub(crate) client_buffer_size: Option<usize>,
}

impl StartRequest {
    /// This camera, with the defaults.
    pub(crate) fn of(rtsp_url: &str) -> Self {
        Self { rtsp_url: rtsp_url.to_owned(), ..Self::default() }
    }
}

/// `PATCH /api/streams/{id}`: what is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent and null differ")]
pub(crate) struct ChangeRequest {
    /// A name for people.
    #[schema(max_length = 100)]
    pub(crate) name: Option<String>,
    /// Where the camera is.
    #[schema(examples("demo:"))]
    pub(crate) rtsp_url: Option<String>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) substream_url: Option<Option<String>>,
    /// `tcp` or `udp`.
    #[schema(pattern = "^(tcp|udp)$")]
    pub(crate) transport: Option<String>,
    /// `always` or `on_demand`.
    #[schema(pattern = "^(always|on_demand)$")]
    pub(crate) mode: Option<String>,
    /// Seconds.
    #[schema(minimum = 0, maximum = 3600)]
    pub(crate) leave_after: Option<f64>,
    /// `off` or `always`.
    #[schema(pattern = "^(off|always)$")]
    pub(crate) record: Option<String>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")]
    pub(crate) tls_fingerprint: Option<Option<String>>,
    #[schema(minimum = 16, maximum = 8192)]
    pub(crate) width: Option<u32>,
    #[schema(minimum = 16, maximum = 8192)]
    pub(crate) height: Option<u32>,
    #[schema(minimum = 1, maximum = 1000)]
    pub(crate) frame_buffer_size: Option<usize>,
    #[schema(minimum = 1, maximum = 1000)]
    pub(crate) client_buffer_size: Option<usize>,
}

/// Tells null from absent.
#[expect(clippy::option_option, reason = "absent and null differ")]
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// `POST /api/probe`.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ProbeRequest {
    /// Where the camera is.
    #[schema(examples("demo:"))]
    pub(crate) url: String,
    /// `tcp`, the default, or `udp`.
    #[schema(pattern = "^(tcp|udp)$")]
    pub(crate) transport: Option<String>,
    /// The certificate to accept.
    #[schema(pattern = "^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")]
    pub(crate) tls_fingerprint: Option<String>,
}
