//! `GET /api/events`: what happens to cameras and consumers, as server-sent events. `observer`
//! finds it out, `journal` keeps it for those who were away for a moment; here it is told.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use fanlight_engine::{CameraId, Error, ErrorKind};
use futures_util::Stream;
use futures_util::stream;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa::ToSchema;

use crate::journal::{Found, Head, Journal};
use crate::{Answer, Context};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Below the time after which proxies close a silent connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Clients that listen at a time.
pub(crate) const MAX_LISTENERS: usize = 128;
/// How long a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Event {
    pub(crate) time: Timestamp,
    pub(crate) stream_id: String,
    #[serde(flatten)]
    pub(crate) what: What,
}

impl Event {
    pub(crate) fn now(id: &CameraId, what: What) -> Self {
        Self { time: Timestamp::now(), stream_id: id.to_string(), what }
    }

    /// One that is about all cameras.
    pub(crate) fn of_all(what: What) -> Self {
        Self { time: Timestamp::now(), stream_id: String::new(), what }
    }
}

/// What can happen, with what a reader needs to make sense of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type")]
#[schema(as = EventDetails)]
pub(crate) enum What {
    #[serde(rename = "camera.added")]
    CameraAdded { name: String, rtsp_url: String },
    #[serde(rename = "camera.removed")]
    CameraRemoved,
    /// Its pictures arrive.
    #[serde(rename = "camera.online")]
    CameraOnline,
    /// Its pictures arrive, but are all the same.
    #[serde(rename = "camera.frozen")]
    CameraFrozen { since: Timestamp },
    /// It is connected, but nothing comes.
    #[serde(rename = "camera.stalled")]
    CameraStalled,
    /// It cannot be reached, or refuses us.
    #[serde(rename = "camera.offline")]
    CameraOffline { state: &'static str, error: Option<Why> },
    /// Nobody wants it to run.
    #[serde(rename = "camera.stopped")]
    CameraStopped,
    /// It sends another codec or size than before.
    #[serde(rename = "camera.format_changed")]
    CameraFormatChanged { video: Format },
    /// All cameras are left alone for now.
    #[serde(rename = "cameras.paused")]
    CamerasPaused,
    /// They are connected again.
    #[serde(rename = "cameras.resumed")]
    CamerasResumed,
    #[serde(rename = "consumer.joined")]
    ConsumerJoined { consumer: Who },
    #[serde(rename = "consumer.left")]
    ConsumerLeft { consumer: Who },
}

/// The last failure of a camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EventError)]
pub(crate) struct Why {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// What a camera sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EventVideo)]
pub(crate) struct Format {
    pub(crate) codec: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// A consumer as the list of consumers tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EventConsumer)]
pub(crate) struct Who {
    pub(crate) id: u64,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) pid: Option<u32>,
}

impl What {
    /// The name under which a browser listens for it.
    fn name(&self) -> &'static str {
        match self {
            Self::CameraAdded { .. } => "camera.added",
            Self::CameraRemoved => "camera.removed",
            Self::CameraOnline => "camera.online",
            Self::CameraFrozen { .. } => "camera.frozen",
            Self::CameraStalled => "camera.stalled",
            Self::CameraOffline { .. } => "camera.offline",
            Self::CameraStopped => "camera.stopped",
            Self::CameraFormatChanged { .. } => "camera.format_changed",
            Self::CamerasPaused => "cameras.paused",
            Self::CamerasResumed => "cameras.resumed",
            Self::ConsumerJoined { .. } => "consumer.joined",
            Self::ConsumerLeft { .. } => "consumer.left",
        }
    }

    /// Whether it is about who reads a camera, not about the camera.
    pub(crate) fn is_of_readers(&self) -> bool {
        matches!(self, Self::ConsumerJoined { .. } | Self::ConsumerLeft { .. })
    }
}

/// Tells what happens, as server-sent events.
///
/// A `gap` says that events were lost: ask for the streams as they are then.
#[utoipa::path(
    get, path = "/api/events", operation_id = "events", tag = "server",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was heard: what came after it is told first")),
    responses(
        (status = 200, body = Event, content_type = "text/event-stream", description = "Each event's `data`; that of a `gap` is `type` and `missed` alone"),
    ),
)]
pub(crate) async fn events(
    State(context): State<Context>,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Sent, Infallible>>>> {
    let room = context.listeners.try_acquire_owned().map_err(|_| {
        let why = format!(
            "{MAX_LISTENERS} clients listen to the events, as many as may; close one of them"
        );
        Error::new(ErrorKind::QuotaExceeded, why)
    })?;
    let journal = context.journal;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let head = journal.head();
    let number = match last {
        None => Some(head.borrow().newest),
        Some(id) => journal.resume(id),
    };
    let reader =
        Reader { number: number.unwrap_or(0), head, journal, begun: number.is_some(), _room: room };
    let sent = stream::unfold(reader, |mut reader| async {
        let sent = reader.next().await?;
        Some((Ok(sent), reader))
    });
    Ok(Sse::new(sent).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// One client's place in the journal.
struct Reader {
    journal: Arc<Journal>,
    head: watch::Receiver<Head>,
    /// The number of the last event it has.
    number: u64,
    /// False for one that comes from another process and has not been told so yet.
    begun: bool,
    _room: OwnedSemaphorePermit,
}

impl Reader {
    /// The next event; none once there will be no more.
    async fn next(&mut self) -> Option<Sent> {
        if !std::mem::replace(&mut self.begun, true) {
            return Some(self.gap(None));
        }
        loop {
            match self.journal.after(self.number) {
                Found::Event(number, event) => {
                    self.number = number;
                    let sent = Sent::default().id(self.journal.id(number)).retry(RETRY);
                    // It holds nothing that JSON cannot.
                    return sent.event(event.what.name()).json_data(&*event).ok();
                }
                Found::Gap { missed, up_to } => {
                    self.number = up_to;
                    return Some(self.gap(Some(missed)));
                }
                Found::Nothing => {
                    if self.head.borrow_and_update().ended || self.head.changed().await.is_err() {
                        return None;
                    }
                }
            }
        }
    }

    /// Told to clients that missed events: they should ask for the streams as they are now.
    fn gap(&self, missed: Option<u64>) -> Sent {
        #[derive(Serialize)]
        struct Gap {
            r#type: &'static str,
            missed: Option<u64>,
        }
        let sent = Sent::default().id(self.journal.id(self.number)).event("gap");
        sent.json_data(Gap { r#type: "gap", missed }).unwrap_or_default()
    }
}
