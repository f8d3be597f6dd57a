//! What can go wrong, as one enum of kinds that other crates map to a status and a stable code.

use std::fmt;

use crate::fingerprint::{Fingerprint, NoFingerprint};

/// The result of every fallible engine call.
pub type Result<T> = std::result::Result<T, Error>;

/// An error a person can act on: a stable kind and a sentence in plain words, free of secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// An error of this kind. The message is redacted here, so that no caller can forget it.
    pub fn new(kind: ErrorKind, message: impl AsRef<str>) -> Self {
        Self { kind, message: crate::redact::redact(message.as_ref()).into_owned() }
    }

    /// Why no connection to a camera could be made, from the system's words for it.
    pub(crate) fn unreachable(cause: &str) -> Self {
        let unknown_host = ["lookup", "not known", "resolve"];
        let message = if cause.contains("refused") {
            "nothing listens at this address and port; check both, and that the camera is on"
                .to_owned()
        } else if unknown_host.iter().any(|mark| cause.contains(mark)) {
            "this host name is not known on the network; check its spelling".to_owned()
        } else {
            format!("the camera cannot be reached: {cause}")
        };
        Self::new(ErrorKind::CameraUnreachable, message)
    }

    /// Which kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence for a person.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<NoFingerprint> for Error {
    fn from(error: NoFingerprint) -> Self {
        Self::new(ErrorKind::InvalidRequest, format!("tls_fingerprint: {error}"))
    }
}

/// The kinds of error; [`ErrorKind::code`] is part of the public API and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A value in the request is missing, malformed or out of bounds.
    InvalidRequest,
    /// A stream id that does not match `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`.
    InvalidId,
    /// The camera URL's scheme is none that Fanlight opens.
    UnsupportedScheme,
    /// No camera has this id.
    StreamNotFound,
    /// No consumer of the camera has this number.
    ConsumerNotFound,
    /// Someone disconnected this consumer.
    ConsumerKicked,
    /// The id is taken by another URL.
    StreamExists,
    /// The camera cannot be removed while this many consumers read it.
    StreamInUse {
        /// How many consumers are connected.
        consumers: usize,
    },
    /// The camera is stopped.
    StreamNotRunning,
    /// All cameras are paused, this one with them.
    Paused,
    /// The camera refused the user name or password.
    AuthFailed,
    /// The camera answers, but has no such path.
    CameraNotFound,
    /// No connection to the camera.
    CameraUnreachable,
    /// The camera did not answer in time.
    CameraTimeout,
    /// Something answers there, but it does not speak RTSP.
    NotRtsp,
    /// The camera's video is of a kind that cannot be read.
    UnsupportedCodec,
    /// The TLS handshake or the certificate failed.
    TlsFailed,
    /// The camera showed a certificate that nobody trusts yet. A person can accept it.
    UntrustedCertificate {
        /// The certificate shown.
        shown: Fingerprint,
    },
    /// The connection is open, but nothing arrives.
    Stalled,
    /// What arrives is damaged.
    DamagedStream,
    /// The FFmpeg sidecar is missing or does not run.
    FfmpegMissing,
    /// The FFmpeg sidecar keeps failing on this stream.
    DecodeFailed,
    /// A bound on cameras, consumers or renditions is reached.
    QuotaExceeded,
    /// The camera list could not be saved.
    StorageFailed,
    /// The state that several instances share cannot be reached, so nothing can be changed now.
    SharedStateUnavailable,
    /// Somebody else changed the same camera in the meantime.
    ChangedElsewhere,
    /// The instance that has this camera open cannot be reached.
    OwnerUnreachable,
    /// Another instance has this camera open, and only that one can do this.
    NotOwner,
    /// No recording has this id.
    RecordingNotFound,
    /// The recording is being written.
    RecordingInProgress,
    /// No folder for recordings is set.
    RecordingsOff,
    /// There is nothing to make a clip of.
    NothingBuffered,
    /// The disk of the recordings is full.
    DiskFull,
    /// The folder of the recordings cannot be written to.
    FolderUnwritable,
    /// A fault of Fanlight itself.
    Internal,
}

impl ErrorKind {
    /// The stable, machine-readable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidId => "invalid_stream_id",
            Self::UnsupportedScheme => "unsupported_scheme",
            Self::StreamNotFound => "stream_not_found",
            Self::ConsumerNotFound => "consumer_not_found",
            Self::ConsumerKicked => "consumer_kicked",
            Self::StreamExists => "stream_exists",
            Self::StreamInUse { .. } => "stream_in_use",
            Self::StreamNotRunning => "stream_not_running",
            Self::Paused => "paused",
            Self::AuthFailed => "auth_failed",
            Self::CameraNotFound => "camera_not_found",
            Self::CameraUnreachable => "camera_unreachable",
            Self::CameraTimeout => "camera_timeout",
            Self::NotRtsp => "not_rtsp",
            Self::UnsupportedCodec => "unsupported_codec",
            Self::TlsFailed | Self::UntrustedCertificate { .. } => "tls_failed",
            Self::Stalled => "stalled",
            Self::DamagedStream => "damaged_stream",
            Self::FfmpegMissing => "ffmpeg_missing",
            Self::DecodeFailed => "decode_failed",
            Self::QuotaExceeded => "quota_exceeded",
            Self::StorageFailed => "storage_failed",
            Self::SharedStateUnavailable => "shared_state_unavailable",
            Self::ChangedElsewhere => "changed_elsewhere",
            Self::OwnerUnreachable => "owner_unreachable",
            Self::NotOwner => "not_owner",
            Self::RecordingNotFound => "recording_not_found",
            Self::RecordingInProgress => "recording_in_progress",
            Self::RecordingsOff => "recordings_off",
            Self::NothingBuffered => "nothing_buffered",
            Self::DiskFull => "disk_full",
            Self::FolderUnwritable => "folder_unwritable",
            Self::Internal => "internal",
        }
    }

    /// The kind that another instance names by its code, and by a certificate that could be
    /// accepted; none for one that no camera's status has.
    pub(crate) fn of_a_camera(code: &str, certificate: Option<Fingerprint>) -> Option<Self> {
        const KINDS: [ErrorKind; 19] = [
            ErrorKind::UnsupportedScheme,
            ErrorKind::ConsumerKicked,
            ErrorKind::StreamNotRunning,
            ErrorKind::Paused,
            ErrorKind::AuthFailed,
            ErrorKind::CameraNotFound,
            ErrorKind::CameraUnreachable,
            ErrorKind::CameraTimeout,
            ErrorKind::NotRtsp,
            ErrorKind::UnsupportedCodec,
            ErrorKind::TlsFailed,
            ErrorKind::Stalled,
            ErrorKind::DamagedStream,
            ErrorKind::FfmpegMissing,
            ErrorKind::DecodeFailed,
            ErrorKind::QuotaExceeded,
            ErrorKind::SharedStateUnavailable,
            ErrorKind::NotOwner,
            ErrorKind::Internal,
        ];
        match certificate {
            Some(shown) => Some(Self::UntrustedCertificate { shown }),
            None => KINDS.into_iter().find(|kind| kind.code() == code),
        }
    }

    /// The certificate that a person could accept to mend this.
    pub fn certificate(self) -> Option<Fingerprint> {
        match self {
            Self::UntrustedCertificate { shown } => Some(shown),
            _ => None,
        }
    }

    /// Whether waiting will not help: someone has to change a setting first.
    pub fn needs_a_person(self) -> bool {
        matches!(
            self,
            Self::AuthFailed
                | Self::CameraNotFound
                | Self::NotRtsp
                | Self::UnsupportedCodec
                | Self::UnsupportedScheme
                | Self::TlsFailed
                | Self::UntrustedCertificate { .. }
                | Self::FfmpegMissing
                | Self::DecodeFailed
        )
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
