//! Requests of other instances, and requests passed on to them: what only the instance that has a
//! camera open can do, whichever was asked.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use fanlight_engine::{CameraId, Engine, Error, ErrorKind, Hold, Peer, RELAY_HEADER};
use http::header::{ACCEPT, CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderMap, HeaderName};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::auth::Token;
use crate::problem::Problem;
use crate::{Context, MAX_BODY};

/// What is passed on.
const OWNERS_ALONE: [&str; 3] =
    ["/api/streams/{id}/recording", "/api/streams/{id}/clip", "/api/streams/{id}/restart"];
/// A clip waits for a disk.
const ANSWER: Duration = Duration::from_secs(30);
/// None of the answers is longer.
const LONGEST_ANSWER: usize = 1 << 20;
/// What of an answer or a request is passed on beside its body.
const PASSED_ON: [HeaderName; 3] = [CONTENT_TYPE, ACCEPT, RETRY_AFTER];

/// How other instances are known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peers {
    token: Option<Token>,
}

impl Peers {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self { token: engine.relay_token().cloned().map(Token::from) }
    }

    /// Whether a request is another instance's, beyond doubt. Those find each other by names that
    /// nobody else uses, and have a secret of their own.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(RELAY_HEADER)
            && self.token.as_ref().is_some_and(|token| token.admits(headers))
    }
}

/// Has requests answered by the instance that can.
pub(crate) fn around(router: Router, context: Context) -> Router {
    router.layer(middleware::from_fn_with_state(context, pass_on))
}

async fn pass_on(State(context): State<Context>, request: Request, next: Next) -> Response {
    let Some(owner) = owner(&context.engine, &request) else {
        return next.run(request).await;
    };
    // An instance that was asked by another does not ask a third.
    if request.headers().contains_key(RELAY_HEADER) {
        let why = format!("the instance {} has this camera open; ask that one", owner.name);
        return Problem::from(Error::new(ErrorKind::NotOwner, why)).into_response();
    }
    match timeout(ANSWER, ask(&context.engine, &owner, request)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => unreachable(&owner, "it takes too long").into_response(),
    }
}

/// The other instance that has to answer this, if so.
fn owner(engine: &Engine, request: &Request) -> Option<Peer> {
    let path = request.extensions().get::<MatchedPath>()?;
    if !OWNERS_ALONE.contains(&path.as_str()) {
        return None;
    }
    let id = request.uri().path().split('/').nth(3)?;
    match engine.camera(&CameraId::parse(id).ok()?).ok()?.hold() {
        Hold::There(owner) => Some(owner),
        _ => None,
    }
}

/// Asks the owner the same, and gives its answer.
async fn ask(engine: &Engine, owner: &Peer, request: Request) -> Result<Response, Problem> {
    let lost = |error: &dyn std::fmt::Display| unreachable(owner, &error.to_string());
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| lost(&error))?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let base = owner.url.path().trim_end_matches('/');
    let mut asked = http::Request::builder()
        .method(parts.method)
        .uri(format!("{base}{path}"))
        .header(HOST, owner.url.authority());
    for name in &PASSED_ON {
        for value in parts.headers.get_all(name) {
            asked = asked.header(name, value);
        }
    }
    for (name, value) in engine.introduction() {
        asked = asked.header(name, value);
    }
    let asked = asked.body(Full::new(body.to_bytes())).map_err(|error| lost(&error))?;
    let wire = engine.reach(owner).await?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(wire)).await.map_err(|error| lost(&error))?;
    let answering = async {
        let answer = sender.send_request(asked).await.map_err(|error| lost(&error))?;
        let (parts, body) = answer.into_parts();
        let body =
            Limited::new(body, LONGEST_ANSWER).collect().await.map_err(|error| lost(&error))?;
        let mut answer = Response::new(Body::from(body.to_bytes()));
        *answer.status_mut() = parts.status;
        for name in PASSED_ON {
            if let Some(value) = parts.headers.get(&name) {
                answer.headers_mut().insert(name, value.clone());
            }
        }
        Ok(answer)
    };
    // The connection is good for this one request, and ends with it.
    tokio::select! {
        answer = answering => answer,
        ended = async { connection.await.err() } => {
            Err(ended.map_or_else(|| unreachable(owner, "it hung up"), |error| lost(&error)))
        }
    }
}

fn unreachable(owner: &Peer, why: &str) -> Problem {
    let why = format!(
        "only the instance {}, which has this camera open, can do this, and it cannot be asked: {why}",
        owner.name
    );
    Error::new(ErrorKind::OwnerUnreachable, why).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn an_instance_bears_its_name_and_the_secret() {
        let token = Token::parse("0123456789abcdef").ok();
        let peers = Peers { token };
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer 0123456789abcdef"));
        assert!(!peers.admit(&headers), "any client may know the token");
        headers.insert(RELAY_HEADER, HeaderValue::from_static("kitchen"));
        assert!(peers.admit(&headers));
        assert!(!Peers::default().admit(&headers), "there are no others");
        headers.insert("authorization", HeaderValue::from_static("Bearer 0123456789abcdeg"));
        assert!(!peers.admit(&headers));
    }
}
