//! The HTTP and WebSocket API over the engine. One [`Api`] serves the network ([`serve`]) and the
//! desktop's window ([`Api::ask`]) alike: same JSON, same errors, same tests.
//!
//! The rooms: `guard` decides who may ask at all, `auth` asks for the token, for which `session` lets browsers
//! hold a cookie; `streams`, `frame`, `snapshot`, `mjpeg` and `ws`
//! answer, and `recordings`, whose parts `playlist` tells; `scans` finds cameras; `transfer` takes in and gives out camera lists, which `camera_list` reads and writes; `wire` holds the JSON
//! shapes; `problem` turns errors into RFC 9457 answers; `leases` remembers which frames a keep-alive
//! connection is reading; `shared_memory` hands frames to programs on this machine without a copy; `observer`
//! finds out what happens, `journal` keeps it, `events` and `past_events` tell it; `load` measures what it costs,
//! `recent_log` keeps the last lines of the log and `diagnosis` packs all of this; `serve` owns the accept loop, `places` its room, `under_way` bounds what
//! slow clients hold; `relay` serves other instances and `peers` asks them; `live_settings` are those in force, `reload` has whoever runs the API read them again, `token_file` is where clients of the same user find a
//! token; `clients` gives out the client libraries; `openapi` describes it all.

mod auth;
mod call;
pub mod camera_list;
mod clients;
mod consumers;
mod diagnosis;
mod events;
mod extract;
mod files;
mod frame;
mod guard;
mod health;
mod info;
mod journal;
mod leases;
mod live_settings;
mod load;
mod metrics;
mod mjpeg;
mod observer;
mod openapi;
mod past_events;
mod pause;
mod peers;
mod places;
mod playlist;
mod probe;
mod problem;
mod recent_log;
mod recordings;
mod relay;
mod reload;
mod runtime_folder;
mod scans;
mod serve;
mod session;
#[cfg_attr(not(target_os = "linux"), path = "shared_memory_elsewhere.rs")]
mod shared_memory;
mod snapshot;
mod streams;
mod token_file;
mod transfer;
mod under_way;
mod watching;
pub mod wire;
mod ws;
mod ws_credit;
mod ws_message;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use fanlight_engine::{Engine, Error, ErrorKind};
use tokio::sync::{Semaphore, mpsc};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use live_settings::LiveSettings;
use peers::Peers;

pub use auth::{NoToken, Token};
pub use call::call;
pub use files::raise_file_limit;
pub use openapi::text as openapi;
pub use recent_log::RecentLog;
pub use reload::{ReloadRequest, Reloaded};
pub use runtime_folder::{make_private_folder, runtime_folder};
pub use serve::{bind, serve, serve_tls};
pub use shared_memory::FramesSocket;
pub use token_file::{NoTokenFile, own_token, own_token_file};

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
    /// Whether it may search the machine's own private networks for cameras. Like `pages`, it is
    /// looked at once.
    pub scans: bool,
}

/// What every handler works with.
#[derive(Clone)]
struct Context {
    engine: Engine,
    settings: LiveSettings,
    /// The last snapshots.
    snapshots: Arc<snapshot::Snapshots>,
    /// What happened lately.
    journal: Arc<journal::Journal>,
    /// Room for those who listen to it.
    listeners: Arc<Semaphore>,
    /// The browsers that are signed in.
    sessions: Arc<session::Sessions>,
    /// Measures what all of this costs.
    meter: Arc<load::Meter>,
    /// The last scans of the network.
    scans: Arc<fanlight_discovery::Scans>,
    /// Whether a scan may be started.
    scans_allowed: bool,
    /// Whether the end is near, and new clients should go elsewhere.
    draining: Arc<AtomicBool>,
    /// Who wants the configuration read again.
    reloads: reload::Reloads,
}

/// The API of one engine, with its settings, which may be replaced while it serves.
#[derive(Clone)]
pub struct Api {
    router: Router,
    engine: Engine,
    settings: LiveSettings,
    sessions: Arc<session::Sessions>,
    draining: Arc<AtomicBool>,
    reloads: reload::Reloads,
}

impl Api {
    /// The whole API. Every route, the pages included, stands behind the checks of Host and Origin.
    /// Must be called in a tokio runtime: it starts a task that ends when the engine shuts down.
    pub fn new(engine: Engine, mut settings: Settings) -> Self {
        engine.set_own_port(settings.port);
        let pages = settings.pages.take();
        let scans_allowed = settings.scans;
        let settings = LiveSettings::new(settings);
        let journal = Arc::new(journal::Journal::new());
        observer::start(engine.clone(), Arc::clone(&journal));
        let sessions = Arc::new(session::Sessions::new());
        let (draining, reloads) = (Arc::<AtomicBool>::default(), reload::Reloads::default());
        let context = Context {
            engine: engine.clone(),
            settings: settings.clone(),
            snapshots: Arc::default(),
            journal,
            listeners: Arc::new(Semaphore::new(events::MAX_LISTENERS)),
            sessions: Arc::clone(&sessions),
            meter: Arc::new(load::Meter::new()),
            scans: scans::of(&engine),
            scans_allowed,
            draining: Arc::clone(&draining),
            reloads: reloads.clone(),
        };
        Self { router: assemble(context, pages), engine, settings, sessions, draining, reloads }
    }

    /// Answers as long as the engine lives; every copy goes by the settings in force.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.now()
    }

    /// Puts other settings in force for every request that comes from now on; their `pages` and
    /// `scans` are not looked at. With another token, or without one, every browser is signed out. What is
    /// under way, such as a WebSocket, goes on.
    pub fn change(&self, settings: Settings) {
        let former = self.settings.now();
        let same_token = match (&former.token, &settings.token) {
            (None, None) => true,
            (Some(former), Some(token)) => former.is_same(token),
            _ => false,
        };
        self.engine.set_own_port(settings.port);
        self.settings.replace(settings);
        if !same_token {
            self.sessions.end_all();
        }
    }

    /// From now on it is not ready, so that whoever balances loads sends new clients elsewhere. It
    /// goes on answering as before.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Offers `POST /api/reload`, which without this is refused; each request for it is received
    /// here.
    pub fn take_reloads(&self) -> mpsc::Receiver<ReloadRequest> {
        self.reloads.take()
    }

    /// Runs one request of the desktop's own window, which needs no token; the status, and the body
    /// as text. A method or path that no request can have is a 400.
    pub async fn ask(&self, method: &str, path: &str, body: Option<String>) -> (u16, String) {
        call(&self.router, self.settings.now().port, method, path, body).await
    }

    /// Runs one GET of the desktop's own window with these headers, and gives the answer while it
    /// comes: for pictures, videos and files.
    pub async fn fetch(&self, path: &str, headers: http::HeaderMap) -> axum::response::Response {
        call::fetch(&self.router, self.settings.now().port, path, headers).await
    }
}

/// The router of an [`Api`] whose settings stay as they are.
pub fn router(engine: Engine, settings: Settings) -> Router {
    Api::new(engine, settings).router
}

fn assemble(context: Context, pages: Option<Router>) -> Router {
    let settings = context.settings.clone();
    let sessions = Arc::clone(&context.sessions);
    let peers = Peers::of(&context.engine);
    let api = Router::from(guarded_routes().with_state(context.clone()))
        .method_not_allowed_fallback(method_not_allowed);
    let api = peers::around(api, context.clone());
    let open = Router::from(open_routes().with_state(context))
        .merge(openapi::pages())
        .method_not_allowed_fallback(method_not_allowed);
    let api = auth::around(api, settings.clone(), sessions, peers.clone()).merge(open);
    let all = match pages {
        Some(pages) => api.fallback_service(pages),
        None => api.fallback(not_found),
    };
    guard::around(all.layer(DefaultBodyLimit::max(MAX_BODY)), settings, peers)
}

/// The routes that ask for the token, where there is one, each with its description.
fn guarded_routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(streams::list, streams::start))
        .routes(routes!(streams::start_with_url))
        .routes(routes!(streams::show, streams::change, streams::stop))
        .routes(routes!(streams::restart))
        .routes(routes!(streams::history))
        .routes(routes!(past_events::of_stream))
        .routes(routes!(streams::force_stop))
        .routes(routes!(streams::stats))
        .routes(routes!(frame::frame))
        .routes(routes!(snapshot::snapshot))
        .routes(routes!(mjpeg::mjpeg))
        .routes(routes!(ws::connect))
        .routes(routes!(consumers::list))
        .routes(routes!(consumers::show, consumers::kick))
        .routes(routes!(probe::probe))
        .routes(routes!(recordings::show, recordings::start, recordings::stop))
        .routes(routes!(recordings::clip))
        .routes(routes!(recordings::list))
        .routes(routes!(recordings::show_one, recordings::delete))
        .routes(routes!(recordings::video))
        .routes(routes!(recordings::playlist))
        .routes(routes!(recordings::thumbnail))
        .routes(routes!(recordings::setup, recordings::change))
        .routes(routes!(scans::list, scans::start))
        .routes(routes!(scans::show, scans::cancel))
        .routes(routes!(scans::sign_in))
        .routes(routes!(scans::add))
        .routes(routes!(transfer::export))
        .routes(routes!(transfer::import))
        .routes(routes!(events::events))
        .routes(routes!(past_events::recent))
        .routes(routes!(pause::show, pause::change))
        .routes(routes!(info::info))
        .routes(routes!(clients::list))
        .routes(routes!(load::load))
        .routes(routes!(diagnosis::diagnosis))
        .routes(routes!(reload::reload))
        .routes(routes!(metrics::metrics))
        .routes(routes!(health::health))
        .routes(routes!(health::readyz))
}

/// The routes that hold no secret: for whoever watches over the server, reads how to use it, or signs in.
fn open_routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(health::livez))
        .routes(routes!(openapi::show))
        .routes(routes!(clients::package))
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
