//! The API on the network: which port it gets, and its end. What it answers is `fanlight_api`'s
//! business.

use std::env;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};

use fanlight_api::{FramesSocket, Settings};
use fanlight_engine::Engine;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Scripts look here unless they are told otherwise.
const DEFAULT_PORT: u16 = 8080;
/// How many ports after the wanted one are tried before any free one will do.
const NEIGHBOURS: u16 = 20;

/// The API as the rest of the app sees it.
pub(crate) struct Api {
    /// Answers the window's requests as it does those of the network.
    served: fanlight_api::Api,
    /// Where it is.
    pub(crate) url: String,
    /// Why it is not where it was wanted, in words for a person.
    pub(crate) error: Option<String>,
}

impl Api {
    /// Asks as a request over the network would; the status and the body.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> (u16, String) {
        self.served.ask(method, path, body).await
    }
}

/// Binds the API and serves it as one of `tasks` until `cancelled`. Without any port there is
/// still the router, so that the window works.
pub(crate) async fn start(
    engine: &Engine,
    cancelled: CancellationToken,
    tasks: &TaskTracker,
) -> Api {
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let text = env::var("PORT").unwrap_or_default();
    let (wanted, refused) = wanted_port(&text);
    let opened = open(wanted, async |port| fanlight_api::bind(host, port).await);
    let (listener, port, error) = match opened.await {
        Ok(Opened { listener, why_not }) => {
            let port = listener.local_addr().map_or(wanted, |address| address.port());
            let error = refused
                .map(|text| format!("PORT is {text:?}, which is no port; the API is on {port}."))
                .or_else(|| why_not.map(|why| moved(wanted, port, why)));
            (Some(listener), port, error)
        }
        Err(error) => (
            None,
            wanted,
            Some(format!("The API could not start: {error}. Scripts cannot connect.")),
        ),
    };
    if let Some(error) = &error {
        tracing::warn!("{error}");
    }
    let frames = listener.as_ref().and_then(|_| FramesSocket::open(port));
    let frames_socket = frames.as_ref().map(|socket| socket.path().to_owned());
    let scans = env::var("FANLIGHT_SCANS").map_or(true, |text| !text.eq_ignore_ascii_case("off"));
    let settings = Settings { port, frames_socket, scans, ..Settings::default() };
    let served = fanlight_api::Api::new(engine.clone(), settings);
    if let Some(frames) = frames {
        tasks.spawn(frames.serve(served.router(), port, cancelled.clone()));
    }
    if let Some(listener) = listener {
        tracing::info!("the API is on http://{host}:{port}");
        let room = engine.max_consumers();
        tasks.spawn(fanlight_api::serve(listener, served.router(), room, cancelled));
    }
    Api { served, url: format!("http://{host}:{port}"), error }
}

/// The wanted port, and the text of `PORT` when it is none.
fn wanted_port(text: &str) -> (u16, Option<&str>) {
    match text.trim() {
        "" => (DEFAULT_PORT, None),
        text => text.parse().map_or((DEFAULT_PORT, Some(text)), |port| (port, None)),
    }
}

struct Opened<L> {
    listener: L,
    /// What was wrong with the wanted port, when it is another.
    why_not: Option<ErrorKind>,
}

/// Binds the wanted port, else the next free one, else any.
async fn open<L>(
    wanted: u16,
    mut bind: impl AsyncFnMut(u16) -> io::Result<L>,
) -> io::Result<Opened<L>> {
    let refusal = match bind(wanted).await {
        Ok(listener) => {
            return Ok(Opened { listener, why_not: None });
        }
        Err(error) => error,
    };
    let neighbours = (1..=NEIGHBOURS).filter_map(|step| wanted.checked_add(step));
    for port in neighbours.chain([0]) {
        if let Ok(listener) = bind(port).await {
            return Ok(Opened { listener, why_not: Some(refusal.kind()) });
        }
    }
    Err(refusal)
}

fn moved(wanted: u16, got: u16, why: ErrorKind) -> String {
    let reason = match why {
        ErrorKind::AddrInUse => format!("Port {wanted} is in use by another program"),
        ErrorKind::PermissionDenied => format!("Port {wanted} is not open to this user"),
        other => format!("Port {wanted} cannot be used ({other})"),
    };
    format!("{reason}; the API is on {got}, and scripts have to use that port.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", 8080, None)]
    #[case("9000", 9000, None)]
    #[case(" 9000 ", 9000, None)]
    #[case("0", 0, None)]
    #[case("http", 8080, Some("http"))]
    #[case("70000", 8080, Some("70000"))]
    fn wants(#[case] text: &str, #[case] port: u16, #[case] refused: Option<&str>) {
        assert_eq!(wanted_port(text), (port, refused));
    }

    /// A machine on which these ports are taken; its listeners are their ports.
    fn taken(ports: impl Fn(u16) -> bool) -> impl AsyncFnMut(u16) -> io::Result<u16> {
        async move |port| {
            if ports(port) { Err(io::Error::from(ErrorKind::AddrInUse)) } else { Ok(port) }
        }
    }

    #[tokio::test]
    async fn a_free_port_is_taken_without_a_word() {
        let opened = open(8080, taken(|_| false)).await.expect("free");
        assert_eq!((opened.listener, opened.why_not), (8080, None));
    }

    #[tokio::test]
    async fn the_next_free_port_comes_with_the_reason() {
        let opened = open(8080, taken(|port| port < 8083)).await.expect("free");
        assert_eq!(opened.listener, 8083);
        assert_eq!(
            moved(8080, 8083, opened.why_not.expect("moved")),
            "Port 8080 is in use by another program; the API is on 8083, and scripts have to use \
             that port."
        );
    }

    #[rstest]
    #[case(8080)]
    #[case(u16::MAX - 3)]
    #[tokio::test]
    async fn any_port_does_after_the_neighbours(#[case] wanted: u16) {
        let opened = open(wanted, taken(|port| port != 0)).await.expect("free");
        assert_eq!(opened.listener, 0);
    }

    #[tokio::test]
    async fn without_any_port_the_first_refusal_counts() {
        let error = open(8080, taken(|_| true)).await.err().expect("none is free");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }
}
