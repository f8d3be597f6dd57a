//! The server itself.

use serde::Serialize;
use utoipa::ToSchema;

/// `GET /api/info`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Info {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) api: String,
    pub(crate) ffmpeg: Option<FfmpegInfo>,
    /// What to do about a missing FFmpeg.
    pub(crate) ffmpeg_error: Option<String>,
    /// Where programs of the same user on this machine read frames without a copy.
    pub(crate) shared_memory: Option<SharedMemoryInfo>,
    /// What a person should know about the start, such as a damaged camera list.
    pub(crate) notice: Option<String>,
}

/// `GET /api/clients`: paths on this server, null for what was not built in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Clients {
    /// A wheel, for `pip install`.
    pub(crate) python: Option<String>,
    /// A tarball, for `npm install`.
    pub(crate) javascript: Option<String>,
}

/// The shared-memory socket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SharedMemoryInfo {
    /// Its path.
    pub(crate) socket: String,
    /// What it welcomes with.
    pub(crate) epoch: u64,
}

/// The FFmpeg in use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FfmpegInfo {
    pub(crate) path: String,
    pub(crate) version: String,
}

/// `GET /health`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `healthy`, or `degraded` while nothing can be changed.
    pub(crate) status: &'static str,
    /// Unix seconds.
    pub(crate) timestamp: i64,
    /// Why it is degraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// One thing the server cannot do without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) ok: bool,
    /// What is in use, or what is wrong and what to do.
    pub(crate) message: String,
}

impl Check {
    pub(crate) fn new(name: &'static str, found: Result<String, String>) -> Self {
        let ok = found.is_ok();
        Self { name, ok, message: found.unwrap_or_else(|wrong| wrong) }
    }
}
