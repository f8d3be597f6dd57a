//! Who may use the API when a token is required. What `guard` checks keeps web pages out; a token
//! keeps everybody out who was not given it.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::live_settings::LiveSettings;
use crate::peers::Peers;
use crate::problem::Problem;
use crate::session::Sessions;

/// A shorter secret could be guessed.
const SHORTEST: usize = 16;
const LONGEST: usize = 512;

/// The subprotocol of our WebSockets.
const SUBPROTOCOL: &str = "fanlight";
/// Web pages cannot send headers with a WebSocket, but they can name subprotocols.
const TOKEN_SUBPROTOCOL: &str = "fanlight.token.";

/// The secret that lets a client in.
#[derive(Clone)]
pub struct Token(SecretString);

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoToken;

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a token has {SHORTEST} to {LONGEST} letters, digits and characters of -._~+/=, such as `openssl rand -hex 32` prints"
        )
    }
}

impl std::error::Error for NoToken {}

impl Token {
    /// Checks that a text can travel as a token (`b64token` of RFC 6750), and is long enough.
    ///
    /// # Errors
    /// [`NoToken`].
    pub fn parse(text: &str) -> Result<Self, NoToken> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if (SHORTEST..=LONGEST).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned().into()))
        } else {
            Err(NoToken)
        }
    }

    /// The token itself, for other instances that ask for the same one.
    pub fn secret(&self) -> SecretString {
        self.0.clone()
    }

    /// Takes as long for a near miss as for any other.
    pub(crate) fn is(&self, presented: &str) -> bool {
        self.0.expose_secret().as_bytes().ct_eq(presented.as_bytes()).into()
    }

    /// Whether both are the same secret.
    pub fn is_same(&self, other: &Self) -> bool {
        self.is(other.0.expose_secret())
    }

    /// Whether a request carries it.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        admit(self, headers).is_ok()
    }
}

impl From<SecretString> for Token {
    /// A secret that was checked, or that only other instances bear.
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Marks a request of the desktop's own window, which does not come over the network.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InProcess;

/// Puts the check around routes.
pub(crate) fn around(
    router: Router,
    settings: LiveSettings,
    sessions: Arc<Sessions>,
    peers: Peers,
) -> Router {
    router.layer(middleware::from_fn_with_state((settings, sessions, peers), check))
}

async fn check(
    State((settings, sessions, peers)): State<(LiveSettings, Arc<Sessions>, Peers)>,
    request: Request,
    next: Next,
) -> Response {
    let settings = settings.now();
    let in_process = request.extensions().get::<InProcess>().is_some();
    if let Some(token) = settings.token.as_ref().filter(|_| !in_process)
        && let Err(refused) = admit(token, request.headers())
        && !(refused == Refused::NoToken && sessions.admits(request.headers(), &settings))
        && !peers.admit(request.headers())
    {
        return refused.into_response();
    }
    let speaks_ours = subprotocols(request.headers()).any(|name| name == SUBPROTOCOL);
    let mut response = next.run(request).await;
    // A browser that offered subprotocols gives up unless one of them is chosen.
    if speaks_ours && response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let chosen = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, chosen);
    }
    response
}

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    NoToken,
    WrongToken,
}

impl Refused {
    fn into_response(self) -> Response {
        let (code, why, challenge) = match self {
            Self::NoToken => (
                "token_required",
                "this server asks for a token; send it as Authorization: Bearer",
                "Bearer realm=\"fanlight\"",
            ),
            Self::WrongToken => (
                "token_refused",
                "this token is not the server's; look for a newer one",
                "Bearer realm=\"fanlight\", error=\"invalid_token\"",
            ),
        };
        let mut response = Problem::new(StatusCode::UNAUTHORIZED, code, why).into_response();
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        response
    }
}

fn admit(token: &Token, headers: &HeaderMap) -> Result<(), Refused> {
    match presented(headers) {
        None => Err(Refused::NoToken),
        Some(presented) if token.is(presented) => Ok(()),
        Some(_) => Err(Refused::WrongToken),
    }
}

/// The token that a request carries, in a header, never in the URL: those end up in logs and in
/// the history of browsers.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|v| {
        let (scheme, token) = v.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    bearer.or_else(|| subprotocols(headers).find_map(|name| name.strip_prefix(TOKEN_SUBPROTOCOL)))
}

fn subprotocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;
    use rstest::rstest;

    const SECRET: &str = "0123456789abcdef";

    #[rstest]
    #[case::nothing(&[], Err(Refused::NoToken))]
    #[case::bearer(&[("authorization", "Bearer 0123456789abcdef")], Ok(()))]
    #[case::any_case(&[("authorization", "bearer 0123456789abcdef")], Ok(()))]
    #[case::wrong(&[("authorization", "Bearer 0123456789abcdeg")], Err(Refused::WrongToken))]
    #[case::shorter(&[("authorization", "Bearer 0123")], Err(Refused::WrongToken))]
    #[case::empty(&[("authorization", "Bearer ")], Err(Refused::WrongToken))]
    #[case::basic(&[("authorization", "Basic 0123456789abcdef")], Err(Refused::NoToken))]
    #[case::subprotocol(&[("sec-websocket-protocol", "fanlight, fanlight.token.0123456789abcdef")], Ok(()))]
    #[case::two_lines(&[("sec-websocket-protocol", "fanlight"),
        ("sec-websocket-protocol", "fanlight.token.0123456789abcdef")], Ok(()))]
    #[case::wrong_subprotocol(&[("sec-websocket-protocol", "fanlight.token.x")], Err(Refused::WrongToken))]
    #[case::other_subprotocol(&[("sec-websocket-protocol", "mqtt")], Err(Refused::NoToken))]
    fn who_is_let_in(
        #[case] headers: &[(&'static str, &'static str)],
        #[case] expected: Result<(), Refused>,
    ) {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let token = Token::parse(SECRET).expect("valid");
        assert_eq!(admit(&token, &headers), expected);
    }

    #[rstest]
    #[case(SECRET, true)]
    #[case("AZaz09-._~+/=AZaz09", true)]
    #[case("0123456789abcde", false)]
    #[case("0123456789 abcdef", false)]
    #[case("0123456789abcdéf", false)]
    #[case("", false)]
    fn tokens(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(Token::parse(text).is_ok(), valid);
    }

    #[test]
    fn a_token_does_not_show() {
        let token = Token::parse(SECRET).expect("valid");
        assert!(!format!("{token:?}").contains(SECRET));
    }
}
