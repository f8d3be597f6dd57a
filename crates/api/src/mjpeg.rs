//! `GET /api/streams/{id}/mjpeg`: pictures one after the other in one answer
//! (`multipart/x-mixed-replace`), for `<img>`, VLC and FFmpeg. The newest wins.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use fanlight_engine::{ConsumerKind, Error, ErrorKind, Frame, FrameReader, Quality};
use futures_util::stream;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Answer;
use crate::extract::{Asked, Named};
use crate::frame::consumer;
use crate::openapi::Raw;
use crate::problem::Problem;
use crate::watching::{self, Shape};

/// A decoder that cannot work is asked again this often.
const FAULT_RETRY: Duration = Duration::from_secs(1);

const KIND: &str = "multipart/x-mixed-replace; boundary=frame";
const BOUNDARY: &[u8] = b"--frame\r\n";

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MjpegQuery {
    /// Pixels a row; without it as wide as the stream's default rendition, in the camera's shape.
    #[param(minimum = 16, maximum = 8192)]
    width: Option<u32>,
    /// Rows.
    #[param(minimum = 16, maximum = 8192)]
    height: Option<u32>,
}

/// Answers pictures one after the other, without an end.
///
/// An `<img>` shows it, and so do VLC and FFmpeg. A slow viewer skips pictures.
#[utoipa::path(
    get, path = "/api/streams/{id}/mjpeg", operation_id = "mjpeg", tag = "frames",
    params(Named, MjpegQuery),
    responses(
        (status = 200, body = inline(Raw), content_type = "multipart/x-mixed-replace", description = "Parts of `image/jpeg` with `X-Frame-Sequence` and `X-Frame-Timestamp`"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "`consumer_kicked`"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "`quota_exceeded`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`stream_not_running`, `auth_failed`, `camera_not_found` and the like: no picture will come until something changes"),
    ),
)]
pub(crate) async fn mjpeg(
    Named(camera): Named,
    Asked(query): Asked<MjpegQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    let shape = Shape { width: query.width, height: query.height };
    let consumer = consumer(&headers, ConsumerKind::Http, "mjpeg");
    let reader =
        watching::within_patience(&camera, watching::join(&camera, shape, consumer)).await?;
    // Beginning with the next picture, not with one that may have been there since the camera fell
    // silent.
    let parts = Parts { last: reader.present(), reader, begun: false };
    let parts = stream::unfold(parts, |mut parts| async {
        let part = parts.next().await?;
        Some((Ok::<_, Infallible>(part), parts))
    });
    Response::builder()
        .header(CONTENT_TYPE, KIND)
        .header(CACHE_CONTROL, "no-store")
        .body(Body::from_stream(parts))
        .map_err(|e| Error::new(ErrorKind::Internal, e.to_string()).into())
}

/// The parts of one answer. Asked for the next only when the connection takes more bytes, so a slow
/// client skips pictures instead of collecting them.
struct Parts {
    reader: FrameReader,
    /// The sequence number of the last one.
    last: u64,
    /// Whether the first was sent.
    begun: bool,
}

impl Parts {
    /// The next picture; none once the camera is removed or the client disconnected.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let picture = match self.reader.next_after(self.last).await {
                Ok(frame) => frame.jpeg(Quality::default()).map(|jpeg| (frame, jpeg)),
                Err(error) => Err(error),
            };
            match picture {
                Ok((frame, jpeg)) => {
                    self.last = frame.sequence;
                    let is_first = !std::mem::replace(&mut self.begun, true);
                    return Some(part(&frame, &jpeg, is_first));
                }
                Err(error) if ends(error.kind()) => return None,
                // The client waits with us: decoding may work again.
                Err(_) => tokio::time::sleep(FAULT_RETRY).await,
            }
        }
    }
}

fn ends(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StreamNotRunning | ErrorKind::ConsumerKicked)
}

/// A boundary stands at the end of each picture, not before the next: browsers show a picture when
/// they have seen its end.
fn part(frame: &Frame, jpeg: &Bytes, is_first: bool) -> Bytes {
    let headers = format!(
        "Content-Type: image/jpeg\r\nContent-Length: {}\r\nX-Frame-Sequence: {}\r\nX-Frame-Timestamp: {}\r\n\r\n",
        jpeg.len(),
        frame.sequence,
        frame.captured_at.as_nanosecond()
    );
    let mut part = BytesMut::with_capacity(headers.len() + jpeg.len() + 2 * BOUNDARY.len() + 2);
    if is_first {
        part.put_slice(BOUNDARY);
    }
    part.put_slice(headers.as_bytes());
    part.put_slice(jpeg);
    part.put_slice(b"\r\n");
    part.put_slice(BOUNDARY);
    part.freeze()
}
