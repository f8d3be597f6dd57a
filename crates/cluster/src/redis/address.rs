//! Where Redis is, as people write it.

use std::path::Path;

use fanlight_engine::{Error, ErrorKind, Result};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use url::Url;

/// Where Sentinels listen unless told otherwise, and where Redis does.
const SENTINEL_PORT: u16 = 26379;
const REDIS_PORT: u16 = 6379;

/// A Redis, or the Sentinels that know which one is in charge.
#[derive(Debug, Clone)]
pub struct Address {
    pub(crate) hosts: Vec<(String, u16)>,
    /// The name under which the Sentinels know it.
    pub(crate) master: Option<String>,
    pub(crate) tls: bool,
    /// Whose certificates are trusted beside those that the system trusts.
    pub(crate) authorities: Vec<CertificateDer<'static>>,
    pub(crate) database: i64,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<SecretString>,
}

impl Address {
    /// Reads `redis://`, `rediss://` (TLS), or either with `+sentinel` and several hosts:
    /// `redis+sentinel://host:port,host:port/master-name`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`]; the text holds no password.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "{why}; Redis is named as redis://host:port, rediss://host:port for TLS, or \
                     redis+sentinel://host:port,host:port/master-name"
                ),
            )
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("this is no URL"))?;
        let (tls, sentinel) = match scheme {
            "redis" => (false, false),
            "rediss" => (true, false),
            "redis+sentinel" => (false, true),
            "rediss+sentinel" => (true, true),
            _ => return Err(wrong("the URL's scheme is none of Redis")),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        // One host at a time is a URL that a parser knows.
        let mut parsed = Vec::new();
        let mut credentials = (None, None);
        for host in hosts.split(',') {
            let login = login.map(|login| format!("{login}@")).unwrap_or_default();
            let url = Url::parse(&format!("redis://{login}{host}"))
                .map_err(|_| wrong("a host, a port or a password is malformed"))?;
            let name = url.host_str().filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| wrong("the host is missing"))?.to_owned();
            let usual = if sentinel { SENTINEL_PORT } else { REDIS_PORT };
            parsed.push((name, url.port().unwrap_or(usual)));
            credentials = (decoded(url.username()), url.password().and_then(decoded));
        }
        if parsed.len() > 1 && !sentinel {
            return Err(wrong("several hosts need Sentinels"));
        }
        let (master, database) = match (sentinel, path.trim_matches('/').split_once('/')) {
            (true, None) => (Some(path.trim_matches('/')), ""),
            (true, Some((master, database))) => (Some(master), database),
            (false, None) => (None, path.trim_matches('/')),
            (false, Some(_)) => return Err(wrong("the path is no number of a database")),
        };
        if master == Some("") {
            return Err(wrong("the master's name is missing"));
        }
        let database = match database {
            "" => 0,
            number => number.parse().map_err(|_| wrong("the path is no number of a database"))?,
        };
        Ok(Self {
            hosts: parsed,
            master: master.map(str::to_owned),
            tls,
            authorities: Vec::new(),
            database,
            user: credentials.0,
            password: credentials.1.map(SecretString::from),
        })
    }

    /// Trusts these authorities, too: a PEM file.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when it cannot be read, holds none, or TLS is not asked for.
    pub fn trust(mut self, authorities: &Path) -> Result<Self> {
        let wrong = |why: String| Error::new(ErrorKind::InvalidRequest, why);
        if !self.tls {
            return Err(wrong(
                "certificates count with TLS only: write rediss:// in front of the address, or \
                 rediss+sentinel://"
                    .to_owned(),
            ));
        }
        let shown = authorities.display();
        self.authorities =
            CertificateDer::pem_file_iter(authorities).and_then(Iterator::collect).map_err(
                |error| wrong(format!("no certificate can be read in {shown}: {error}")),
            )?;
        if self.authorities.is_empty() {
            return Err(wrong(format!("there is no certificate in {shown}")));
        }
        Ok(self)
    }

    /// The address without its secrets.
    pub fn shown(&self) -> String {
        let hosts: Vec<_> =
            self.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        match &self.master {
            Some(master) => format!("{master} of Sentinels {}", hosts.join(",")),
            None => hosts.join(","),
        }
    }
}

/// What stands in a URL with % before its odd characters.
fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    (!text.is_empty()).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use secrecy::ExposeSecret as _;

    #[rstest]
    #[case::plain("redis://cache", &[("cache", 6379)], None, false, 0)]
    #[case::all("rediss://cache:6380/3", &[("cache", 6380)], None, true, 3)]
    #[case::ipv6("redis://[::1]:6380", &[("[::1]", 6380)], None, false, 0)]
    #[case::sentinels("redis+sentinel://a:1,b/main", &[("a", 1), ("b", 26379)], Some("main"), false, 0)]
    #[case::database("rediss+sentinel://a/main/2", &[("a", 26379)], Some("main"), true, 2)]
    fn addresses_are_read(
        #[case] text: &str,
        #[case] hosts: &[(&str, u16)],
        #[case] master: Option<&str>,
        #[case] tls: bool,
        #[case] database: i64,
    ) {
        let address = Address::parse(text).expect("valid");
        let read: Vec<_> =
            address.hosts.iter().map(|(host, port)| (host.as_str(), *port)).collect();
        assert_eq!(read, hosts);
        assert_eq!(address.master.as_deref(), master);
        assert_eq!((address.tls, address.database), (tls, database));
    }

    #[test]
    fn passwords_are_read_and_never_shown() {
        let address = Address::parse("redis://fan:p%40ss+w=1@cache/1").expect("valid");
        assert_eq!(address.user.as_deref(), Some("fan"));
        let password = address.password.as_ref().expect("a password");
        assert_eq!(password.expose_secret(), "p@ss+w=1");
        assert!(!format!("{address:?} {}", address.shown()).contains("p@ss"));
        assert!(Address::parse("redis://:secret@cache").expect("valid").user.is_none());
    }

    #[test]
    fn authorities_are_certificates_and_go_with_tls() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let refused = |address: &str, file: &Path| {
            let address = Address::parse(address).expect("valid");
            address.trust(file).expect_err("refused").message().to_owned()
        };
        assert!(refused("redis://cache", file.path()).contains("rediss://"));
        assert!(refused("rediss://cache", file.path()).contains("there is no certificate in"));
        let missing = Path::new("/nowhere/ca.pem");
        assert!(refused("rediss://cache", missing).contains("/nowhere/ca.pem"));
    }

    #[rstest]
    #[case("cache:6379")]
    #[case("http://cache")]
    #[case("redis://")]
    #[case("redis://a,b")]
    #[case("redis://a/first")]
    #[case("redis+sentinel://a")]
    #[case("redis://:secret@:99999")]
    fn what_is_no_address_is_told(#[case] text: &str) {
        let error = Address::parse(text).expect_err("refused");
        assert!(error.message().contains("redis+sentinel://"), "{error}");
        assert!(!error.message().contains("secret"), "{error}");
    }
}
