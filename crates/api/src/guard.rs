//! Who may ask at all. Host names are checked against DNS rebinding, Origins against web pages of
//! other sites, content types against forms; requests without an Origin (scripts, curl) pass.

use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, REFERER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::{Host, Url};

use crate::Settings;
use crate::live_settings::LiveSettings;
use crate::peers::Peers;
use crate::problem::Problem;

/// How long a browser may remember that a page is allowed.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

/// The headers of a frame, which pages may read.
const EXPOSED: [HeaderName; 8] = [
    HeaderName::from_static("x-frame-sequence"),
    HeaderName::from_static("x-frame-timestamp"),
    HeaderName::from_static("x-frame-width"),
    HeaderName::from_static("x-frame-height"),
    HeaderName::from_static("x-frame-gap"),
    HeaderName::from_static("x-frame-clock"),
    HeaderName::from_static("x-frame-stream"),
    HeaderName::from_static("x-stream-state"),
];

/// Puts the checks around every route.
pub(crate) fn around(router: Router, settings: LiveSettings, peers: Peers) -> Router {
    let origins = settings.clone();
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin: &HeaderValue, _| {
            origin.to_str().is_ok_and(|origin| is_allowed_origin(origin, &origins.now()))
        }))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([CONTENT_TYPE, AUTHORIZATION, HeaderName::from_static("last-event-id")])
        .expose_headers(EXPOSED)
        .max_age(PREFLIGHT_AGE);
    // The checks come first; CORS headers are for those who passed.
    router.layer(cors).layer(middleware::from_fn_with_state((settings, peers), check))
}

async fn check(
    State((settings, peers)): State<(LiveSettings, Peers)>,
    request: Request,
    next: Next,
) -> Response {
    match refusal(request.method(), request.uri(), request.headers(), &settings.now(), &peers) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn refusal(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    settings: &Settings,
    peers: &Peers,
) -> Option<Problem> {
    // A page that rebinds a name does not know the secret of the instances.
    if !has_allowed_host(uri, headers, settings) && !peers.admit(headers) {
        return Some(Problem::new(
            StatusCode::FORBIDDEN,
            "host_not_allowed",
            "this Host header is not allowed; use 127.0.0.1 or localhost with the API's port, or allow the name with --allow-host",
        ));
    }
    if !is_allowed_page(uri.path(), headers, settings) {
        return Some(Problem::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "pages of this origin may not use Fanlight; allow it with --allow-origin",
        ));
    }
    let has_body = method == Method::POST || method == Method::PUT || method == Method::PATCH;
    if has_body && !is_json(headers) {
        return Some(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send the body as Content-Type: application/json",
        ));
    }
    None
}

/// Exactly one Host, and the request line's authority, if any, agrees.
fn has_allowed_host(uri: &Uri, headers: &HeaderMap, settings: &Settings) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let allowed = |host: &str| is_allowed_host(host, settings);
    host.to_str().is_ok_and(allowed) && uri.authority().is_none_or(|a| allowed(a.as_str()))
}

fn is_allowed_host(host: &str, settings: &Settings) -> bool {
    let (name, port) = split_port(host);
    let is_loopback =
        matches!(name.to_ascii_lowercase().as_str(), "localhost" | "127.0.0.1" | "[::1]");
    // Rebinding needs a name; an address in the Host is the one that was connected to. Without a
    // token we are reached on loopback only.
    let is_address =
        settings.token.is_some() && name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let own_port = settings.port.to_string();
    let usual_port = if settings.tls { "443" } else { "80" };
    ((is_loopback || is_address) && port.unwrap_or(usual_port) == own_port)
        || settings
            .allowed_hosts
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(host) || allowed.eq_ignore_ascii_case(name))
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, Some(port))
        }
        _ => (host, None),
    }
}

/// The page that a request comes from, if any, is allowed. Pictures and other plain loads carry
/// no Origin; there the browser's own word that they are cross-site counts, and the Referer.
fn is_allowed_page(path: &str, headers: &HeaderMap, settings: &Settings) -> bool {
    if let Some(origin) = headers.get(ORIGIN) {
        return origin.to_str().is_ok_and(|origin| {
            is_allowed_origin(origin, settings) || is_own_origin(origin, headers, settings)
        });
    }
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let cross_site = header("sec-fetch-site") == Some("cross-site");
    // A page may link to ours. To a stream it may not: going there connects a camera.
    let is_ours_to_see = !path.starts_with("/api/") && !path.starts_with("/ws/");
    let follows_a_link = is_ours_to_see
        && header("sec-fetch-mode") == Some("navigate")
        && header("sec-fetch-dest") == Some("document");
    if !cross_site || follows_a_link {
        return true;
    }
    header(REFERER.as_str())
        .and_then(|referer| Url::parse(referer).ok())
        .is_some_and(|url| is_allowed_origin(&url.origin().ascii_serialization(), settings))
}

fn is_allowed_origin(origin: &str, settings: &Settings) -> bool {
    if settings.allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let Ok(url) = Url::parse(origin) else {
        return false;
    };
    if !matches!(url.scheme(), "http" | "https") {
        return false;
    }
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Our own pages may be loaded from wherever we are reached, which the Host, checked before, tells.
fn is_own_origin(origin: &str, headers: &HeaderMap, settings: &Settings) -> bool {
    let scheme = if settings.tls { "https://" } else { "http://" };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    settings.token.is_some()
        && host.is_some_and(|host| {
            origin.strip_prefix(scheme).is_some_and(|o| o.eq_ignore_ascii_case(host))
        })
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn settings() -> Settings {
        Settings {
            port: 8080,
            allowed_hosts: vec!["cams.example".into()],
            allowed_origins: vec!["https://app.example".into(), "tauri://localhost".into()],
            ..Settings::default()
        }
    }

    fn with_token() -> Settings {
        let token = crate::Token::parse("0123456789abcdef").expect("valid");
        Settings { token: Some(token), ..settings() }
    }

    #[rstest]
    #[case("localhost:8080", true)]
    #[case("LOCALHOST:8080", true)]
    #[case("127.0.0.1:8080", true)]
    #[case("[::1]:8080", true)]
    #[case("cams.example", true)]
    #[case("cams.example:443", true)]
    #[case("localhost", false)]
    #[case("localhost:8081", false)]
    #[case("evil.example:8080", false)]
    #[case("127.0.0.1.evil.example:8080", false)]
    #[case("localhost:8080:8080", false)]
    #[case("", false)]
    fn hosts(#[case] host: &str, #[case] allowed: bool) {
        assert_eq!(is_allowed_host(host, &settings()), allowed);
    }

    #[rstest]
    #[case("192.0.2.7:8080", true)]
    #[case("[2001:db8::7]:8080", true)]
    #[case("192.0.2.7", false)]
    #[case("192.0.2.7:8081", false)]
    #[case("192.0.2.7.evil.example:8080", false)]
    fn addresses_are_for_those_who_ask_for_a_token(#[case] host: &str, #[case] allowed: bool) {
        assert_eq!(is_allowed_host(host, &with_token()), allowed);
        assert!(!is_allowed_host(host, &settings()));
    }

    #[rstest]
    #[case("http://192.0.2.7:8080", true)]
    #[case("https://192.0.2.7:8080", false)]
    #[case("http://192.0.2.8:8080", false)]
    #[case("http://192.0.2.7:8081", false)]
    fn own_pages_are_those_of_the_host(#[case] origin: &'static str, #[case] allowed: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("192.0.2.7:8080"));
        headers.insert(ORIGIN, HeaderValue::from_static(origin));
        assert_eq!(is_allowed_page("/", &headers, &with_token()), allowed);
        assert!(!is_allowed_page("/", &headers, &settings()));
    }

    #[rstest]
    #[case("http://localhost:5173", true)]
    #[case("http://127.0.0.1:8080", true)]
    #[case("https://[::1]:3000", true)]
    #[case("https://app.example", true)]
    #[case("tauri://localhost", true)]
    #[case("tauri://evil.example", false)]
    #[case("http://app.example", false)]
    #[case("https://evil.example", false)]
    #[case("http://localhost.evil.example", false)]
    #[case("null", false)]
    #[case("file://", false)]
    fn origins(#[case] origin: &str, #[case] allowed: bool) {
        assert_eq!(is_allowed_origin(origin, &settings()), allowed);
    }

    #[rstest]
    #[case::script(&[], true)]
    #[case::own_page(&[("sec-fetch-site", "same-origin")], true)]
    #[case::link(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document")], true)]
    #[case::foreign_picture(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], false)]
    #[case::foreign_frame(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe")], false)]
    #[case::local_picture(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"),
        ("referer", "http://localhost:5173/app")], true)]
    #[case::foreign_referer(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"),
        ("referer", "https://evil.example/localhost")], false)]
    fn pages(#[case] headers: &[(&'static str, &'static str)], #[case] allowed: bool) {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        assert_eq!(is_allowed_page("/", &headers, &settings()), allowed);
    }

    #[rstest]
    #[case("/", "cross-site", true)]
    #[case("/api/streams/door/mjpeg", "cross-site", false)]
    #[case("/ws/door", "cross-site", false)]
    #[case("/api/streams/door/mjpeg", "none", true)]
    #[case("/api/streams/door/mjpeg", "same-origin", true)]
    fn links(#[case] path: &str, #[case] from: &'static str, #[case] allowed: bool) {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-site", HeaderValue::from_static(from));
        headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
        headers.insert("sec-fetch-dest", HeaderValue::from_static("document"));
        assert_eq!(is_allowed_page(path, &headers, &settings()), allowed);
    }

    #[test]
    fn two_hosts_are_refused() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, HeaderValue::from_static("localhost:8080"));
        assert!(has_allowed_host(&Uri::from_static("/"), &headers, &settings()));
        headers.append(HOST, HeaderValue::from_static("localhost:8080"));
        assert!(!has_allowed_host(&Uri::from_static("/"), &headers, &settings()));
    }
}
