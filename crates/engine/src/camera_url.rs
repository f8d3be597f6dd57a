//! The one place that decides which camera URLs are opened. API, desktop, files: all come here.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::error::{Error, ErrorKind, Result};
use crate::redact::{MASK, SecretGuard};

/// Longer URLs are refused; no camera needs more, and lists and logs stay readable.
const MAX_LEN: usize = 2048;

const SCHEMES: [&str; 7] = ["rtsp", "rtsps", "http", "https", "rtmp", "demo", "replay"];

/// What file systems take for a name.
const MAX_FILE_NAME: usize = 255;

/// A validated camera URL. Displays and debugs with its password masked; only [`Self::expose`]
/// and [`Self::credentials`] give the secret away.
pub struct CameraUrl {
    full: SecretString,
    masked: String,
    /// Keeps the password masked in every text for as long as this URL exists.
    _guard: SecretGuard,
}

impl CameraUrl {
    /// Parses and checks a URL.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for one that is malformed, too long or points where no
    /// camera may be, [`ErrorKind::UnsupportedScheme`] for a scheme other than rtsp, rtsps,
    /// http, https, rtmp, demo and replay.
    pub fn parse(text: &str) -> Result<Self> {
        let url = check(text)?;
        let masked = masked(&url);
        let secrets: Vec<_> = url
            .password()
            .into_iter()
            .chain(secret_parameters(&url))
            .flat_map(|secret| {
                let plain = percent_decode_str(secret).decode_utf8_lossy().into_owned();
                [plain, secret.to_owned()]
            })
            .collect();
        Ok(Self {
            // The text as given is the identity of a stream ("same id and same URL again").
            full: SecretString::from(text.to_owned()),
            masked,
            _guard: SecretGuard::new(secrets),
        })
    }

    /// The whole URL, password included.
    pub fn expose(&self) -> &str {
        self.full.expose_secret()
    }

    /// The URL with its password replaced by `***`.
    pub fn masked(&self) -> &str {
        &self.masked
    }

    /// The same place without a user and a password.
    pub(crate) fn without_credentials(&self) -> Result<Self> {
        let mut url = self.parsed();
        // A URL that cannot have either has none to take away.
        let _ = url.set_username("").and_then(|()| url.set_password(None));
        Self::parse(url.as_str())
    }

    /// The scheme, in lower case.
    pub fn scheme(&self) -> &str {
        self.masked.split(':').next().unwrap_or_default()
    }

    /// The URL in its parts, password included.
    pub(crate) fn parsed(&self) -> Url {
        parse(self.expose()).expect("was parsed before")
    }

    /// The name of the video file that a `replay:` URL plays.
    pub(crate) fn replay_name(&self) -> Option<String> {
        let url = self.parsed();
        let decoded = percent_decode_str(url.path()).decode_utf8().ok()?;
        (url.scheme() == "replay").then(|| decoded.into_owned())
    }

    /// The URL without user and password, and these two decoded.
    pub(crate) fn credentials(&self) -> (Url, Option<(String, String)>) {
        let mut url = self.parsed();
        let decode = |s: &str| percent_decode_str(s).decode_utf8_lossy().into_owned();
        let credentials = (!url.username().is_empty() || url.password().is_some())
            .then(|| (decode(url.username()), decode(url.password().unwrap_or_default())));
        // Both fail only for URLs without a host, which have no user either.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        (url, credentials)
    }

    /// Whether this URL leads back to the loopback `port`, which would be Fanlight reading itself.
    pub(crate) fn is_loopback_port(&self, port: u16) -> bool {
        let url = self.parsed();
        let loopback = match url.host() {
            Some(Host::Domain(name)) => {
                name.eq_ignore_ascii_case("localhost")
                    || name
                        .parse::<IpAddr>()
                        .is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
            }
            Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
            Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
            None => false,
        };
        loopback && url.port_or_known_default() == Some(port)
    }
}

impl Clone for CameraUrl {
    fn clone(&self) -> Self {
        Self::parse(self.expose()).expect("was parsed before")
    }
}

impl PartialEq for CameraUrl {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for CameraUrl {}

impl fmt::Display for CameraUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

impl fmt::Debug for CameraUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CameraUrl({})", self.masked)
    }
}

/// Parses what people write: a password may hold characters that end the user part of a URL, as in
/// `rtsp://user:p/ss?#@host/path`.
fn parse(text: &str) -> std::result::Result<Url, url::ParseError> {
    Url::parse(&mend_password(text).unwrap_or_else(|| text.to_owned()))
}

/// The text with the password percent-encoded, if it has one that does not look like one.
fn mend_password(text: &str) -> Option<String> {
    const ENDS_AUTHORITY: [char; 3] = ['/', '?', '#'];
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(ENDS_AUTHORITY)?;
    let at = end + rest[end..].rfind('@')?;
    let authority = &rest[..end];
    if looks_like_a_host(authority.rsplit('@').next().unwrap_or_default()) {
        return None;
    }
    let (user, password) = rest[..at].split_once(':')?;
    // A percent sign may already begin an encoded character.
    let encoded: String = password
        .chars()
        .map(|c| match c {
            '/' => "%2F".to_owned(),
            '?' => "%3F".to_owned(),
            '#' => "%23".to_owned(),
            '@' => "%40".to_owned(),
            other => other.to_string(),
        })
        .collect();
    Some(format!("{scheme}://{user}:{encoded}{}", &rest[at..]))
}

/// `name`, `name:554`, `[::1]:554`.
fn looks_like_a_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (text, ""),
    };
    let plain = |c: char| c.is_alphanumeric() || "-._[]:".contains(c);
    !host.is_empty() && host.chars().all(plain) && port.chars().all(|c| c.is_ascii_digit())
}

fn check(text: &str) -> Result<Url> {
    let invalid = |why: &str| Error::new(ErrorKind::InvalidRequest, why);
    if text.is_empty() {
        return Err(invalid("rtsp_url is empty"));
    }
    if text.len() > MAX_LEN {
        return Err(invalid("rtsp_url is longer than 2048 bytes"));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(invalid("rtsp_url has white space or control characters in it"));
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err(invalid("rtsp_url has no scheme; a camera URL looks like rtsp://host/path"));
    };
    if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(Error::new(
            ErrorKind::UnsupportedScheme,
            "Fanlight opens rtsp, rtsps, http, https and rtmp cameras, demo: for a test picture, and replay: for a video file",
        ));
    }
    let url = parse(text)
        .map_err(|e| invalid(&format!("rtsp_url cannot be read: {e}; check the host and port")))?;
    if url.scheme() == "demo" {
        return if rest.is_empty() {
            Ok(url)
        } else {
            Err(invalid("demo: takes nothing after it"))
        };
    }
    if url.scheme() == "replay" {
        return if is_file_name(rest) {
            Ok(url)
        } else {
            Err(invalid("replay: takes the name of a video file, not a path; replay:cars.mp4"))
        };
    }
    if !rest.starts_with("//") || url.host_str().is_none_or(str::is_empty) {
        return Err(invalid("rtsp_url names no host; a camera URL looks like rtsp://host/path"));
    }
    if host_ip(&url).is_some_and(is_never_a_camera) {
        return Err(invalid("rtsp_url points to a link-local or metadata address"));
    }
    Ok(url)
}

/// Whether the text, percent-decoded, names a file in a folder and nothing outside of it, on any
/// system.
fn is_file_name(text: &str) -> bool {
    let Ok(name) = percent_decode_str(text).decode_utf8() else { return false };
    (1..=MAX_FILE_NAME).contains(&name.len())
        && !name.starts_with('.')
        && !name.contains(['/', '\\', ':', '?', '#', '*', '"', '<', '>', '|'])
        && !name.contains(char::is_control)
}

/// The host as an address. For schemes that the URL standard does not know (rtsp among them) it
/// leaves IPv4 hosts as plain names.
fn host_ip(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(name) => name.parse().ok(),
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.to_ipv4_mapped().map_or(ip.into(), Into::into)),
    }
}

/// Link-local addresses serve cloud metadata, never a camera someone typed in.
fn is_never_a_camera(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast() || ip.is_multicast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_multicast(),
    }
}

/// Names of query parameters in which cameras take secrets.
const SECRET_PARAMETERS: [&str; 9] =
    ["pwd", "pass", "passwd", "password", "token", "key", "auth", "secret", "apikey"];

/// The values of secret parameters in the URL's query, as they stand there.
fn secret_parameters(url: &Url) -> impl Iterator<Item = &str> {
    url.query().unwrap_or_default().split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let secret = SECRET_PARAMETERS.iter().any(|s| s.eq_ignore_ascii_case(name));
        (secret && !value.is_empty()).then_some(value)
    })
}

fn masked(url: &Url) -> String {
    let mut masked = url.clone();
    if url.password().is_some() {
        let _ = masked.set_password(Some(MASK));
    }
    if let Some(query) = url.query() {
        let pairs: Vec<_> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((name, _))
                    if SECRET_PARAMETERS.iter().any(|s| s.eq_ignore_ascii_case(name)) =>
                {
                    format!("{name}={MASK}")
                }
                _ => pair.to_owned(),
            })
            .collect();
        masked.set_query(Some(&pairs.join("&")));
    }
    masked.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("rtsp://cam/1")]
    #[case::port_and_query("rtsp://10.0.0.5:8554/Streaming/Channels/101?transportmode=unicast")]
    #[case::ipv6("rtsp://[fd00::5]:554/live")]
    #[case::encoded_password("rtsp://admin:p%40ss%3A%2F@cam/1")]
    #[case::at_in_password("rtsp://admin:p@ss@cam/1")]
    #[case::demo("demo:")]
    #[case::replay("replay:cars%20and%20people.mp4")]
    #[case::upper_case_scheme("RTSP://cam/1")]
    fn accepts(#[case] url: &str) {
        CameraUrl::parse(url).expect("a camera URL");
    }

    #[rstest]
    #[case::file("file:///etc/passwd", ErrorKind::UnsupportedScheme)]
    #[case::script("javascript:alert(1)", ErrorKind::UnsupportedScheme)]
    #[case::concat("concat:a|b", ErrorKind::UnsupportedScheme)]
    #[case::no_scheme("192.168.1.4/live", ErrorKind::InvalidRequest)]
    #[case::empty("", ErrorKind::InvalidRequest)]
    #[case::no_host("rtsp:///live", ErrorKind::InvalidRequest)]
    #[case::no_slashes("http:cam/live", ErrorKind::InvalidRequest)]
    #[case::space("rtsp://cam/a b", ErrorKind::InvalidRequest)]
    #[case::newline("rtsp://cam/a\nfile '/etc/passwd'", ErrorKind::InvalidRequest)]
    #[case::metadata("http://169.254.169.254/latest", ErrorKind::InvalidRequest)]
    #[case::metadata_rtsp("rtsp://169.254.169.254/latest", ErrorKind::InvalidRequest)]
    #[case::metadata_mapped("http://[::ffff:169.254.169.254]/", ErrorKind::InvalidRequest)]
    #[case::bad_port("rtsp://cam:99999/", ErrorKind::InvalidRequest)]
    #[case::demo_with_path("demo:x", ErrorKind::InvalidRequest)]
    #[case::replay_of_nothing("replay:", ErrorKind::InvalidRequest)]
    #[case::replay_of_a_path("replay:/etc/passwd", ErrorKind::InvalidRequest)]
    #[case::replay_of_a_host("replay://cam/x.mp4", ErrorKind::InvalidRequest)]
    #[case::replay_of_the_folder_above("replay:..", ErrorKind::InvalidRequest)]
    #[case::replay_of_an_encoded_path("replay:a%2F..%2F..%2Fb", ErrorKind::InvalidRequest)]
    #[case::replay_of_a_windows_path("replay:a%5Cb", ErrorKind::InvalidRequest)]
    #[case::replay_of_a_stream("replay:a%3Ab", ErrorKind::InvalidRequest)]
    fn refuses(#[case] url: &str, #[case] kind: ErrorKind) {
        assert_eq!(CameraUrl::parse(url).unwrap_err().kind(), kind);
    }

    #[test]
    fn refuses_what_is_too_long() {
        let url = format!("rtsp://cam/{}", "x".repeat(3000));
        assert_eq!(CameraUrl::parse(&url).unwrap_err().kind(), ErrorKind::InvalidRequest);
    }

    #[rstest]
    #[case("rtsp://admin:p@ss@cam/1")]
    #[case("rtsp://admin:p%40ss@cam/1")]
    fn decodes_credentials_and_masks_them(#[case] text: &str) {
        let url = CameraUrl::parse(text).expect("valid");
        let (bare, credentials) = url.credentials();
        assert_eq!(bare.as_str(), "rtsp://cam/1");
        assert_eq!(credentials, Some(("admin".into(), "p@ss".into())));
        assert_eq!(url.to_string(), "rtsp://admin:***@cam/1");
        assert!(!format!("{url:?}").contains("ss@"));
    }

    #[rstest]
    #[case("rtsp://admin:a@b:c/d?e#f^g%@cam:8554/1?x=1")]
    #[case("rtsp://admin:a%40b%3Ac%2Fd%3Fe%23f%5Eg%25@cam:8554/1?x=1")]
    #[case("rtsp://admin:a@b%3ac/d?e%23f^g%25@cam:8554/1?x=1")]
    fn any_password_in_any_spelling(#[case] text: &str) {
        let url = CameraUrl::parse(text).expect("valid");
        let (bare, credentials) = url.credentials();
        assert_eq!(bare.as_str(), "rtsp://cam:8554/1?x=1");
        assert_eq!(credentials, Some(("admin".into(), "a@b:c/d?e#f^g%".into())));
        assert_eq!(url.to_string(), "rtsp://admin:***@cam:8554/1?x=1");
    }

    #[rstest]
    #[case("rtsp://cam:554/a@b", "cam")]
    #[case("rtsp://cam/a@b", "cam")]
    #[case("rtsp://cam/a:b@c?d", "cam")]
    fn an_at_in_the_path_is_no_password(#[case] text: &str, #[case] host: &str) {
        let url = CameraUrl::parse(text).expect("valid").parsed();
        assert_eq!((url.host_str(), url.password()), (Some(host), None));
    }

    #[test]
    fn a_replay_is_named_as_its_file_is() {
        let url = CameraUrl::parse("replay:cars%20and%20people.mp4").expect("valid");
        assert_eq!(url.replay_name().as_deref(), Some("cars and people.mp4"));
        assert_eq!(CameraUrl::parse("demo:").expect("valid").replay_name(), None);
    }

    #[test]
    fn masks_secrets_in_the_query() {
        let url = CameraUrl::parse("http://cam/v.cgi?user=me&PWD=s3cr3t&channel=1").expect("valid");
        assert_eq!(url.masked(), "http://cam/v.cgi?user=me&PWD=***&channel=1");
        assert_eq!(crate::redact::redact("sent s3cr3t"), "sent ***");
    }

    #[rstest]
    #[case("http://127.0.0.1:8080/x", true)]
    #[case("http://localhost:8080/x", true)]
    #[case("http://[::1]:8080/x", true)]
    #[case("http://127.0.0.1:8081/x", false)]
    #[case("http://cam:8080/x", false)]
    #[case("rtsp://127.0.0.1:8080/x", true)]
    fn knows_its_own_port(#[case] url: &str, #[case] own: bool) {
        assert_eq!(CameraUrl::parse(url).expect("valid").is_loopback_port(8080), own);
    }
}
