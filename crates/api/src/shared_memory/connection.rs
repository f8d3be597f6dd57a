//! One reader of shared memory: its requests, and the pictures that it looks at.

use std::collections::HashMap;
use std::fs::File;
use std::future::{Future, pending};
use std::io::{self, IoSlice, Seek as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use fanlight_engine::Pixels;
use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use rustix::fs::MemfdFlags;
use tokio::time::timeout;
use tokio_seqpacket::UnixSeqpacket;
use tokio_seqpacket::ancillary::AncillaryMessageWriter;
use tower::ServiceExt as _;

use super::message::{self, Asked, LONGEST_ASKED, LONGEST_BODY, Method, Picture, VERSION};
use crate::auth::InProcess;
use crate::frame::{HandedOver, Handover};
use crate::leases::{Leases, SWEEP_PERIOD};
use crate::problem::Problem;

/// A client that takes longer to introduce itself is cut off.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer answers, such as those that do not end, are for HTTP.
const LONGEST_ANSWER: usize = 256 << 20;
/// The most pictures that one client may look at: more would be hoarding, and take the memory of
/// others' pictures.
const MOST_LEASES: usize = 16;

/// Tells this run of the server from others: a socket's path may be the same on another machine, which
/// is reached through a tunnel. Small enough to be exact in JSON.
pub(super) static EPOCH: LazyLock<u64> =
    LazyLock::new(|| u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or_default());

/// Serves one client until it leaves, or says what no client says.
pub(super) async fn run(
    socket: &UnixSeqpacket,
    router: &Router,
    port: u16,
    pid: u32,
) -> io::Result<()> {
    let mut buffer = vec![0; LONGEST_ASKED];
    let agent = match timeout(HELLO_TIMEOUT, greeting(socket, &mut buffer)).await {
        Ok(agent) => agent?,
        Err(_) => return Err(io::ErrorKind::TimedOut.into()),
    };
    socket.send(&message::welcome(*EPOCH)).await?;
    let mut client = Client {
        router,
        host: HeaderValue::from_str(&format!("127.0.0.1:{port}")).map_err(io::Error::other)?,
        agent,
        pid,
        readers: Leases::default(),
        looked_at: HashMap::new(),
        last_lease: 0,
        segment: 0,
    };
    let mut answering: Option<Answering> = None;
    let mut sweep = tokio::time::interval(SWEEP_PERIOD);
    loop {
        let answer = async {
            match &mut answering {
                Some(answering) => answering.await,
                None => pending().await,
            }
        };
        tokio::select! {
            (id, response) = answer => {
                answering = None;
                client.answer(socket, id, response).await?;
            }
            received = socket.recv(&mut buffer) => {
                let received = received?;
                if received.bytes_read() == 0 {
                    return Ok(());
                }
                match parsed(&buffer[..received.bytes_read()], received.truncated())? {
                    Asked::Release { lease } => client.looks_no_more(lease),
                    Asked::Request { id, method, path } if answering.is_none() => {
                        answering = Some(client.ask(id, method, path));
                    }
                    Asked::Request { .. } | Asked::Hello { .. } => return Err(nonsense()),
                }
            }
            _ = sweep.tick() => client.readers.sweep(),
        }
    }
}

/// An answer on its way, and the number of the request.
type Answering = Pin<Box<dyn Future<Output = (u32, Response)> + Send>>;

/// What the client calls itself.
async fn greeting(socket: &UnixSeqpacket, buffer: &mut [u8]) -> io::Result<HeaderValue> {
    let received = socket.recv(buffer).await?;
    match parsed(&buffer[..received.bytes_read()], received.truncated())? {
        Asked::Hello { version: VERSION, agent } => {
            HeaderValue::from_str(agent).map_err(|_| nonsense())
        }
        _ => Err(nonsense()),
    }
}

fn parsed(packet: &[u8], truncated: bool) -> io::Result<Asked<'_>> {
    if truncated {
        return Err(nonsense());
    }
    Asked::parse(packet).map_err(|_| nonsense())
}

fn nonsense() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it does not speak this protocol")
}

struct Client<'a> {
    router: &'a Router,
    host: HeaderValue,
    agent: HeaderValue,
    pid: u32,
    /// As for a keep-alive connection of HTTP.
    readers: Leases,
    /// The pictures that it looks at, by lease.
    looked_at: HashMap<u64, Arc<Pixels>>,
    last_lease: u64,
    /// The segment whose descriptor it was given last; it keeps no other.
    segment: u64,
}

impl Client<'_> {
    fn ask(&self, id: u32, method: Method, path: &str) -> Answering {
        if self.looked_at.len() >= MOST_LEASES {
            let problem = Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "quota_exceeded",
                format!("you look at {MOST_LEASES} pictures, which is the most; let go of one"),
            );
            return Box::pin(async move { (id, problem_response(problem)) });
        }
        let method = match method {
            Method::Get => http::Method::GET,
            Method::Delete => http::Method::DELETE,
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header(USER_AGENT, &self.agent)
            .extension(InProcess)
            .extension(self.readers.clone())
            .extension(Handover { pid: self.pid })
            .body(Body::empty());
        let router = self.router.clone();
        Box::pin(async move {
            let response = match request {
                Ok(request) => {
                    let Ok(response) = router.oneshot(request).await;
                    response
                }
                Err(error) => problem_response(Problem::new(
                    StatusCode::BAD_REQUEST,
                    "invalid_request",
                    error.to_string(),
                )),
            };
            (id, response)
        })
    }

    async fn answer(
        &mut self,
        socket: &UnixSeqpacket,
        id: u32,
        mut response: Response,
    ) -> io::Result<()> {
        if let Some(handed) = response.extensions_mut().remove::<HandedOver>() {
            return self.hand_over(socket, id, handed).await;
        }
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        let body = body.map_err(io::Error::other)?.to_bytes();
        if body.len() <= LONGEST_BODY {
            return socket.send(&message::answer(id, status, &body)).await.map(drop);
        }
        let file = in_memory(&body)?;
        send_with(socket, &message::long_answer(id, status), file.as_fd()).await
    }

    async fn hand_over(
        &mut self,
        socket: &UnixSeqpacket,
        id: u32,
        HandedOver { frame, pixels, gap, substream }: HandedOver,
    ) -> io::Result<()> {
        let location = pixels.location().ok_or_else(|| io::Error::other("not shared"))?;
        self.last_lease += 1;
        let attached = location.segment != self.segment;
        let packet = message::picture(&Picture {
            id,
            lease: self.last_lease,
            segment: location.segment,
            attached,
            offset: location.offset as u64,
            length: (*pixels).as_ref().len() as u64,
            sequence: frame.sequence,
            captured_ns: u64::try_from(frame.captured_at.as_nanosecond()).unwrap_or_default(),
            gap,
            width: frame.size.width(),
            height: frame.size.height(),
            camera_clock: frame.clock == fanlight_engine::Clock::Camera,
            substream,
        });
        if attached {
            send_with(socket, &packet, location.fd).await?;
            self.segment = location.segment;
        } else {
            socket.send(&packet).await?;
        }
        self.looked_at.insert(self.last_lease, pixels);
        Ok(())
    }

    fn looks_no_more(&mut self, lease: u64) {
        self.looked_at.remove(&lease);
    }
}

async fn send_with(
    socket: &UnixSeqpacket,
    packet: &[u8],
    descriptor: BorrowedFd<'_>,
) -> io::Result<()> {
    let mut space = [0; 64];
    let mut ancillary = AncillaryMessageWriter::new(&mut space);
    ancillary.add_fds([descriptor]).map_err(io::Error::other)?;
    socket.send_vectored_with_ancillary(&[IoSlice::new(packet)], &mut ancillary).await.map(drop)
}

/// A file without a name that holds these bytes, to be read from its beginning.
fn in_memory(bytes: &[u8]) -> io::Result<File> {
    let descriptor = rustix::fs::memfd_create("fanlight-answer", MemfdFlags::CLOEXEC)?;
    let mut file = File::from(descriptor);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

fn problem_response(problem: Problem) -> Response {
    axum::response::IntoResponse::into_response(problem)
}
