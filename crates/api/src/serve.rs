//! The accept loop. Our own, because `axum::serve` limits neither the time a client takes for its
//! headers nor the number of connections. `places` decides whose connection stays.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::files;
use crate::leases::{Leases, SWEEP_PERIOD};
use crate::places::{Place, Places, Working};

/// A client that takes longer for its headers is cut off.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// A client that takes longer for its TLS handshake is cut off.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection whose other end takes nothing for this long is gone.
#[cfg(target_os = "linux")]
const STUCK: Duration = Duration::from_secs(60);
/// Connections open at a time beside those of consumers.
const OTHER_CONNECTIONS: usize = 1024;
/// What waits in the system's buffer for a client, beyond what is on its way: the system would keep
/// seconds of pictures for a slow one. Smaller ones cost more wake-ups than they save.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 64 << 10;
/// How long running requests may take to end.
const DRAIN: Duration = Duration::from_secs(1);
/// A pause after a failed accept: out of descriptors, say.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Binds the API's address.
///
/// # Errors
/// As the system says; [`io::ErrorKind::AddrInUse`] when the port is taken.
pub async fn bind(host: IpAddr, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::new(host, port)).await
}

/// Serves until cancelled, then lets running requests end for a second. There is room for the
/// connections of so many consumers, and of many others.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    max_consumers: usize,
    cancelled: CancellationToken,
) {
    accept(listener, None, router, max_consumers, cancelled).await;
}

/// As [`serve`], over TLS.
pub async fn serve_tls(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    router: Router,
    max_consumers: usize,
    cancelled: CancellationToken,
) {
    accept(listener, Some(tls.into()), router, max_consumers, cancelled).await;
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    max_consumers: usize,
    cancelled: CancellationToken,
) {
    let connections = TaskTracker::new();
    let places = Places::new(files::connections(max_consumers + OTHER_CONNECTIONS));
    let next = async || match listener.accept().await {
        Ok((stream, _)) => Some((stream, places.take().await)),
        Err(error) => {
            tracing::warn!("a connection could not be accepted: {error}");
            if !files::none_left(&error) || !places.make_room() {
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
            None
        }
    };
    loop {
        let (stream, place) = tokio::select! {
            next = next() => match next {
                Some(next) => next,
                None => continue,
            },
            () = cancelled.cancelled() => break,
        };
        let (tls, router, cancelled) = (tls.clone(), router.clone(), cancelled.clone());
        connections.spawn(async move {
            prepare(&stream);
            tokio::select! {
                () = handle(stream, tls, router, &place, cancelled) => {}
                () = place.sent_away() => tracing::debug!("an idle connection made room"),
            }
        });
    }
    drop(listener);
    connections.close();
    let _ = timeout(DRAIN, connections.wait()).await;
}

async fn handle(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    place: &Arc<Place>,
    cancelled: CancellationToken,
) {
    match tls {
        None => connection(stream, router, place, cancelled).await,
        Some(tls) => match timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => connection(stream, router, place, cancelled).await,
            Ok(Err(error)) => tracing::debug!("no TLS: {error}"),
            Err(_) => tracing::debug!("no TLS: the handshake took too long"),
        },
    }
}

fn prepare(stream: &TcpStream) {
    // Frames leave at once, not when more bytes have gathered.
    let _ = stream.set_nodelay(true);
    // A client that takes nothing keeps its place, and the pictures on their way to it, only for so
    // long. Whether data is taken is known to the kernel alone.
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, STUCK.as_millis() as u32);
        let _ = rustix::net::sockopt::set_tcp_keepidle(stream, STUCK);
        let _ = rustix::net::sockopt::set_socket_keepalive(stream, true);
        // A bound on the whole buffer would also bound what is under way to a client far away.
        let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
    }
}

/// One connection and the readers it leases. When cancelled, it ends with its running request.
async fn connection<S>(stream: S, router: Router, place: &Arc<Place>, cancelled: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let leases = Leases::default();
    let for_requests = leases.clone();
    let for_places = Arc::clone(place);
    let service = tower::service_fn(move |mut request: Request<Incoming>| {
        let working = for_places.work();
        request.extensions_mut().insert(for_requests.clone());
        request.extensions_mut().insert(Arc::clone(&for_places));
        let answer = router.clone().oneshot(request.map(Body::new));
        async move { answer.await.map(|answer| answer.map(|body| Answer { body, _working: working })) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let mut sweep = tokio::time::interval(SWEEP_PERIOD);
    let mut ending = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!("connection ended: {error}");
                }
                return;
            }
            _ = sweep.tick() => leases.sweep(),
            () = cancelled.cancelled(), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// A body whose connection is at work until all of it was taken.
struct Answer {
    body: Body,
    _working: Working,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
