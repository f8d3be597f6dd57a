//! Brings an encrypted camera to a client that speaks plain TCP only: a loopback port that takes
//! one connection and carries it through TLS.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::Fingerprint;
use crate::tls;

/// Our own client connects at once.
const ACCEPT_TIMEOUT: Duration = Duration::from_secs(2);

/// An open tunnel. Dropping it closes the connection to the camera.
pub(crate) struct Tunnel {
    /// Where the one connection is taken.
    pub(crate) address: SocketAddr,
    _carrying: AbortOnDropHandle<()>,
}

impl Tunnel {
    /// Connects to the camera, then opens the port.
    pub(crate) async fn open(host: &str, port: u16, accepted: Option<Fingerprint>) -> Result<Self> {
        let mut camera = tls::connect(host, port, accepted).await?;
        let failed = |e: std::io::Error| {
            Error::new(ErrorKind::Internal, format!("no loopback port for a TLS camera: {e}"))
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let carrying = tokio::spawn(async move {
            let Ok(Ok((mut client, _))) = timeout(ACCEPT_TIMEOUT, listener.accept()).await else {
                return;
            };
            drop(listener);
            let _ = client.set_nodelay(true);
            // Either end closing closes the other; the client tells what it means.
            let _ = copy_bidirectional(&mut client, &mut camera).await;
        });
        Ok(Self { address, _carrying: AbortOnDropHandle::new(carrying) })
    }
}
