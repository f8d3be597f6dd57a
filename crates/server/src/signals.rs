//! The signals that a server is told by.

use std::io;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Read the configuration again.
    Reload,
    /// End; the signal's name.
    End(&'static str),
}

/// Those that came and were not looked at yet.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    unix: [tokio::signal::unix::Signal; 3],
}

impl Signals {
    /// Listens from now on. Without this they end the process.
    pub(crate) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                unix: [
                    signal(SignalKind::hangup())?,
                    signal(SignalKind::terminate())?,
                    signal(SignalKind::interrupt())?,
                ],
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Signal {
        #[cfg(unix)]
        {
            let [hangup, terminate, interrupt] = &mut self.unix;
            tokio::select! {
                _ = hangup.recv() => Signal::Reload,
                _ = terminate.recv() => Signal::End("SIGTERM"),
                _ = interrupt.recv() => Signal::End("Ctrl-C"),
            }
        }
        #[cfg(not(unix))]
        {
            let _ = tokio::signal::ctrl_c().await;
            Signal::End("Ctrl-C")
        }
    }

    /// The next one that ends the server; others are passed over.
    pub(crate) async fn next_end(&mut self) -> &'static str {
        loop {
            match self.next().await {
                Signal::End(name) => return name,
                Signal::Reload => {
                    tracing::info!("SIGHUP comes too late: the server is about to end");
                }
            }
        }
    }
}
