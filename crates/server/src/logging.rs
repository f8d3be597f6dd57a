//! The log on stderr: for people or as one JSON object a line, and how much of it. Its last lines are kept
//! for a diagnosis.

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt, reload};

use crate::options::{LogFormat, LogLevel};

/// The running log, whose level may be changed.
#[derive(Debug, Clone)]
pub(crate) struct Log(reload::Handle<EnvFilter, Registry>);

/// Starts the log of this process; once.
pub(crate) fn start(level: LogLevel, format: LogFormat) -> Log {
    let (filter, handle) = reload::Layer::new(EnvFilter::new(level.filter()));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Human => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let kept = fmt::layer().with_ansi(false).with_writer(|| fanlight_api::RecentLog);
    tracing_subscriber::registry().with(filter).with(lines).with(kept).init();
    Log(handle)
}

impl Log {
    /// Logs at another level from now on.
    pub(crate) fn set_level(&self, level: LogLevel) {
        // It fails only when there is no log any more.
        let _ = self.0.reload(EnvFilter::new(level.filter()));
    }
}
