//! Errors as answers: `application/problem+json` (RFC 9457) with a stable `code`, and an `error`
//! sentence where older clients look for it.

use std::fmt;

use axum::response::{IntoResponse, Response};
use fanlight_engine::{Error, ErrorKind};
use http::{HeaderValue, StatusCode};
use problem_details::ProblemDetails;
use serde::Serialize;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::wire::Check;

/// Seconds after which what several instances share is worth asking for again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// What stands beside the standard fields.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Extension {
    /// Stable, for programs.
    code: &'static str,
    /// A sentence a person can act on.
    error: String,
    /// The consumers that keep a stream from being stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_count: Option<usize>,
    /// The fingerprint of a certificate that a person could accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    /// What a server that is not ready lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Vec<Check>>,
}

/// An error on its way to a client.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    extension: Extension,
}

impl Problem {
    /// A problem that is none of the engine's.
    pub(crate) fn new(status: StatusCode, code: &'static str, error: impl Into<String>) -> Self {
        let error = error.into();
        let extension =
            Extension { code, error, client_count: None, certificate: None, checks: None };
        Self { status, extension }
    }

    pub(crate) fn with_checks(mut self, checks: Option<Vec<Check>>) -> Self {
        self.extension.checks = checks;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.extension.error)
    }
}

impl ToSchema for Problem {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Extension::schemas(schemas);
    }
}

impl PartialSchema for Problem {
    /// The standard fields, and ours beside them.
    fn schema() -> RefOr<Schema> {
        let RefOr::T(Schema::Object(ours)) = Extension::schema() else {
            unreachable!("a struct is an object")
        };
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let status = ObjectBuilder::new().schema_type(Type::Integer);
        ObjectBuilder::from(ours)
            .description(Some("An error, as RFC 9457 has it"))
            .property("status", status.description(Some("The HTTP status")))
            .property("title", text().description(Some("What the status means")))
            .property("detail", text().description(Some("The same as `error`")))
            .required("status")
            .required("title")
            .required("detail")
            .into()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let mut problem = Self::new(status(error.kind()), error.kind().code(), error.message());
        problem.extension.certificate = error.kind().certificate().map(|c| c.to_string());
        if let ErrorKind::StreamInUse { consumers } = error.kind() {
            problem.extension.client_count = Some(consumers);
        }
        problem
    }
}

fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::UnsupportedScheme => StatusCode::BAD_REQUEST,
        ErrorKind::InvalidId | ErrorKind::FolderUnwritable => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::StreamNotFound | ErrorKind::ConsumerNotFound | ErrorKind::RecordingNotFound => {
            StatusCode::NOT_FOUND
        }
        ErrorKind::ConsumerKicked => StatusCode::GONE,
        ErrorKind::NotOwner => StatusCode::MISDIRECTED_REQUEST,
        ErrorKind::StreamExists
        | ErrorKind::StreamInUse { .. }
        | ErrorKind::ChangedElsewhere
        | ErrorKind::RecordingInProgress
        | ErrorKind::RecordingsOff
        | ErrorKind::NothingBuffered => StatusCode::CONFLICT,
        ErrorKind::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::StorageFailed | ErrorKind::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        // The camera or a server behind us, not the request, is at fault; it may be back later.
        ErrorKind::SharedStateUnavailable
        | ErrorKind::OwnerUnreachable
        | ErrorKind::StreamNotRunning
        | ErrorKind::Paused
        | ErrorKind::AuthFailed
        | ErrorKind::CameraNotFound
        | ErrorKind::CameraUnreachable
        | ErrorKind::CameraTimeout
        | ErrorKind::NotRtsp
        | ErrorKind::UnsupportedCodec
        | ErrorKind::TlsFailed
        | ErrorKind::UntrustedCertificate { .. }
        | ErrorKind::Stalled
        | ErrorKind::FfmpegMissing
        | ErrorKind::DamagedStream
        | ErrorKind::DecodeFailed => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let later = self.extension.code == ErrorKind::SharedStateUnavailable.code();
        let details = ProblemDetails::from_status_code(self.status)
            .with_detail(self.extension.error.clone())
            .with_extensions(self.extension);
        let mut answer = problem_details::JsonProblemDetails::from(details).into_response();
        if later {
            answer.headers_mut().insert(http::header::RETRY_AFTER, RETRY_AFTER);
        }
        answer
    }
}
