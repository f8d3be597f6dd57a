//! Connections to other instances. What is said on them is up to whoever opens them.

use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::error::{Error, ErrorKind, Result};
use crate::ownership::Peer;
use crate::tls;

/// The header in which an instance tells another its name. A request that bears it is never passed
/// on to a third one.
pub const RELAY_HEADER: &str = "x-fanlight-relay";

/// Instances are close to each other.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How this instance introduces itself to others.
#[derive(Debug, Clone)]
pub(crate) struct Introduction {
    pub(crate) name: String,
    pub(crate) token: Option<SecretString>,
}

impl Introduction {
    /// The headers of each request to another instance.
    pub(crate) fn headers(&self) -> Vec<(&'static str, HeaderValue)> {
        let name: String = self.name.chars().filter(|c| (' '..='~').contains(c)).collect();
        let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("unnamed"));
        let token = self.token.as_ref().and_then(|token| {
            let mut value =
                HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).ok()?;
            value.set_sensitive(true);
            Some(("authorization", value))
        });
        [(RELAY_HEADER, name)].into_iter().chain(token).collect()
    }
}

/// What is spoken to another instance over.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl fmt::Debug for dyn Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

/// Connects to another instance; encrypted where its URL is `https`.
///
/// # Errors
/// [`ErrorKind::OwnerUnreachable`].
pub(crate) async fn connect(peer: &Peer) -> Result<Box<dyn Wire>> {
    let Peer { name, url } = peer;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(80);
    let connecting = async {
        if matches!(url.scheme(), "https" | "wss") {
            let tls = tls::connect(host, port, None).await.map_err(|e| e.message().to_owned())?;
            return Ok(Box::new(tls) as Box<dyn Wire>);
        }
        let tcp = TcpStream::connect((host, port)).await.map_err(|e| e.to_string())?;
        // Requests are small and waited for.
        let _ = tcp.set_nodelay(true);
        Ok(Box::new(tcp) as Box<dyn Wire>)
    };
    let connected = timeout(CONNECT_TIMEOUT, connecting).await;
    connected
        .unwrap_or_else(|_| Err("it does not answer".to_owned()))
        .map_err(|why: String| unreachable(name, &why))
}

/// Why nothing can be had from the instance of this name.
pub(crate) fn unreachable(name: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::OwnerUnreachable,
        format!("the instance {name} has this camera open, but cannot be read from: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_introduction_is_a_name_and_a_token_that_does_not_show() {
        let token = Some("0123456789abcdef".to_owned().into());
        let introduction = Introduction { name: "küche\n1".into(), token };
        let headers = introduction.headers();
        assert_eq!(headers[0], (RELAY_HEADER, HeaderValue::from_static("kche1")));
        assert_eq!(headers[1].1, "Bearer 0123456789abcdef");
        let shown = format!("{headers:?} {introduction:?}");
        assert!(!shown.contains("0123456789abcdef"), "{shown}");
    }
}
