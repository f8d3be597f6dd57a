//! The connection to Redis: made when it is needed, checked once, thrown away at the first error.
//! Whoever calls decides whether to try again.

use std::sync::Arc;
use std::time::Duration;

use fanlight_engine::{Error, ErrorKind, Result};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError, RedisResult};
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, crypto};

use super::address::Address;

/// How long a call may take, connecting included. A beat that takes longer is given up: there is
/// time for three more before a lease ends.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);

/// A connection to the Redis at an address, or to the one that Sentinels name.
#[derive(Debug)]
pub(crate) struct Link {
    address: Address,
    tls: Option<Arc<ClientConfig>>,
    live: Mutex<Option<Live>>,
}

#[derive(Clone)]
struct Live {
    connection: MultiplexedConnection,
    /// Which process answers. Another one does not know what this one granted.
    run: Arc<str>,
    driver: Arc<Driver>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("run", &self.run).finish_non_exhaustive()
    }
}

/// Moves the connection's bytes; ends with it.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    #[error("{0} is no name that a certificate could bear")]
    Name(String),
    #[error("no Sentinel knows a master {0} that is in charge")]
    NoMaster(String),
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    Late,
}

impl Link {
    /// Does not connect yet.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when TLS is asked for and the system has no certificates.
    pub(crate) fn new(address: Address) -> Result<Self> {
        let tls =
            address.tls.then(|| tls(address.authorities.clone())).transpose().map_err(|error| {
                Error::new(ErrorKind::Internal, format!("TLS to Redis is not available: {error}"))
            })?;
        Ok(Self { address, tls, live: Mutex::default() })
    }

    /// One call. It gets the connection and the name of the process that answers.
    ///
    /// # Errors
    /// [`ErrorKind::SharedStateUnavailable`]; whether the call was carried out is not known then.
    pub(crate) async fn call<T>(
        &self,
        call: impl AsyncFnOnce(MultiplexedConnection, &str) -> RedisResult<T>,
    ) -> Result<T> {
        let outcome = tokio::time::timeout(TIMEOUT, async {
            let live = self.live().await?;
            Ok(call(live.connection, &live.run).await?)
        })
        .await
        .unwrap_or(Err(Failure::Late));
        if let Err(failure) = &outcome {
            tracing::debug!("Redis: {failure}");
            // Without waiting: nobody else uses it for long.
            if let Ok(mut live) = self.live.try_lock() {
                *live = None;
            }
        }
        outcome.map_err(|failure| {
            Error::new(
                ErrorKind::SharedStateUnavailable,
                format!("Redis at {} cannot be used: {failure}", self.address.shown()),
            )
        })
    }

    async fn live(&self) -> std::result::Result<Live, Failure> {
        let mut slot = self.live.lock().await;
        // A connection that ended while nobody used it is no reason to fail.
        if let Some(live) = slot.as_ref().filter(|live| !live.driver.0.is_finished()) {
            return Ok(live.clone());
        }
        let live = self.connect().await?;
        Ok(slot.insert(live).clone())
    }

    async fn connect(&self) -> std::result::Result<Live, Failure> {
        let Some(master) = &self.address.master else {
            let (host, port) = &self.address.hosts[0];
            return self.open(host, *port).await;
        };
        for (host, port) in &self.address.hosts {
            // Each Sentinel gets a part of the time, as one may be gone without a word.
            let patience = TIMEOUT / (self.address.hosts.len() as u32 + 1);
            match tokio::time::timeout(patience, self.ask_sentinel(host, *port, master)).await {
                Ok(Ok(Some((host, port)))) => return self.open(&host, port).await,
                Ok(Ok(None)) => {}
                Ok(Err(failure)) => tracing::debug!("Sentinel {host}:{port}: {failure}"),
                Err(_) => tracing::debug!("Sentinel {host}:{port} does not answer"),
            }
        }
        Err(Failure::NoMaster(master.clone()))
    }

    async fn ask_sentinel(
        &self,
        host: &str,
        port: u16,
        master: &str,
    ) -> std::result::Result<Option<(String, u16)>, Failure> {
        let (mut connection, _driver) =
            self.shake_hands(host, port, &RedisConnectionInfo::default()).await?;
        let mut ask = redis::cmd("SENTINEL");
        ask.arg("get-master-addr-by-name").arg(master);
        Ok(ask.query_async(&mut connection).await?)
    }

    /// Connects to a Redis and sees that it may be written to.
    async fn open(&self, host: &str, port: u16) -> std::result::Result<Live, Failure> {
        let mut login = RedisConnectionInfo::default().set_db(self.address.database);
        if let Some(user) = &self.address.user {
            login = login.set_username(user);
        }
        if let Some(password) = &self.address.password {
            login = login.set_password(password.expose_secret());
        }
        let (mut connection, driver) = self.shake_hands(host, port, &login).await?;
        let info: String = redis::cmd("INFO").query_async(&mut connection).await?;
        let field = |name: &str| {
            info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or("")
        };
        if let Some(master) = &self.address.master
            && field("role") != "master"
        {
            return Err(Failure::NoMaster(master.clone()));
        }
        if field("maxmemory") != "0" && field("maxmemory_policy") != "noeviction" {
            tracing::warn!(
                "Redis may throw away what Fanlight stores when its memory is full; set \
                 maxmemory-policy noeviction"
            );
        }
        Ok(Live { connection, run: field("run_id").into(), driver: Arc::new(driver) })
    }

    async fn shake_hands(
        &self,
        host: &str,
        port: u16,
        login: &RedisConnectionInfo,
    ) -> std::result::Result<(MultiplexedConnection, Driver), Failure> {
        let name = host.trim_matches(['[', ']']);
        let tcp = TcpStream::connect((name, port)).await?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some(config) => {
                let shown = ServerName::try_from(name.to_owned())
                    .map_err(|_| Failure::Name(name.to_owned()))?;
                Box::new(TlsConnector::from(Arc::clone(config)).connect(shown, tcp).await?)
            }
        };
        // Whoever calls bounds the time of the whole.
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(TIMEOUT));
        let (connection, driver) =
            MultiplexedConnection::new_with_config(login, stream, config).await?;
        Ok((connection, Driver(tokio::spawn(driver).abort_handle())))
    }
}

/// Certificates as the system trusts them, and those of more authorities.
fn tls(
    authorities: Vec<CertificateDer<'static>>,
) -> std::result::Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(crypto::ring::default_provider());
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(
        authorities,
        Arc::clone(&provider),
    )?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}
