//! Where the API listens: on the socket that systemd opened for it, else where the options say.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tokio::net::TcpListener;

use crate::options::Options;

/// The socket that systemd handed over (`LISTEN_FDS`). It may be called once, before there are
/// threads: it takes the variables out of the environment.
///
/// # Errors
/// When there are several, or it is no TCP socket.
pub(crate) fn inherited() -> anyhow::Result<Option<std::net::TcpListener>> {
    #[cfg(unix)]
    {
        let mut sockets = listenfd::ListenFd::from_env();
        ensure!(
            sockets.len() <= 1,
            "{} sockets were handed over and Fanlight serves on one; leave one ListenStream= in the \
             socket unit ([::]:8080 takes IPv4, too)",
            sockets.len()
        );
        sockets.take_tcp_listener(0).context(
            "the socket that was handed over is of another kind; let the socket unit say ListenStream= \
             with an address and a port",
        )
    }
    #[cfg(not(unix))]
    Ok(None)
}

/// Listens, and says where.
pub(crate) async fn open(
    options: &Options,
    inherited: Option<std::net::TcpListener>,
) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = match inherited {
        Some(listener) => {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)?
        }
        None => fanlight_api::bind(options.host, options.port)
            .await
            .map_err(|error| options.explain_bind(&error))?,
    };
    let address = listener.local_addr()?;
    Ok((listener, address))
}
