//! Recordings and the recorders that make them.

use fanlight_engine::{
    Error, Listing, RecorderSnapshot, RecordingKind, RecordingSettings, Schedule,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a camera's recorder does.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recorder {
    /// `off` or `always`: what it does by itself.
    schedule: &'static str,
    /// `off`, `recording`, `waiting` (it is wanted, but the camera sends nothing now) or `failed`
    /// (it tries again by itself).
    state: &'static str,
    /// Since when; null while it is off.
    since: Option<Timestamp>,
    /// The id of the recording that is being written.
    file: Option<String>,
    /// Its bytes so far.
    bytes: u64,
    /// What is in its way.
    error: Option<RecordingError>,
}

/// Why something is not recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordingError {
    /// A stable code: `disk_full`, `folder_unwritable`, `unsupported_codec`, `recordings_off`.
    code: &'static str,
    /// A sentence a person can act on.
    message: String,
}

impl From<&Error> for RecordingError {
    fn from(error: &Error) -> Self {
        Self { code: error.kind().code(), message: error.message().to_owned() }
    }
}

impl From<RecorderSnapshot> for Recorder {
    fn from(recorder: RecorderSnapshot) -> Self {
        Self {
            schedule: Schedule::name(recorder.schedule),
            state: recorder.state.name(),
            since: recorder.since,
            error: recorder.error.as_ref().map(RecordingError::from),
            file: recorder.file,
            bytes: recorder.bytes,
        }
    }
}

/// One recording.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recording {
    /// Its id in paths.
    id: String,
    /// The camera's id.
    stream_id: String,
    /// The camera's name when it began.
    name: String,
    /// `recording` or `clip`.
    kind: &'static str,
    /// When its first picture was taken.
    started_at: Timestamp,
    duration_seconds: f64,
    bytes: u64,
    /// `h264` or `h265`.
    codec: &'static str,
    /// Pixels a row.
    width: u32,
    /// Rows.
    height: u32,
    /// Whether it is being written.
    in_progress: bool,
    /// Where it lies on the server's disk.
    file: String,
}

impl From<fanlight_engine::Recording> for Recording {
    fn from(recording: fanlight_engine::Recording) -> Self {
        Self {
            id: recording.id,
            stream_id: recording.camera.to_string(),
            name: recording.name,
            kind: RecordingKind::name(recording.kind),
            started_at: recording.started_at,
            duration_seconds: (recording.duration.as_secs_f64() * 1000.0).round() / 1000.0,
            bytes: recording.bytes,
            codec: recording.codec.name(),
            width: recording.width,
            height: recording.height,
            in_progress: recording.in_progress,
            file: recording.file.display().to_string(),
        }
    }
}

/// `GET /api/recordings`.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the API's own name for its list")]
pub(crate) struct Recordings {
    /// Newest first.
    recordings: Vec<Recording>,
    /// Where they lie; empty when nothing can be recorded.
    folder: String,
    /// Bytes of all recordings, listed here or not.
    total_bytes: u64,
    /// The most that they may take; beyond it the oldest are deleted.
    quota_bytes: Option<u64>,
    /// Bytes left on the disk.
    free_bytes: u64,
    /// Why nothing can be recorded now.
    error: Option<RecordingError>,
}

fn folder(settings: &RecordingSettings) -> String {
    settings.folder.as_ref().map(|folder| folder.display().to_string()).unwrap_or_default()
}

impl From<Listing> for Recordings {
    fn from(listing: Listing) -> Self {
        Self {
            folder: folder(&listing.settings),
            recordings: listing.recordings.into_iter().map(Recording::from).collect(),
            total_bytes: listing.total,
            quota_bytes: listing.settings.quota,
            free_bytes: listing.free,
            error: listing.error.as_ref().map(RecordingError::from),
        }
    }
}

/// The answer to deleting a recording.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    pub(crate) message: &'static str,
    pub(crate) id: String,
}

/// How recording is set up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordingsSetup {
    /// Where recordings lie; empty when nothing can be recorded.
    folder: String,
    /// The most bytes of all recordings; null for no bound.
    quota_bytes: Option<u64>,
    /// Bytes left on the disk of the folder.
    free_bytes: u64,
    /// How long a file is, about.
    segment_seconds: u32,
    /// How much of each camera is kept in memory for clips; 0 keeps what is there for new readers anyway.
    clip_seconds: u32,
}

impl RecordingsSetup {
    /// Blocks for a disk.
    pub(crate) fn of(settings: &RecordingSettings) -> Self {
        Self {
            folder: folder(settings),
            quota_bytes: settings.quota,
            free_bytes: settings.free(),
            segment_seconds: settings.segment_seconds,
            clip_seconds: settings.clip_seconds,
        }
    }
}

/// `PATCH /api/settings/recordings`: what is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent and null differ")]
pub(crate) struct RecordingsChange {
    /// An absolute path. What was recorded before stays where it is.
    pub(crate) folder: Option<String>,
    /// Null takes the bound away.
    #[serde(default, deserialize_with = "super::requests::present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    pub(crate) quota_bytes: Option<Option<u64>>,
    #[schema(maximum = 300)]
    pub(crate) clip_seconds: Option<u32>,
}

/// `POST /api/streams/{id}/clip`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClipRequest {
    /// How far back it goes; 30 when absent. What is there of it is saved.
    #[schema(minimum = 1, maximum = 300)]
    pub(crate) seconds: Option<u32>,
}
