//! `GET /api/streams/{id}/frame`: the newest frame after the one a client has, at its own size.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Extension;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use fanlight_engine::{
    Camera, ConsumerInfo, ConsumerKind, Error, ErrorKind, Frame, Pixels, Quality, Role, Size, Spec,
};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use utoipa::{IntoParams, ToSchema};

use crate::extract::{Asked, Named};
use crate::leases::{Lease, Leases};
use crate::openapi::Raw;
use crate::places::Place;
use crate::problem::Problem;
use crate::{Answer, invalid};

/// How long a request waits for a frame when it does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);
/// How long it may ask to wait.
const MAX_WAIT: Duration = Duration::from_secs(30);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FrameQuery {
    /// The sequence number of the frame that you have; without it, the frame after the last one
    /// answered on this connection.
    after: Option<u64>,
    /// Pixels a row; with only one of the two the other follows the camera's shape, with none the
    /// stream's own size counts.
    #[param(minimum = 16, maximum = 8192)]
    width: Option<u32>,
    /// Rows.
    #[param(minimum = 16, maximum = 8192)]
    height: Option<u32>,
    /// `bgr24` when absent.
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// At most so many frames a second on this connection.
    #[param(minimum = 0.01, maximum = 1000)]
    fps: Option<f64>,
    /// Of a JPEG.
    #[param(minimum = 1, maximum = 100, default = 80)]
    quality: Option<u8>,
    /// Milliseconds to wait.
    #[param(maximum = 30000, default = 5000)]
    wait: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    #[default]
    Bgr24,
    Jpeg,
    Png,
    Webp,
}

impl Format {
    fn content_type(self) -> &'static str {
        match self {
            Self::Bgr24 => "application/octet-stream",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// Conversions of up to a few milliseconds run in place: moving them to another thread would
    /// cost more than it saves. The lossless ones take a hundred times as long.
    fn name(self) -> &'static str {
        match self {
            Self::Bgr24 => "bgr24",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    async fn encode(self, frame: &Arc<Frame>, quality: Quality) -> Result<Bytes, Error> {
        match self {
            Self::Bgr24 => frame.bgr24(),
            Self::Jpeg => frame.jpeg(quality),
            Self::Png | Self::Webp => {
                let frame = Arc::clone(frame);
                let encode = move || {
                    if self == Self::Png { frame.png() } else { frame.webp() }
                };
                tokio::task::spawn_blocking(encode).await.unwrap_or_else(|_| {
                    Err(Error::new(ErrorKind::Internal, "encoding the picture was interrupted"))
                })
            }
        }
    }
}

/// Marks a request of a reader of shared memory: BGR pixels are handed over where they lie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handover {
    /// The process that asks.
    pub(crate) pid: u32,
}

/// Stands in an answer instead of a body.
#[derive(Debug, Clone)]
pub(crate) struct HandedOver {
    pub(crate) frame: Arc<Frame>,
    pub(crate) pixels: Arc<Pixels>,
    pub(crate) gap: u64,
    pub(crate) substream: bool,
}

/// Waits for a frame and answers it.
///
/// `bgr24` is exactly `width * height * 3` bytes, rows from the top, blue first, no padding. Every reader
/// gets every frame that it is fast enough for.
#[utoipa::path(
    get, path = "/api/streams/{id}/frame", operation_id = "frame", tag = "frames",
    params(Named, FrameQuery),
    responses(
        (status = 200, description = "The newest frame after `after`", content(
            (inline(Raw) = "application/octet-stream"),
            (inline(Raw) = "image/jpeg"),
            (inline(Raw) = "image/png"),
            (inline(Raw) = "image/webp"),
        ), headers(
            ("X-Frame-Sequence" = u64, description = "The number of the picture"),
            ("X-Frame-Timestamp" = u64, description = "When it was captured, in unix nanoseconds"),
            ("X-Frame-Width" = u32, description = "Pixels a row"),
            ("X-Frame-Height" = u32, description = "Rows"),
            ("X-Frame-Gap" = u64, description = "Pictures missed since `after`; with `fps`, frames that should have come"),
            ("X-Frame-Clock" = String, description = "What the capture time is read from: `camera` or `arrival`"),
            ("X-Frame-Stream" = String, description = "`main` or `sub`; each counts its own sequence"),
        )),
        (status = 204, description = "Nothing new in time", headers(("X-Stream-State" = String, description = "The state of the stream"))),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "`consumer_kicked`"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "`quota_exceeded`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`stream_not_running`, `auth_failed`, `camera_not_found` and the like: no picture will come until something changes"),
    ),
)]
pub(crate) async fn frame(
    Named(camera): Named,
    Asked(query): Asked<FrameQuery>,
    leases: Option<Extension<Leases>>,
    handover: Option<Extension<Handover>>,
    place: Option<Extension<Arc<Place>>>,
    headers: HeaderMap,
) -> Answer<Response> {
    let wait = query.wait.map_or(DEFAULT_WAIT, Duration::from_millis);
    if wait > MAX_WAIT {
        return Err(invalid("wait must be at most 30000 milliseconds").into());
    }
    let quality = quality(query.quality)?;
    let period = period(query.fps)?;
    let deadline = Instant::now() + wait;
    let handover = handover.map(|h| h.0).filter(|_| query.format == Format::Bgr24);
    let consumer = match handover {
        Some(Handover { pid }) => ConsumerInfo {
            pid: Some(pid),
            ..consumer(&headers, ConsumerKind::SharedMemory, query.format.name())
        },
        None => consumer(&headers, ConsumerKind::Http, query.format.name()),
    };
    let wanted = newest(&camera, &query, period, leases, consumer, handover.is_some());
    let Ok(found) = timeout_at(deadline, wanted).await else {
        return Ok(nothing_new(&camera));
    };
    let (frame, gap, role) = found?;
    if handover.is_some() {
        let pixels = frame.pixels()?;
        let handed = HandedOver { frame, pixels, gap, substream: role == Role::Sub };
        return Ok(Extension(handed).into_response());
    }
    let mut bytes = query.format.encode(&frame, quality).await?;
    if let Some(Extension(place)) = place {
        bytes = place.watch(bytes);
    }
    let response = Response::builder()
        .header(CONTENT_TYPE, query.format.content_type())
        .header(CACHE_CONTROL, "no-store")
        .header("x-frame-sequence", frame.sequence)
        .header("x-frame-timestamp", frame.captured_at.as_nanosecond().to_string())
        .header("x-frame-clock", frame.clock.name())
        .header("x-frame-stream", role.name())
        .header("x-frame-width", frame.size.width())
        .header("x-frame-height", frame.size.height())
        .header("x-frame-gap", gap)
        .body(Body::from(bytes))
        .map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))?;
    Ok(response)
}

/// No body, but the reason in a header.
fn nothing_new(camera: &Camera) -> Response {
    let state = camera.status().borrow().state.name();
    (StatusCode::NO_CONTENT, [("x-stream-state", state)]).into_response()
}

/// Waits for the frame, and tells how many were missed since the one the client has. `shared`: it must
/// lie where other processes can look at it.
async fn newest(
    camera: &Camera,
    query: &FrameQuery,
    period: Option<Duration>,
    leases: Option<Extension<Leases>>,
    consumer: ConsumerInfo,
    shared: bool,
) -> Result<(Arc<Frame>, u64, Role), Error> {
    let frame = async {
        let spec = Spec { size: size(camera, query.width, query.height).await?, period };
        let kept = leases.as_ref().and_then(|leases| leases.take(camera.id(), spec));
        let lease = if let Some(lease) = kept {
            lease
        } else {
            let reader = camera.frames(spec, consumer)?;
            let mut lease = Lease::new(camera.id().clone(), spec, reader);
            // Without a word of what it has, a new client waits for the next frame.
            lease.last = lease.reader.present();
            lease
        };
        let after = query.after.unwrap_or(lease.last);
        let lease = &mut LeaseInUse { lease: Some(lease), leases: leases.map(|l| l.0) };
        lease.next_after(after, shared).await
    };
    tokio::select! {
        biased;
        frame = frame => frame,
        fault = camera.until_lasting_fault() => Err(fault),
    }
}

/// A lease that goes back to its connection even when the wait is given up.
struct LeaseInUse {
    /// Present until dropped.
    lease: Option<Lease>,
    leases: Option<Leases>,
}

impl LeaseInUse {
    /// The frame, how many were missed before it, and the stream it is of.
    async fn next_after(
        &mut self,
        after: u64,
        shared: bool,
    ) -> Result<(Arc<Frame>, u64, Role), Error> {
        let Some(lease) = &mut self.lease else { unreachable!("present until dropped") };
        let mut passed = after;
        loop {
            let frame = lease.reader.next_after(passed).await?;
            if shared && !is_shared(&frame)? {
                // Its readers look at so many pictures that there was no room for this one.
                lease.reader.undelivered();
                passed = frame.sequence;
                continue;
            }
            lease.last = frame.sequence;
            let missed = lease.reader.missed(after, &frame);
            return Ok((frame, missed, lease.reader.role()));
        }
    }
}

#[cfg(target_os = "linux")]
fn is_shared(frame: &Frame) -> Result<bool, Error> {
    Ok(frame.pixels()?.location().is_some())
}

#[cfg(not(target_os = "linux"))]
fn is_shared(_: &Frame) -> Result<bool, Error> {
    Ok(false)
}

impl Drop for LeaseInUse {
    fn drop(&mut self) {
        if let (Some(lease), Some(leases)) = (self.lease.take(), &self.leases) {
            leases.put(lease);
        }
    }
}

/// The size that width and height ask for: the stream's own without either; the camera's shape
/// with one, for which the camera must have told it.
pub(crate) async fn size(
    camera: &Camera,
    width: Option<u32>,
    height: Option<u32>,
) -> Result<Size, Error> {
    match (width, height) {
        (None, None) => Ok(camera.config().size),
        (Some(width), Some(height)) => Size::new(width, height),
        (Some(width), None) => Size::with_width(width, camera.native_size().await?),
        (None, Some(height)) => Size::with_height(height, camera.native_size().await?),
    }
}

/// A client introduces itself by its user agent.
pub(crate) fn consumer(
    headers: &HeaderMap,
    kind: ConsumerKind,
    format: &'static str,
) -> ConsumerInfo {
    /// Longer names are cut: a list of consumers is read by people.
    const LONGEST: usize = 200;
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    let name: String = agent.unwrap_or("unnamed").chars().take(LONGEST).collect();
    ConsumerInfo { kind, pid: pid(&name), name, format }
}

/// The shortest time between two frames at this rate.
pub(crate) fn period(fps: Option<f64>) -> Result<Option<Duration>, Error> {
    match fps {
        None => Ok(None),
        Some(fps) if (0.01..=1000.0).contains(&fps) => Ok(Some(Duration::from_secs_f64(1.0 / fps))),
        Some(fps) => Err(invalid(format!("fps must be 0.01 to 1000; got {fps}"))),
    }
}

pub(crate) fn quality(quality: Option<u8>) -> Result<Quality, Error> {
    quality.map_or(Ok(Quality::default()), Quality::new)
}

/// The process number in a user agent such as `fanlight-python/0.1.0 (edges.py; pid 4711)`.
fn pid(agent: &str) -> Option<u32> {
    let (_, after) = agent.split_once("pid ")?;
    let digits = after.find(|c: char| !c.is_ascii_digit()).map_or(after, |end| &after[..end]);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("fanlight-python/0.1.0 (edges.py; pid 4711)", Some(4711))]
    #[case("curl/8.0", None)]
    #[case("pid x", None)]
    #[case("pid 99999999999", None)]
    fn finds_the_process(#[case] agent: &str, #[case] expected: Option<u32>) {
        assert_eq!(pid(agent), expected);
    }
}
