//! Joining a stream to look at it: in its own shape unless a size is given, and not for ever.

use std::time::Duration;

use fanlight_engine::{Camera, ConsumerInfo, Error, ErrorKind, FrameReader, Spec};
use tokio::time::timeout;

use crate::frame::size;

/// How long a viewer waits for a camera's first picture.
const PATIENCE: Duration = Duration::from_secs(10);

/// The size that a viewer asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
}

/// Joins the rendition of this shape; without any, the camera's own shape as wide as the stream is
/// declared, as nobody wants to look at a squeezed picture.
pub(crate) async fn join(
    camera: &Camera,
    shape: Shape,
    consumer: ConsumerInfo,
) -> Result<FrameReader, Error> {
    let Shape { width, height } = shape;
    let width = width.or_else(|| height.is_none().then(|| camera.config().size.width()));
    let size = size(camera, width, height).await?;
    camera.frames(Spec::new(size), consumer)
}

/// What comes in time, or why nothing does.
pub(crate) async fn within_patience<T>(
    camera: &Camera,
    wanted: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        found = timeout(PATIENCE, wanted) => found.unwrap_or_else(|_| Err(nothing_came(camera))),
        fault = camera.until_lasting_fault() => Err(fault),
    }
}

/// The camera's own word when it has one.
fn nothing_came(camera: &Camera) -> Error {
    let status = camera.status().borrow().clone();
    match status.fault {
        Some(fault) => Error::new(fault.kind, fault.message),
        None => Error::new(
            ErrorKind::CameraTimeout,
            format!("no picture came within {} s; try again", PATIENCE.as_secs()),
        ),
    }
}
