//! Signing in from a browser: the token is typed once, and a cookie stands for it afterwards. The
//! cookie holds a random number that means nothing to another process, never the token.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, COOKIE, HOST, ORIGIN, SET_COOKIE};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Semaphore, TryAcquireError};
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;

use crate::auth::InProcess;
use crate::extract::Body;
use crate::problem::Problem;
use crate::{Answer, Context, Settings};

const COOKIE_NAME: &str = "fanlight_session";
const ID_BYTES: usize = 32;
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Browsers signed in at a time; one more signs out the oldest.
const MAX_SESSIONS: usize = 256;
/// The answer to the first wrong token; each further one waits twice as long.
const FIRST_DELAY: Duration = Duration::from_millis(250);
const LONGEST_DELAY: Duration = Duration::from_secs(8);
/// After this long without a wrong token, the next counts as the first.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);
/// Wrong tokens that wait for their answer at a time; more are turned away at once.
const MAX_WAITING: usize = 16;

type Id = [u8; ID_BYTES];

/// The browsers that are signed in, and how many wrong tokens came lately.
#[derive(Debug)]
pub(crate) struct Sessions {
    known: Mutex<VecDeque<(Id, Instant)>>,
    failures: Mutex<Failures>,
    waiting: Semaphore,
}

#[derive(Debug, Default)]
struct Failures {
    count: u32,
    last: Option<Instant>,
}

impl Failures {
    /// How long the next answer to a wrong token takes.
    fn next_delay(&mut self, now: Instant) -> Duration {
        if self.last.is_none_or(|last| now.duration_since(last) > FORGIVEN_AFTER) {
            self.count = 0;
        }
        self.last = Some(now);
        let delay = FIRST_DELAY.saturating_mul(1 << self.count.min(10)).min(LONGEST_DELAY);
        self.count = self.count.saturating_add(1);
        delay
    }
}

impl Sessions {
    pub(crate) fn new() -> Self {
        Self {
            known: Mutex::default(),
            failures: Mutex::default(),
            waiting: Semaphore::new(MAX_WAITING),
        }
    }

    /// The sessions that have not run out.
    fn known(&self) -> MutexGuard<'_, VecDeque<(Id, Instant)>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        known.retain(|(_, since)| now.duration_since(*since) < LIFETIME);
        known
    }

    fn begin(&self) -> Result<Id, getrandom::Error> {
        let mut id = [0; ID_BYTES];
        getrandom::fill(&mut id)?;
        let mut known = self.known();
        if known.len() >= MAX_SESSIONS {
            known.pop_front();
        }
        known.push_back((id, Instant::now()));
        Ok(id)
    }

    fn end(&self, headers: &HeaderMap) {
        let ids: Vec<Id> = presented(headers).collect();
        self.known().retain(|(known, _)| !ids.contains(known));
    }

    /// Signs every browser out.
    pub(crate) fn end_all(&self) {
        self.known().clear();
    }

    /// Whether the request comes from a page of ours, in a browser that is signed in. `SameSite`
    /// keeps other sites from using the cookie, but pages at another port are of the same site.
    pub(crate) fn admits(&self, headers: &HeaderMap, settings: &Settings) -> bool {
        is_own_page(headers, settings)
            && presented(headers).any(|id| {
                // Looks at all of them, so that the time tells nothing.
                self.known()
                    .iter()
                    .fold(false, |found, (known, _)| found | bool::from(known.ct_eq(&id)))
            })
    }

    /// Lets a wrong token wait; fails when too many wait already.
    async fn hold_back(&self) -> Result<(), TryAcquireError> {
        let _waiting = self.waiting.try_acquire()?;
        let delay = {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            failures.next_delay(Instant::now())
        };
        sleep(delay).await;
        Ok(())
    }
}

/// The session ids in the cookies of a request.
fn presented(headers: &HeaderMap) -> impl Iterator<Item = Id> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))
        .filter_map(|id| URL_SAFE_NO_PAD.decode(id).ok()?.try_into().ok())
}

/// The browser's own word counts, where it gives one; else the page's origin must be the host that
/// was asked. A proxy may change the scheme on the way.
fn is_own_page(headers: &HeaderMap, settings: &Settings) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let is_host = match (authority, header(HOST.as_str())) {
        (Some(authority), Some(host)) => authority.eq_ignore_ascii_case(host),
        _ => false,
    };
    is_host || settings.allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
}

fn cookie(value: &str, max_age: u64, settings: &Settings) -> [(http::HeaderName, String); 2] {
    let secure = if settings.tls { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE_NAME}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}"
    );
    [(SET_COOKIE, cookie), (CACHE_CONTROL, "no-store".to_owned())]
}

/// Whether this browser has to sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// The server asks for a token.
    required: bool,
    /// This browser may use it.
    signed_in: bool,
}

/// The token, to sign in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    token: String,
}

/// Tells whether this browser has to sign in.
#[utoipa::path(
    get, path = "/api/session", operation_id = "showSession", tag = "server",
    responses((status = 200, body = Session, description = "Whether a token is asked for, and whether this client is let in")),
    security(()),
)]
pub(crate) async fn show(
    State(context): State<Context>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Response {
    let in_process = extensions.get::<InProcess>().is_some();
    let settings = context.settings.now();
    let token = settings.token.as_ref().filter(|_| !in_process);
    let session = Session {
        required: token.is_some(),
        signed_in: token.is_none_or(|token| {
            token.admits(&headers) || context.sessions.admits(&headers, &settings)
        }),
    };
    ([(CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(session)).into_response()
}

/// Signs a browser in: from then on a cookie is as good as the token, until this process ends, for
/// 30 days at most.
///
/// The answer to a wrong token takes longer each time.
#[utoipa::path(
    post, path = "/api/session", operation_id = "signIn", tag = "server",
    request_body = SignIn,
    responses(
        (status = 204, description = "Signed in; the cookie is `fanlight_session`. A server without a token sets none"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "`token_refused`"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "`quota_exceeded`: too many wrong tokens at a time"),
    ),
    security(()),
)]
pub(crate) async fn sign_in(
    State(context): State<Context>,
    Body(SignIn { token }): Body<SignIn>,
) -> Answer<Response> {
    let settings = context.settings.now();
    let Some(expected) = &settings.token else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    // People paste line ends along.
    if !expected.is(token.trim()) {
        tracing::warn!("a wrong token was tried to sign in");
        context.sessions.hold_back().await.map_err(|_| {
            let why = "too many wrong tokens at a time; try again in some seconds";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", why)
        })?;
        let why = "this token is not the server's; look for a newer one";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "token_refused", why));
    }
    let id = context.sessions.begin().map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        let why = "the system gives no random numbers";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", why)
    })?;
    let cookie = cookie(&URL_SAFE_NO_PAD.encode(id), LIFETIME.as_secs(), &settings);
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}

/// Signs a browser out.
#[utoipa::path(
    delete, path = "/api/session", operation_id = "signOut", tag = "server",
    responses((status = 204, description = "Signed out, if it was signed in")),
    security(()),
)]
pub(crate) async fn sign_out(State(context): State<Context>, headers: HeaderMap) -> Response {
    context.sessions.end(&headers);
    (StatusCode::NO_CONTENT, cookie("", 0, &context.settings.now())).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use rstest::rstest;

    fn with_cookie(id: &Id) -> HeaderMap {
        let cookie = format!("a=b; {COOKIE_NAME}={}", URL_SAFE_NO_PAD.encode(id));
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("cams:8080"));
        headers.insert(COOKIE, HeaderValue::from_str(&cookie).expect("valid"));
        headers
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_runs_out() {
        let sessions = Sessions::new();
        let headers = with_cookie(&sessions.begin().expect("random"));
        let last_second = Duration::from_secs(1);
        tokio::time::advance(LIFETIME.saturating_sub(last_second)).await;
        assert!(sessions.admits(&headers, &Settings::default()));
        tokio::time::advance(last_second).await;
        assert!(!sessions.admits(&headers, &Settings::default()));
    }

    #[test]
    fn the_oldest_makes_room() {
        let sessions = Sessions::new();
        let ids: Vec<Id> = (0..=MAX_SESSIONS).map(|_| sessions.begin().expect("random")).collect();
        let admits = |id| sessions.admits(&with_cookie(id), &Settings::default());
        assert!(!admits(&ids[0]));
        assert!(ids[1..].iter().all(admits));
        assert!(!admits(&[0; ID_BYTES]));
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_tokens_wait_longer_each_time() {
        let mut failures = Failures::default();
        let delays: Vec<u128> =
            (0..8).map(|_| failures.next_delay(Instant::now()).as_millis()).collect();
        assert_eq!(delays, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
        tokio::time::advance(FORGIVEN_AFTER + Duration::from_millis(1)).await;
        assert_eq!(failures.next_delay(Instant::now()), FIRST_DELAY);
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_wait() {
        let sessions = Arc::new(Sessions::new());
        let waiting: Vec<_> = (0..MAX_WAITING)
            .map(|_| {
                let sessions = Arc::clone(&sessions);
                tokio::spawn(async move { sessions.hold_back().await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(sessions.hold_back().await.is_err());
        for one in waiting {
            assert!(one.await.expect("ends"));
        }
        assert!(sessions.hold_back().await.is_ok());
    }

    #[rstest]
    #[case::script(&[], true)]
    #[case::own(&[("origin", "http://cams:8080")], true)]
    #[case::behind_a_proxy(&[("origin", "https://cams:8080")], true)]
    #[case::allowed(&[("origin", "https://app.example")], true)]
    #[case::other_port(&[("origin", "http://cams:3000")], false)]
    #[case::own_fetch(&[("sec-fetch-site", "same-origin"), ("origin", "https://outside.example")], true)]
    #[case::typed(&[("sec-fetch-site", "none")], true)]
    #[case::picture_at_other_port(&[("sec-fetch-site", "same-site")], false)]
    #[case::foreign(&[("sec-fetch-site", "cross-site")], false)]
    #[case::no_origin(&[("origin", "null")], false)]
    fn whose_page_may_use_it(#[case] more: &[(&'static str, &'static str)], #[case] allowed: bool) {
        let sessions = Sessions::new();
        let mut headers = with_cookie(&sessions.begin().expect("random"));
        for (name, value) in more {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let origins = vec!["https://app.example".to_owned()];
        let settings = Settings { allowed_origins: origins, ..Settings::default() };
        assert_eq!(sessions.admits(&headers, &settings), allowed);
    }
}
