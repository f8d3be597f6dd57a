//! What the process says on stderr, in the log of the data folder, and to whoever asks the API for a
//! diagnosis.

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt, registry};

use crate::log_file;

/// Starts logging at `LOG_LEVEL`: debug, info, warn or error; info when it is anything else.
pub(crate) fn start() {
    let wanted = std::env::var("LOG_LEVEL").unwrap_or_default();
    let on_stderr =
        fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    let in_file = fmt::layer().with_ansi(false).with_writer(|| log_file::Writer);
    let kept = fmt::layer().with_ansi(false).with_writer(|| fanlight_api::RecentLog);
    registry()
        .with(EnvFilter::new(filter(&wanted)))
        .with(on_stderr)
        .with(in_file)
        .with(kept)
        .init();
}

/// Our own crates at this level; libraries say little, and nothing that could hold a secret.
fn filter(wanted: &str) -> String {
    let level = match wanted.to_ascii_lowercase().as_str() {
        "debug" => "debug",
        "warn" => "warn",
        "error" => "error",
        _ => "info",
    };
    format!(
        "error,fanlight_engine={level},fanlight_api={level},fanlight_discovery={level},fanlight_desktop={level}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("debug", "debug")]
    #[case("ERROR", "error")]
    #[case("", "info")]
    #[case("loud", "info")]
    fn levels(#[case] wanted: &str, #[case] ours: &str) {
        let filter = filter(wanted);
        assert!(filter.starts_with("error,"), "{filter}");
        assert!(filter.contains(&format!("fanlight_desktop={ours}")), "{filter}");
    }
}
