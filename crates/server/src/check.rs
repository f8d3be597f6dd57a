//! `fanlight-server check`: whether a server could run with these options and reach its cameras. It
//! locks nothing and changes no file, so that it can be run beside a server.

mod cameras;
mod machine;
mod report;

use std::process::ExitCode;

use anyhow::Context as _;
use fanlight_engine::{Config, Engine, FileRegistry};

use crate::options::{CheckArgs, LogFormat, LogLevel, Options};
use crate::{config, logging};
use report::{Finding, Report};

/// Looks at everything, prints what was found, and says by its exit code whether all is well.
pub(crate) fn run(args: CheckArgs) -> ExitCode {
    let (loaded, wrong) = config::examine();
    let options = loaded.options;
    // What is found is in the report; the engine's own words are for whoever looks closer.
    let level = match options.log_level {
        LogLevel::Debug => LogLevel::Debug,
        _ => LogLevel::Error,
    };
    logging::start(level, LogFormat::Human);
    let mut report = Report::default();
    report.add(configuration(&options, &wrong));
    match tokio::runtime::Runtime::new().context("the system gives no threads") {
        Ok(runtime) => {
            if let Err(error) = runtime.block_on(look(&options, args, &mut report)) {
                report.add(Finding::problem("check", format!("{error:#}")));
            }
            // What a slow look-up left behind is not waited for.
            runtime.shutdown_background();
        }
        Err(error) => report.add(Finding::problem("check", format!("{error:#}"))),
    }
    if args.json {
        report.print_json();
    } else {
        report.print();
    }
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn configuration(options: &Options, wrong: &[String]) -> Finding {
    let Some(path) = &options.config else {
        return Finding::good("configuration", "the command line and the environment alone");
    };
    if wrong.is_empty() {
        Finding::good("configuration", path.display().to_string())
    } else {
        Finding::problem("configuration", format!("{}: {}", path.display(), wrong.join("; ")))
    }
}

async fn look(options: &Options, args: CheckArgs, report: &mut Report) -> anyhow::Result<()> {
    report.add(machine::token(options));
    report.add(machine::tls(options));
    report.add(machine::port(options).await);
    let engine = Engine::start(Config {
        ffmpeg: options.ffmpeg.clone(),
        hardware: fanlight_engine::Hardware::Off,
        replays: options.replay_dir.clone(),
        ..Config::default()
    })?;
    engine.set_own_port(options.port);
    let asked = engine.clone();
    report.add(match tokio::task::spawn_blocking(move || asked.ffmpeg()).await? {
        Ok(ffmpeg) => {
            let path = ffmpeg.path.display();
            Finding::good("ffmpeg", format!("{path}, version {}", ffmpeg.version))
        }
        Err(missing) => Finding::problem("ffmpeg", missing.to_string()),
    });
    report.add(machine::recordings(options));
    let list = options.cameras_file()?;
    report.add(machine::camera_list(&list));
    match FileRegistry::new(&list).peek() {
        Ok(loaded) => {
            if let Some(notice) = loaded.notice {
                report.add(Finding::problem("cameras", notice));
            }
            if !args.no_cameras {
                report.cameras = cameras::look_at(&engine, &loaded.cameras).await;
            }
        }
        Err(error) => report.add(Finding::problem("cameras", error.to_string())),
    }
    engine.shutdown().await;
    Ok(())
}
