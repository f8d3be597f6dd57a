//! The description of the API (`OpenAPI` 3.1) and its readable page. What a single route takes and
//! answers stands with its handler; here is what all of them share.

use std::sync::LazyLock;

use axum::Router;
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{Schema, SchemaType};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, Content, ObjectBuilder, OpenApi, Ref, RefOr, SecurityRequirement,
};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{guarded_routes, open_routes};

const PATH: &str = "/api/openapi.json";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Fanlight",
        description = "One connection to each camera, shared by everybody who wants the picture. \
                       A *stream* is a camera's feed. Times are RFC 3339 in UTC unless a unit stands with them, sizes are pixels; \
                       passwords read `***` in every answer."
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "streams", description = "Cameras: start, change, stop, and how they are"),
        (name = "frames", description = "Pictures"),
        (name = "recordings", description = "Video on disk"),
        (name = "consumers", description = "Who reads"),
        (name = "scans", description = "Finding cameras in the network"),
        (name = "server", description = "The server itself, and what happens")
    )
)]
struct Shared;

/// A body without a shape of its own; its content type says what it is.
pub(crate) enum Raw {}

impl PartialSchema for Raw {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::AnyValue).into()
    }
}

impl ToSchema for Raw {}

/// The refusals that more than one route has, by the name of the answer.
const REFUSALS: [(&str, &str, &str); 8] = [
    ("400", "Invalid", "`invalid_request` or `unsupported_scheme`: `error` says what is wrong"),
    ("401", "NoToken", "`token_required` or `token_refused`"),
    ("403", "NotAllowed", "`host_not_allowed` or `origin_not_allowed`"),
    ("404", "NotFound", "`stream_not_found`, or `consumer_not_found` where one is asked for"),
    ("408", "TooSlow", "`timeout`: the body took longer than 10 s"),
    ("413", "TooLarge", "`body_too_large`: it is at most 64 KiB"),
    ("415", "NotJson", "`unsupported_media_type`: send the body as `application/json`"),
    ("422", "InvalidId", "`invalid_stream_id`"),
];

fn document() -> OpenApi {
    let mut document = Shared::openapi();
    document.merge(guarded_routes().into_openapi());
    document.merge(open_routes().into_openapi());
    document.security = Some(vec![
        SecurityRequirement::default(),
        SecurityRequirement::new("token", Vec::<String>::new()),
    ]);
    let components = document.components.get_or_insert_default();
    describe_refusals(components);
    for item in document.paths.paths.values_mut() {
        let changes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        let operations = changes.into_iter().chain([&mut item.get]);
        for operation in operations.flatten() {
            add_refusals(operation);
        }
    }
    document
}

fn describe_refusals(components: &mut Components) {
    let mut token = Http::new(HttpAuthScheme::Bearer);
    token.description =
        Some("Where the server asks for one: docs/API.md says where local clients find it".into());
    components.security_schemes.insert("token".into(), SecurityScheme::Http(token).into());
    for (_, name, description) in REFUSALS {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        let refusal = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", problem);
        components.responses.insert(name.into(), refusal.build().into());
    }
}

/// Adds the refusals that follow from where a route stands and what it takes; what the handler says
/// itself goes before.
fn add_refusals(operation: &mut Operation) {
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let takes = |place: &ParameterIn| {
        parameters.iter().any(|p| matches!(p, RefOr::T(p) if p.parameter_in == *place))
    };
    let (in_path, in_query) = (takes(&ParameterIn::Path), takes(&ParameterIn::Query));
    let has_body = operation.request_body.is_some();
    let is_open = operation.security.is_some();
    for (status, name, _) in REFUSALS {
        let can_happen = match status {
            "400" => in_query || has_body,
            "401" => !is_open,
            "403" => true,
            "404" | "422" => in_path,
            _ => has_body,
        };
        if can_happen {
            let refusal = RefOr::Ref(Ref::from_response_name(name));
            operation.responses.responses.entry(status.into()).or_insert(refusal);
        }
    }
}

/// The description of the API (`OpenAPI` 3.1), as it is served.
pub fn text() -> &'static str {
    &TEXT
}

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = document().to_pretty_json().expect("names and text");
    text.push('\n');
    text
});

/// Describes this API.
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "openapi", tag = "server",
    responses((status = 200, body = Object, description = "This document, as OpenAPI 3.1")),
    security(()),
)]
pub(crate) async fn show() -> Response {
    ([(CONTENT_TYPE, "application/json")], text()).into_response()
}

/// The page loads nothing from elsewhere; its styles are partly written by its script.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                      object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The readable page at `/docs`, whose script and styles are part of the program.
pub(crate) fn pages<S: Clone + Send + Sync + 'static>() -> Router<S> {
    // Swagger would have a server of its own look at the description.
    let config = Config::new([PATH]).validator_url("none").use_base_layout();
    Router::from(SwaggerUi::new("/docs").config(config)).layer(map_response(guarded))
}

async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
