//! A user and a password, and how they stand in a URL.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// What a camera's sign-in takes.
#[derive(Clone)]
pub struct Credentials {
    user: String,
    password: SecretString,
}

impl Credentials {
    /// A user and a password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: SecretString::from(password.into()) }
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn password(&self) -> &str {
        self.password.expose_secret()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.user)
    }
}

/// The URL with these and no other credentials in it.
pub fn with_credentials(url: &Url, credentials: Option<&Credentials>) -> SecretString {
    let mut url = without_credentials(url);
    if let Some(credentials) = credentials {
        // `set_password` leaves a percent sign as it is, so nothing is left for it to encode.
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        // Both fail only for URLs without a host.
        let _ = url.set_username(&encoded(credentials.user()));
        let _ = url.set_password(Some(&encoded(credentials.password())));
    }
    SecretString::from(String::from(url))
}

/// Some cameras put a user into the URLs they tell.
pub(crate) fn without_credentials(url: &Url) -> Url {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::percent_decode_str;
    use rstest::rstest;

    #[rstest]
    #[case("rtsp://cam/1", "admin", "secret", "rtsp://admin:secret@cam/1")]
    #[case(
        "rtsp://cam:8554/1?x=1",
        "a b",
        "p@ss:w/o?r#d",
        "rtsp://a%20b:p%40ss%3Aw%2Fo%3Fr%23d@cam:8554/1?x=1"
    )]
    #[case("rtsp://old:pw@cam/1", "admin", "100%41", "rtsp://admin:100%2541@cam/1")]
    #[case("rtsp://cam/1", "admin", "", "rtsp://admin:@cam/1")]
    #[case("rtsp://cam/1", "jürg", "schlüssel^", "rtsp://j%C3%BCrg:schl%C3%BCssel%5E@cam/1")]
    fn any_password(
        #[case] url: &str,
        #[case] user: &str,
        #[case] password: &str,
        #[case] expected: &str,
    ) {
        let url = Url::parse(url).expect("a URL");
        let full = with_credentials(&url, Some(&Credentials::new(user, password)));
        let full = Url::parse(full.expose_secret()).expect("a URL");
        let decoded = percent_decode_str(full.password().unwrap_or_default()).decode_utf8_lossy();
        assert_eq!(decoded, password);
        assert_eq!(Url::parse(expected).expect("a URL"), full);
    }

    #[test]
    fn none_takes_them_out() {
        let url = Url::parse("rtsp://old:pw@cam/1").expect("a URL");
        assert_eq!(with_credentials(&url, None).expose_secret(), "rtsp://cam/1");
    }

    #[test]
    fn a_password_is_not_printed() {
        let printed = format!("{:?}", Credentials::new("admin", "canary-pw"));
        assert_eq!(printed, "Credentials(admin)");
    }
}
