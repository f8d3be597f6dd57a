//! The shared-memory socket: `GET /api/streams/{id}/frame` for programs of the same user on this
//! machine, whose pictures are looked at where they lie instead of being sent.
//!
//! A client connects to a Unix socket that only the user may open, asks what it would ask over HTTP,
//! and is told where the picture lies in a sealed memfd, whose descriptor comes with it. The picture
//! stays as it is until the client gives it back or its connection ends, in whatever way.

mod connection;
mod message;

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::Semaphore;
use tokio_seqpacket::{UnixSeqpacket, UnixSeqpacketListener};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::runtime_folder::{make_private_folder, runtime_folder};

/// Connections open at a time; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 512;
/// A pause after a failed accept: out of descriptors, say.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
/// Between the parts of a socket's name: the API's port, and the process.
const NAME: (&str, &str) = ("frames-", ".sock");

/// A bound socket. Its file is removed when dropped.
pub struct FramesSocket {
    listener: UnixSeqpacketListener,
    path: PathBuf,
}

impl FramesSocket {
    /// Binds a socket that is named after the API's port, in the user's runtime folder. Must be
    /// called in a tokio runtime. None, with a warning, when that fails: clients then read over HTTP.
    pub fn open(port: u16) -> Option<Self> {
        let opened = runtime_folder()
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no home folder is known"))
            .and_then(|folder| Self::open_in(&folder, port));
        opened.inspect_err(|e| tracing::warn!("programs here read frames over HTTP only: {e}")).ok()
    }

    fn open_in(folder: &Path, port: u16) -> io::Result<Self> {
        make_private_folder(folder)?;
        remove_dead(folder);
        let (before, after) = NAME;
        let path = folder.join(format!("{before}{port}-{}{after}", std::process::id()));
        let listener = UnixSeqpacketListener::bind(&path)?;
        let socket = Self { listener, path };
        std::fs::set_permissions(&socket.path, std::fs::Permissions::from_mode(0o600))?;
        Ok(socket)
    }

    /// Tells this run of the server from others.
    pub fn epoch() -> u64 {
        *connection::EPOCH
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves until cancelled. `port` is the one in the router's settings.
    pub async fn serve(mut self, router: Router, port: u16, cancelled: CancellationToken) {
        let connections = TaskTracker::new();
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let slot = tokio::select! {
                slot = Arc::clone(&slots).acquire_owned() => slot,
                () = cancelled.cancelled() => break,
            };
            let socket = tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok(socket) => socket,
                    Err(error) => {
                        tracing::warn!("a reader of shared memory could not be accepted: {error}");
                        tokio::time::sleep(ACCEPT_RETRY).await;
                        continue;
                    }
                },
                () = cancelled.cancelled() => break,
            };
            let Some(pid) = own_user(&socket) else { continue };
            let (router, cancelled) = (router.clone(), cancelled.clone());
            connections.spawn(async move {
                let serving = connection::run(&socket, &router, port, pid);
                if let Some(Err(error)) = cancelled.run_until_cancelled(serving).await {
                    tracing::debug!("a reader of shared memory left: {error}");
                }
                drop(slot);
            });
        }
        connections.close();
        connections.wait().await;
    }
}

impl Drop for FramesSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The process at the other end, when it is the same user's. The file's mode says the same; this
/// holds also where somebody passed a connection on or changed the mode.
fn own_user(socket: &UnixSeqpacket) -> Option<u32> {
    let peer = socket.peer_cred().ok()?;
    if peer.uid() != rustix::process::geteuid().as_raw() {
        tracing::warn!(uid = peer.uid(), "another user may not read frames; turned away");
        return None;
    }
    Some(peer.pid().and_then(|pid| pid.try_into().ok()).unwrap_or_default())
}

/// Removes the files of sockets that nobody serves any more: a server that was killed leaves its.
fn remove_dead(folder: &Path) {
    let (before, after) = NAME;
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|n| n.starts_with(before) && n.ends_with(after));
        if ours && is_dead(&entry.path()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A socket that is served refuses this kind of connection for its kind; one that is not, as nobody
/// listens.
fn is_dead(path: &Path) -> bool {
    UnixDatagram::unbound()
        .and_then(|socket| socket.connect(path))
        .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_ours_alone_and_goes_with_us() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("fanlight");
        let socket = FramesSocket::open_in(&folder, 8080).expect("bound");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode();
        assert_eq!((mode(socket.path()) & 0o777, mode(&folder) & 0o777), (0o600, 0o700));
        let path = socket.path().to_owned();
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_a_killed_server_left_is_removed_and_what_is_served_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = folder.path().join("frames-8080-1.sock");
        drop(UnixSeqpacketListener::bind(&left).expect("bound"));
        let served = folder.path().join("frames-8081-2.sock");
        let _serving = UnixSeqpacketListener::bind(&served).expect("bound");
        let foreign = folder.path().join("token");
        std::fs::write(&foreign, "x").expect("written");
        let _socket = FramesSocket::open_in(folder.path(), 8080).expect("bound");
        assert_eq!((left.exists(), served.exists(), foreign.exists()), (false, true, true));
    }
}
