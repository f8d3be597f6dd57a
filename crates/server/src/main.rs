//! `fanlight-server`: assembles the engine, the API and the browser's pages, and runs them until
//! told to end.

mod config;
mod options;
mod pages;
mod shutdown;
mod tls;
mod token;
mod transfer;

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use fanlight_engine::{Config, Engine, FileRegistry};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt, registry};

use options::{Options, Switch};

fn main() -> anyhow::Result<()> {
    let loaded = config::load()?;
    if loaded.options.print_config {
        print!("{}", loaded.print());
        return Ok(());
    }
    let options = loaded.options;
    let on_stderr =
        fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    let kept = fmt::layer().with_ansi(false).with_writer(|| fanlight_api::RecentLog);
    registry().with(EnvFilter::new(options.log_level.filter())).with(on_stderr).with(kept).init();
    if options.print_openapi {
        return say(fanlight_api::openapi());
    }
    if options.export_cameras {
        return say(&transfer::export(&options.cameras_file()?)?);
    }
    if let Some(list) = &options.import_cameras {
        return say(&transfer::import(&options.cameras_file()?, list)?);
    }
    let runtime = tokio::runtime::Runtime::new().context("the system gives no threads")?;
    runtime.block_on(run(options))
}

/// A reader that goes away early, such as `head`, is no error.
fn say(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

async fn run(options: Options) -> anyhow::Result<()> {
    fanlight_api::raise_file_limit();
    let (token, tls) = (options.token()?, options.tls()?);
    // Before the port is taken: whoever sees it taken may then rely on the signals.
    let ended = shutdown::requested()?;
    let listener = fanlight_api::bind(options.host, options.port)
        .await
        .map_err(|error| options.explain_bind(&error))?;
    let address = listener.local_addr()?;
    let engine = Engine::start(Config {
        ffmpeg: options.ffmpeg.clone(),
        hardware: options.hwaccel,
        replays: options.replay_dir.clone(),
        registry: Arc::new(FileRegistry::new(options.cameras_file()?)),
        recordings: options.recordings()?,
        max_consumers_per_camera: options.max_consumers_per_camera.into(),
        max_consumers: options.max_consumers.into(),
        ..Config::default()
    })?;
    let frames = fanlight_api::FramesSocket::open(address.port());
    let router = fanlight_api::router(
        engine.clone(),
        fanlight_api::Settings {
            port: address.port(),
            allowed_hosts: options.allow_host.clone(),
            allowed_origins: options.allow_origin.clone(),
            token,
            tls: tls.is_some(),
            frames_socket: frames.as_ref().map(|socket| socket.path().to_owned()),
            pages: Some(pages::router()),
            scans: options.scans == Switch::On,
        },
    );
    // A reader of this line that went away is no reason to stop serving.
    let scheme = if tls.is_some() { "https" } else { "http" };
    let _ = writeln!(std::io::stdout(), "Fanlight is serving on {scheme}://{address}");
    let cancelled = CancellationToken::new();
    let sharing = frames.map(|socket| {
        tokio::spawn(socket.serve(router.clone(), address.port(), cancelled.clone()))
    });
    let (ending, room) = (cancelled.clone(), engine.max_consumers());
    let serving = tokio::spawn(async move {
        match tls {
            Some(tls) => fanlight_api::serve_tls(listener, tls, router, room, ending).await,
            None => fanlight_api::serve(listener, router, room, ending).await,
        }
    });
    let signal = ended.await;
    tracing::info!("{signal}: shutting down");
    cancelled.cancel();
    engine.shutdown().await;
    if let Some(sharing) = sharing {
        sharing.await.context("the shared-memory socket ended badly")?;
    }
    serving.await.context("the API ended badly")
}
