//! What happened lately, newest first: to one camera or to all. `events` tells it as it happens.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::events::Event;
use crate::extract::{Asked, Named};
use crate::journal::{Journal, KEPT_ON_ALL, Numbered};
use crate::{Answer, Context, invalid};

/// Events in an answer when nobody says how many.
const DEFAULT_LIMIT: usize = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PastQuery {
    /// How many events at most.
    #[param(minimum = 1, maximum = 2000, default = 200)]
    limit: Option<usize>,
}

impl PastQuery {
    fn limit(&self) -> Answer<usize> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=KEPT_ON_ALL => Ok(limit),
            limit => Err(invalid(format!("limit must be 1 to {KEPT_ON_ALL}; got {limit}")).into()),
        }
    }
}

/// Events, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PastEvents {
    events: Vec<PastEvent>,
}

/// Something that happened, with the id it has in `/api/events`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PastEvent {
    id: String,
    #[serde(flatten)]
    event: Event,
}

impl PastEvents {
    pub(crate) fn of(journal: &Journal, limit: usize, wanted: impl Fn(&str) -> bool) -> Self {
        let told = |(number, event): Numbered| PastEvent {
            id: journal.id(number),
            event: Event::clone(&event),
        };
        Self { events: journal.newest(limit, wanted).into_iter().map(told).collect() }
    }
}

/// Tells what happened lately to all streams.
///
/// Of each stream the last hundred events are kept, and the last hundred times that somebody began or ceased
/// to read it; 2000 in all. They end with the process.
#[utoipa::path(
    get, path = "/api/events/recent", operation_id = "recentEvents", tag = "server",
    params(PastQuery),
    responses(
        (status = 200, body = PastEvents, description = "Newest first"),
    ),
)]
pub(crate) async fn recent(
    State(context): State<Context>,
    Asked(query): Asked<PastQuery>,
) -> Answer<Json<PastEvents>> {
    Ok(Json(PastEvents::of(&context.journal, query.limit()?, |_| true)))
}

/// Tells what happened lately to one stream, and to all at once.
#[utoipa::path(
    get, path = "/api/streams/{id}/events", operation_id = "streamEvents", tag = "streams",
    params(Named, PastQuery),
    responses(
        (status = 200, body = PastEvents, description = "Newest first"),
    ),
)]
pub(crate) async fn of_stream(
    State(context): State<Context>,
    Named(camera): Named,
    Asked(query): Asked<PastQuery>,
) -> Answer<Json<PastEvents>> {
    let id = camera.id().as_str();
    let wanted = |about: &str| about == id || about.is_empty();
    Ok(Json(PastEvents::of(&context.journal, query.limit()?, wanted)))
}
