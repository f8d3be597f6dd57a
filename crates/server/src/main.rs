//! `fanlight-server`: assembles the engine, the API and the browser's pages, and runs them until
//! told to end.

mod check;
mod cluster;
mod config;
mod drain;
mod health;
mod in_force;
mod listening;
mod logging;
mod options;
mod pages;
mod service_manager;
mod signals;
mod tls;
mod token;
mod transfer;

use std::io::Write as _;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use fanlight_api::Api;
use fanlight_engine::{Config, Engine, FileRegistry};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use config::Loaded;
use in_force::InForce;
use logging::Log;
use options::{Command, LogFormat, Options, Switch};
use signals::{Signal, Signals};
use tls::LiveCertificate;

fn main() -> ExitCode {
    match config::asked().command {
        Some(Command::Check(args)) => return check::run(args),
        Some(Command::Health) => return health::run(),
        None => {}
    }
    let loaded = match config::load() {
        Ok(loaded) => loaded,
        Err(error) => return failed(LogFormat::Human, &error),
    };
    let format = loaded.options.log_format;
    match obey(loaded) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(format, &error),
    }
}

/// Tells why it ends, to people or to what reads the log.
fn failed(format: LogFormat, error: &anyhow::Error) -> ExitCode {
    match format {
        LogFormat::Human => eprintln!("Error: {error:?}"),
        LogFormat::Json => tracing::error!("{error:#}"),
    }
    ExitCode::FAILURE
}

/// Does what the options ask for.
fn obey(loaded: Loaded) -> anyhow::Result<()> {
    let options = &loaded.options;
    if options.print_config {
        print!("{}", loaded.print());
        return Ok(());
    }
    let log = logging::start(options.log_level, options.log_format);
    if options.print_openapi {
        return say(fanlight_api::openapi());
    }
    if options.export_cameras {
        return say(&transfer::export(&options.cameras_file()?)?);
    }
    if let Some(list) = &options.import_cameras {
        return say(&transfer::import(&options.cameras_file()?, list)?);
    }
    let inherited = listening::inherited()?;
    let runtime = Runtime::new().context("the system gives no threads")?;
    runtime.block_on(run(loaded, log, inherited))
}

/// A reader that goes away early, such as `head`, is no error.
fn say(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn engine_config(options: &Options) -> anyhow::Result<Config> {
    Ok(Config {
        ffmpeg: options.ffmpeg.clone(),
        hardware: options.hwaccel,
        replays: options.replay_dir.clone(),
        registry: Arc::new(FileRegistry::new(options.cameras_file()?)),
        recordings: options.recordings()?,
        max_consumers_per_camera: options.max_consumers_per_camera.into(),
        max_consumers: options.max_consumers.into(),
        ..Config::default()
    })
}

async fn run(loaded: Loaded, log: Log, inherited: Option<TcpListener>) -> anyhow::Result<()> {
    fanlight_api::raise_file_limit();
    // Before the port is taken: whoever sees it taken may then rely on the signals.
    let mut signals = Signals::listen()?;
    let options = &loaded.options;
    let (listener, address) = listening::open(options, inherited).await?;
    let token = options.token(!address.ip().is_loopback())?;
    let certificate = options.certificate()?.map(LiveCertificate::new);
    let tls = certificate.as_ref().map(LiveCertificate::server_config).transpose()?;
    if tls.is_none() && !address.ip().is_loopback() {
        tracing::warn!(
            "pictures and the token travel unencrypted; give a certificate with --tls-cert and --tls-key"
        );
    }

    let node = cluster::join(options, address, tls.is_some())?;
    let mut config = engine_config(options)?;
    if let Some(node) = &node {
        node.configure(&mut config, token.as_ref());
    }
    let engine = Engine::start(config)?;
    if let Some(node) = &node {
        node.keep_in_step(&engine);
    }
    let frames = fanlight_api::FramesSocket::open(address.port());
    let api = Api::new(
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
    let mut reloads = api.take_reloads();
    let mut in_force = InForce::new(loaded, log, engine.clone(), api.clone(), address, certificate);

    let cancelled = CancellationToken::new();
    let sharing = frames
        .map(|socket| tokio::spawn(socket.serve(api.router(), address.port(), cancelled.clone())));
    let (router, ending, room) = (api.router(), cancelled.clone(), engine.max_consumers());
    let mut serving = tokio::spawn(async move {
        match tls {
            Some(tls) => fanlight_api::serve_tls(listener, tls, router, room, ending).await,
            None => fanlight_api::serve(listener, router, room, ending).await,
        }
    });
    // A reader of this line that went away is no reason to stop serving.
    let url = in_force.url();
    let _ = writeln!(std::io::stdout(), "Fanlight is serving on {url}");
    service_manager::ready(&in_force.status());
    let (of_api, of) = (api.clone(), engine.clone());
    tokio::spawn(service_manager::keep_alive(move || answers(of_api.clone(), of.clone())));
    let of = engine.clone();
    let telling = tokio::spawn(service_manager::follow(move || in_force::status(&of, &url)));

    let signal = loop {
        tokio::select! {
            signal = signals.next() => match signal {
                // Whether it worked is in the log.
                Signal::Reload => drop(in_force.reload().await),
                Signal::End(name) => break name,
            },
            Some(request) = reloads.recv() => request.answer(in_force.reload().await),
            ended = &mut serving => {
                ended.context("the API ended badly")?;
                bail!("the API ended by itself");
            }
        }
    };
    drop(reloads);
    telling.abort();
    tracing::info!("{signal}: shutting down");
    tokio::join!(drain::drain(&api, in_force.drain, &mut signals), async {
        if let Some(node) = &node {
            node.drain().await;
        }
    });
    cancelled.cancel();
    engine.shutdown().await;
    if let Some(node) = &node {
        node.leave().await;
    }
    if let Some(sharing) = sharing {
        sharing.await.context("the shared-memory socket ended badly")?;
    }
    serving.await.context("the API ended badly")
}

/// Whether the API answers and the engine can be asked; it does not end while they hang.
async fn answers(api: Api, engine: Engine) -> bool {
    let asked = tokio::task::spawn_blocking(move || engine.cameras().len());
    let (status, _) = api.ask("GET", "/livez", None).await;
    status == 200 && asked.await.is_ok()
}
