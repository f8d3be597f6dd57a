//! Reading requests, with every refusal as a problem in words.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use fanlight_engine::{Camera, CameraId};
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{Object, Required, Type};

use crate::problem::Problem;
use crate::{Context, MAX_BODY, invalid};

/// A client that takes longer to send 64 KiB is cut off.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What `CameraId` takes.
const ID: &str = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$";

/// The camera that `{id}` in the path names.
pub(crate) struct Named(pub(crate) Arc<Camera>);

impl FromRequestParts<Context> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, context)
            .await
            .map_err(|_| invalid("the id in the path is not valid UTF-8"))?;
        Ok(Self(context.engine.camera(&CameraId::parse(&id)?)?))
    }
}

impl IntoParams for Named {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = Object::builder().schema_type(Type::String).pattern(Some(ID));
        let id = Parameter::builder()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The stream's id"))
            .schema(Some(id));
        vec![id.build()]
    }
}

/// The query as a typed value.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Context> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Context) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(value)| Self(value))
            .map_err(|e| invalid(e.body_text()).into())
    }
}

/// A JSON body as a typed value. That it is declared as JSON, the guard has checked.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Context> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Problem> {
        let declared = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
        if declared.and_then(|v| v.parse::<u64>().ok()).is_some_and(|len| len > MAX_BODY as u64) {
            return Err(too_large());
        }
        let bytes = timeout(BODY_TIMEOUT, Bytes::from_request(request, context))
            .await
            .map_err(|_| {
                Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body took too long")
            })?
            .map_err(|e| unreadable(&e))?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value =
            serde_path_to_error::deserialize(&mut json).map_err(|e| invalid(explain(&e)))?;
        json.end().map_err(|e| invalid(format!("the body cannot be read: {e}")))?;
        Ok(Self(value))
    }
}

/// Names the field, where there is one.
fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().iter().next() {
        Some(_) => format!("{}: {}", error.path(), error.inner()),
        None => format!("the body cannot be read: {}", error.inner()),
    }
}

fn unreadable(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        invalid("the body broke off").into()
    }
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "a body is at most 64 KiB")
}
