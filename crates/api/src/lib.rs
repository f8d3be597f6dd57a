//! The HTTP and WebSocket API over the engine. One [`router`] serves the network ([`serve`]) and
//! the desktop's IPC ([`call`]) alike: same JSON, same errors, same tests.
//!
//! The rooms: `guard` decides who may ask at all, `auth` asks for the token, for which `session` lets browsers
//! hold a cookie; `streams`, `frame`, `snapshot`, `mjpeg` and `ws`
//! answer; `transfer` takes in and gives out camera lists, which `camera_list` reads and writes; `wire` holds the JSON
//! shapes; `problem` turns errors into RFC 9457 answers; `leases` remembers which frames a keep-alive
//! connection is reading; `shared_memory` hands frames to programs on this machine without a copy; `observer`
//! finds out what happens, `events` tells it; `serve` owns the accept loop, `places` its room, `under_way` bounds what
//! slow clients hold; `openapi` describes it all.

mod auth;
mod call;
pub mod camera_list;
mod consumers;
mod events;
mod extract;
mod files;
mod frame;
mod guard;
mod health;
mod info;
mod leases;
mod metrics;
mod mjpeg;
mod observer;
mod openapi;
mod places;
mod probe;
mod problem;
mod runtime_folder;
mod serve;
mod session;
#[cfg_attr(not(target_os = "linux"), path = "shared_memory_elsewhere.rs")]
mod shared_memory;
mod snapshot;
mod streams;
mod transfer;
mod under_way;
mod watching;
pub mod wire;
mod ws;
mod ws_credit;
mod ws_message;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use fanlight_engine::{Engine, Error, ErrorKind};
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use auth::{NoToken, Token};
pub use call::call;
pub use files::raise_file_limit;
pub use openapi::text as openapi;
pub use runtime_folder::{make_private_folder, runtime_folder};
pub use serve::{bind, serve, serve_tls};
pub use shared_memory::FramesSocket;

/// The largest body of a request, in bytes.
const MAX_BODY: usize = 64 << 10;

/// How the API is reached.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The port it is bound to.
    pub port: u16,
    /// Host names, besides the loopback ones, by which it may be addressed, such as those of a
    /// reverse proxy: `name` for any port or `name:port`.
    pub allowed_hosts: Vec<String>,
    /// Origins of web pages, besides loopback ones, that may use it: `https://name`.
    pub allowed_origins: Vec<String>,
    /// The token that the API asks for. With one it may be addressed by any IP address, too.
    pub token: Option<Token>,
    /// Whether it is served over TLS.
    pub tls: bool,
    /// Where programs of the same user on this machine read frames from shared memory.
    pub frames_socket: Option<PathBuf>,
    /// What answers outside of the API: the pages of the user interface. They hold no secret, and
    /// need no token.
    pub pages: Option<Router>,
}

/// What every handler works with.
#[derive(Clone)]
struct Context {
    engine: Engine,
    settings: Arc<Settings>,
    /// The last snapshots.
    snapshots: Arc<snapshot::Snapshots>,
    /// What happened lately.
    journal: Arc<events::Journal>,
    /// Room for those who listen to it.
    listeners: Arc<Semaphore>,
    /// The browsers that are signed in.
    sessions: Arc<session::Sessions>,
}

/// The whole API. Every route, the pages included, stands behind the checks of Host and Origin.
/// Must be called in a tokio runtime: it starts a task that ends when the engine shuts down.
pub fn router(engine: Engine, settings: Settings) -> Router {
    engine.set_own_port(settings.port);
    let mut settings = settings;
    let pages = settings.pages.take();
    let settings = Arc::new(settings);
    let journal = Arc::new(events::Journal::new());
    observer::start(engine.clone(), Arc::clone(&journal));
    let sessions = Arc::new(session::Sessions::new());
    let context = Context {
        engine,
        settings: Arc::clone(&settings),
        snapshots: Arc::default(),
        journal,
        listeners: Arc::new(Semaphore::new(events::MAX_LISTENERS)),
        sessions: Arc::clone(&sessions),
    };
    let api = Router::from(guarded_routes().with_state(context.clone()))
        .method_not_allowed_fallback(method_not_allowed);
    let open = Router::from(open_routes().with_state(context))
        .merge(openapi::pages())
        .method_not_allowed_fallback(method_not_allowed);
    let api = auth::around(api, Arc::clone(&settings), sessions).merge(open);
    let all = match pages {
        Some(pages) => api.fallback_service(pages),
        None => api.fallback(not_found),
    };
    guard::around(all.layer(DefaultBodyLimit::max(MAX_BODY)), settings)
}

/// The routes that ask for the token, where there is one, each with its description.
fn guarded_routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(streams::list, streams::start))
        .routes(routes!(streams::start_with_url))
        .routes(routes!(streams::show, streams::change, streams::stop))
        .routes(routes!(streams::restart))
        .routes(routes!(streams::history))
        .routes(routes!(streams::force_stop))
        .routes(routes!(streams::stats))
        .routes(routes!(frame::frame))
        .routes(routes!(snapshot::snapshot))
        .routes(routes!(mjpeg::mjpeg))
        .routes(routes!(ws::connect))
        .routes(routes!(consumers::list))
        .routes(routes!(consumers::show, consumers::kick))
        .routes(routes!(probe::probe))
        .routes(routes!(transfer::export))
        .routes(routes!(transfer::import))
        .routes(routes!(events::events))
        .routes(routes!(info::info))
        .routes(routes!(metrics::metrics))
        .routes(routes!(health::health))
        .routes(routes!(health::readyz))
}

/// The routes that hold no secret: for whoever watches over the server, reads how to use it, or signs in.
fn open_routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(health::livez))
        .routes(routes!(openapi::show))
        .routes(routes!(session::show, session::sign_in, session::sign_out))
}

async fn not_found() -> problem::Problem {
    problem::Problem::new(http::StatusCode::NOT_FOUND, "not_found", "there is nothing at this path")
}

async fn method_not_allowed() -> problem::Problem {
    problem::Problem::new(
        http::StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path does not take this method",
    )
}

/// The answer of a handler.
type Answer<T> = Result<T, problem::Problem>;

fn invalid(why: impl AsRef<str>) -> Error {
    Error::new(ErrorKind::InvalidRequest, why)
}
