//! `GET /api/streams/{id}/snapshot.jpg`: one picture, and for those who say so a recent one that
//! was taken for somebody else.

use std::collections::VecDeque;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use fanlight_engine::{
    CameraId, CameraUrl, ConsumerKind, Error, ErrorKind, Frame, FrameReader, Quality, Size,
};
use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::extract::{Asked, Named};
use crate::frame::consumer;
use crate::openapi::Raw;
use crate::problem::Problem;
use crate::watching::{self, Shape};
use crate::{Answer, Context, invalid};

/// Nobody wants an older picture for a present one.
const MAX_CACHE: Duration = Duration::from_secs(3600);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SnapshotQuery {
    /// Pixels a row; without it as wide as the stream's default rendition, in the camera's shape.
    #[param(minimum = 16, maximum = 8192)]
    width: Option<u32>,
    /// Rows.
    #[param(minimum = 16, maximum = 8192)]
    height: Option<u32>,
    /// How old the picture may be: `10s`, `500ms`, `2m`; an hour at most. One that was taken for
    /// somebody else is answered again.
    #[param(pattern = "^[0-9]+ ?(ms|s|m|h)$")]
    cache: Option<String>,
}

/// Answers the next picture as a JPEG.
#[utoipa::path(
    get, path = "/api/streams/{id}/snapshot.jpg", operation_id = "snapshot", tag = "frames",
    params(Named, SnapshotQuery),
    responses(
        (status = 200, body = inline(Raw), content_type = "image/jpeg", description = "The picture", headers(
            ("X-Frame-Sequence" = u64, description = "The number of the picture"),
            ("X-Frame-Timestamp" = u64, description = "When it was captured, in unix nanoseconds"),
            ("X-Frame-Width" = u32, description = "Pixels a row"),
            ("X-Frame-Height" = u32, description = "Rows"),
            ("Age" = u64, description = "How many seconds ago it was taken"),
        )),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "`consumer_kicked`"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "`quota_exceeded`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`stream_not_running`, `auth_failed`, `camera_not_found` and the like: no picture will come until something changes"),
    ),
)]
pub(crate) async fn snapshot(
    State(context): State<Context>,
    Named(camera): Named,
    Asked(query): Asked<SnapshotQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    let max_age = query.cache.as_deref().map(age).transpose()?;
    let shape = Shape { width: query.width, height: query.height };
    let kept = max_age.and_then(|max_age| {
        context.snapshots.find(camera.id(), &camera.config().url, shape, max_age)
    });
    let snapshot = if let Some(kept) = kept {
        kept
    } else {
        let taken = watching::within_patience(&camera, async {
            let mut reader =
                watching::join(&camera, shape, consumer(&headers, ConsumerKind::Http, "jpeg"))
                    .await?;
            next(&mut reader).await
        })
        .await?;
        let taken = Snapshot::new(&taken)?;
        context.snapshots.keep(camera.id(), &camera.config().url, shape, taken.clone());
        taken
    };
    Ok(snapshot.answer(max_age)?)
}

/// The next picture, not one that may have been lying there since the camera fell silent.
async fn next(reader: &mut FrameReader) -> Result<Arc<Frame>, Error> {
    let present = reader.present();
    reader.next_after(present).await
}

/// Reads `10s` and the like.
fn age(text: &str) -> Result<Duration, Error> {
    SignedDuration::from_str(text)
        .ok()
        .and_then(|age| Duration::try_from(age).ok())
        .filter(|age| *age <= MAX_CACHE)
        .ok_or_else(|| invalid("cache is a duration of up to an hour, such as 10s or 2m"))
}

/// One picture as it was taken.
#[derive(Debug, Clone)]
struct Snapshot {
    jpeg: Bytes,
    size: Size,
    sequence: u64,
    captured_at: Timestamp,
    taken: Instant,
}

impl Snapshot {
    fn new(frame: &Arc<Frame>) -> Result<Self, Error> {
        Ok(Self {
            jpeg: frame.jpeg(Quality::default())?,
            size: frame.size,
            sequence: frame.sequence,
            captured_at: frame.captured_at,
            taken: Instant::now(),
        })
    }

    fn answer(self, max_age: Option<Duration>) -> Result<Response, Error> {
        let age = self.taken.elapsed().as_secs();
        // A browser may show it again for as long as its reader said; what a proxy keeps, it would
        // hand to others.
        let caching = match max_age {
            Some(max_age) => format!("private, max-age={}", max_age.as_secs()),
            None => "no-store".to_owned(),
        };
        Response::builder()
            .header(CONTENT_TYPE, "image/jpeg")
            .header(CONTENT_DISPOSITION, "inline")
            .header(CACHE_CONTROL, caching)
            .header(AGE, age)
            .header("x-frame-sequence", self.sequence)
            .header("x-frame-timestamp", self.captured_at.as_nanosecond().to_string())
            .header("x-frame-width", self.size.width())
            .header("x-frame-height", self.size.height())
            .body(Body::from(self.jpeg))
            .map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))
    }
}

/// The last snapshots, few enough that their memory needs no thought.
#[derive(Debug, Default)]
pub(crate) struct Snapshots(Mutex<VecDeque<(Key, Snapshot)>>);

/// Snapshots that are kept, over all cameras and sizes.
const KEPT: usize = 32;

/// The URL stands for the camera behind an id, which may have become another.
type Key = (CameraId, CameraUrl, Shape);

impl Snapshots {
    fn find(
        &self,
        id: &CameraId,
        url: &CameraUrl,
        shape: Shape,
        max_age: Duration,
    ) -> Option<Snapshot> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|((i, u, s), _)| i == id && u == url && *s == shape)
            .map(|(_, snapshot)| snapshot)
            .filter(|snapshot| snapshot.taken.elapsed() < max_age)
            .cloned()
    }

    fn keep(&self, id: &CameraId, url: &CameraUrl, shape: Shape, snapshot: Snapshot) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|((i, _, s), _)| !(i == id && *s == shape));
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(((id.clone(), url.clone(), shape), snapshot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("10s", Some(10_000))]
    #[case("500ms", Some(500))]
    #[case("2m", Some(120_000))]
    #[case("0s", Some(0))]
    #[case("1h", Some(3_600_000))]
    #[case("61m", None)]
    #[case("-1s", None)]
    #[case("10", None)]
    #[case("soon", None)]
    fn ages(#[case] text: &str, #[case] expected: Option<u64>) {
        assert_eq!(age(text).ok(), expected.map(Duration::from_millis));
    }

    fn snapshot(taken: Instant) -> Snapshot {
        Snapshot {
            jpeg: Bytes::from_static(b"jpeg"),
            size: Size::new(64, 64).expect("valid"),
            sequence: 1,
            captured_at: Timestamp::UNIX_EPOCH,
            taken,
        }
    }

    #[test]
    fn a_picture_is_found_while_it_is_new_and_its_camera_the_same() {
        let kept = Snapshots::default();
        let id = CameraId::parse("door").expect("valid");
        let url = |text| CameraUrl::parse(text).expect("valid");
        let (here, there) = (url("rtsp://192.0.2.1/a"), url("rtsp://192.0.2.1/b"));
        let shape = Shape { width: Some(64), height: None };
        kept.keep(&id, &here, shape, snapshot(Instant::now()));
        let minute = Duration::from_secs(60);
        assert!(kept.find(&id, &here, shape, minute).is_some());
        assert!(kept.find(&id, &here, shape, Duration::ZERO).is_none());
        assert!(kept.find(&id, &there, shape, minute).is_none());
        assert!(kept.find(&id, &here, Shape::default(), minute).is_none());
    }

    #[test]
    fn only_so_many_are_kept() {
        let kept = Snapshots::default();
        let id = CameraId::parse("door").expect("valid");
        let url = CameraUrl::parse("rtsp://192.0.2.1/a").expect("valid");
        for width in 0..100 {
            let shape = Shape { width: Some(width), height: None };
            kept.keep(&id, &url, shape, snapshot(Instant::now()));
            kept.keep(&id, &url, shape, snapshot(Instant::now()));
        }
        assert_eq!(kept.0.lock().expect("not poisoned").len(), KEPT);
    }
}
