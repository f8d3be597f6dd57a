//! The API on the network: which port it gets, moving it to another, and its end. What it answers
//! is `fanlight_api`'s business.

use std::env;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use fanlight_api::{FramesSocket, NoTokenFile, Token};
use fanlight_engine::Engine;
use http::HeaderMap;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::settings::Values;

/// Scripts look here unless they are told otherwise.
const DEFAULT_PORT: u16 = 8080;
/// How many ports after the wanted one are tried before any free one will do.
const NEIGHBOURS: u16 = 20;
const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The API as the rest of the app sees it.
pub(crate) struct Api {
    /// Answers the window's requests as it does those of the network.
    served: fanlight_api::Api,
    engine: Engine,
    place: Mutex<Place>,
    /// Ends all of it.
    cancelled: CancellationToken,
    tasks: TaskTracker,
}

/// Where the API is on the network.
#[derive(Debug, Default)]
struct Place {
    /// Why it is not where it was wanted, in words for a person.
    error: Option<String>,
    /// Ends what listens there, if anything does.
    listening: Option<CancellationToken>,
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

    /// Asks for a picture, a video or a file; the answer while it comes.
    pub(crate) async fn fetch(&self, path: &str, headers: HeaderMap) -> Response {
        self.served.fetch(path, headers).await
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{HOST}:{}", self.port())
    }

    /// The port it is on, or would be on.
    pub(crate) fn port(&self) -> u16 {
        self.served.settings().port
    }

    /// Why it is not where it was wanted, in words for a person.
    pub(crate) fn error(&self) -> Option<String> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).error.clone()
    }

    /// Takes the port that a person chose, when it is another than the one in use; nothing moves
    /// there yet.
    pub(crate) async fn take_port(&self, chosen: Option<u16>) -> io::Result<Option<TcpListener>> {
        let wanted = chosen.unwrap_or(DEFAULT_PORT);
        let listens = {
            let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
            place.listening.is_some()
        };
        if from_environment() || (listens && wanted == self.port()) {
            return Ok(None);
        }
        fanlight_api::bind(HOST, wanted).await.map(Some)
    }

    /// Puts a token and origins in force, and moves to the port that was taken, if one was. Whoever
    /// reads from the former port finishes the request that is under way.
    pub(crate) fn change(
        &self,
        listener: Option<TcpListener>,
        token: Option<Token>,
        origins: Vec<String>,
    ) {
        let former = self.served.settings();
        let settings = fanlight_api::Settings {
            port: former.port,
            frames_socket: former.frames_socket.clone(),
            allowed_origins: origins,
            token,
            scans: may_scan(),
            ..fanlight_api::Settings::default()
        };
        match listener {
            Some(listener) => self.listen(listener, settings, None),
            None => self.served.change(settings),
        }
    }

    /// Serves where the listener is, and no longer where it was.
    fn listen(
        &self,
        listener: TcpListener,
        settings: fanlight_api::Settings,
        error: Option<String>,
    ) {
        let port = listener.local_addr().map_or(settings.port, |address| address.port());
        let frames = FramesSocket::open(port);
        let frames_socket = frames.as_ref().map(|socket| socket.path().to_owned());
        self.served.change(fanlight_api::Settings { port, frames_socket, ..settings });
        let cancelled = self.cancelled.child_token();
        if let Some(frames) = frames {
            self.tasks.spawn(frames.serve(self.served.router(), port, cancelled.clone()));
        }
        let room = self.engine.max_consumers();
        let router = self.served.router();
        self.tasks.spawn(fanlight_api::serve(listener, router, room, cancelled.clone()));
        tracing::info!("the API is on {}", self.url());
        let place = Place { error, listening: Some(cancelled) };
        let mut current = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(former) = std::mem::replace(&mut *current, place).listening {
            former.cancel();
        }
    }
}

/// Binds the API and serves it as one of `tasks` until `cancelled`. Without any port there is
/// still the router, so that the window works.
pub(crate) async fn start(
    engine: &Engine,
    values: &Values,
    cancelled: CancellationToken,
    tasks: &TaskTracker,
) -> Api {
    let text = env::var(PORT).unwrap_or_default();
    let (wanted, refused) = wanted_port(&text, values.port);
    let settings = fanlight_api::Settings {
        port: wanted,
        allowed_origins: values.allowed_origins.clone(),
        scans: may_scan(),
        ..fanlight_api::Settings::default()
    };
    let api = Api {
        served: fanlight_api::Api::new(engine.clone(), settings.clone()),
        engine: engine.clone(),
        place: Mutex::default(),
        cancelled,
        tasks: tasks.clone(),
    };
    let error = match token(values.token_required) {
        // Open to everybody is not what the person asked for.
        Err(error) => {
            Some(format!("The API could not start: {}. Scripts cannot connect.", explain(&error)))
        }
        Ok(token) => {
            let opened = open(wanted, async |port| fanlight_api::bind(HOST, port).await);
            match opened.await {
                Ok(Opened { listener, why_not }) => {
                    let port = listener.local_addr().map_or(wanted, |address| address.port());
                    let error = refused
                        .map(|text| {
                            format!("PORT is {text:?}, which is no port; the API is on {port}.")
                        })
                        .or_else(|| why_not.map(|why| moved(wanted, port, why)));
                    let settings = fanlight_api::Settings { token, ..settings };
                    api.listen(listener, settings, error.clone());
                    error
                }
                Err(error) => {
                    Some(format!("The API could not start: {error}. Scripts cannot connect."))
                }
            }
        }
    };
    if let Some(error) = &error {
        tracing::warn!("{error}");
        let mut place = api.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.error.get_or_insert_with(|| error.clone());
    }
    api
}

/// Whether the network may be scanned for cameras: unless `FANLIGHT_SCANS` is `off`.
fn may_scan() -> bool {
    env::var("FANLIGHT_SCANS").map_or(true, |text| !text.eq_ignore_ascii_case("off"))
}

/// The token to ask for, where one is wanted: the one that the user's own programs find.
pub(crate) fn token(required: bool) -> Result<Option<Token>, NoTokenFile> {
    required.then(|| fanlight_api::own_token().map(|(token, _)| token)).transpose()
}

/// An error with its causes.
pub(crate) fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

const PORT: &str = "PORT";

/// Whether the environment names the port, which goes before the setting.
pub(crate) fn from_environment() -> bool {
    env::var(PORT).is_ok_and(|text| !text.trim().is_empty())
}

/// The wanted port, and the text of `PORT` when it is none. `PORT` goes before what was chosen.
fn wanted_port(text: &str, chosen: Option<u16>) -> (u16, Option<&str>) {
    let otherwise = chosen.unwrap_or(DEFAULT_PORT);
    match text.trim() {
        "" => (otherwise, None),
        text => text.parse().map_or((otherwise, Some(text)), |port| (port, None)),
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
    #[case("", None, 8080, None)]
    #[case("", Some(9999), 9999, None)]
    #[case("9000", None, 9000, None)]
    #[case("9000", Some(9999), 9000, None)]
    #[case(" 9000 ", None, 9000, None)]
    #[case("0", None, 0, None)]
    #[case("http", None, 8080, Some("http"))]
    #[case("http", Some(9999), 9999, Some("http"))]
    #[case("70000", None, 8080, Some("70000"))]
    fn wants(
        #[case] text: &str,
        #[case] chosen: Option<u16>,
        #[case] port: u16,
        #[case] refused: Option<&str>,
    ) {
        assert_eq!(wanted_port(text, chosen), (port, refused));
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
