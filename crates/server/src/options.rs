//! The options, and what follows from them.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use clap::builder::{BoolishValueParser, NonEmptyStringValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use directories::ProjectDirs;
use fanlight_api::Token;
use fanlight_engine::{Hardware, RecordingConfig};
use url::Url;

use crate::tls::Certificate;
use crate::token::{self, VARIABLE};

/// Opens one connection to each camera and fans it out to scripts, web pages and players.
#[derive(Debug, Parser)]
#[command(name = "fanlight-server", version)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// A TOML file with any of these options, named as here with _ for -; the command line and the
    /// environment go before it.
    #[arg(long, env = "FANLIGHT_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Prints the options in force and where each came from, and ends.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Prints the camera list as JSON, with the passwords in it, and ends.
    #[arg(long)]
    pub(crate) export_cameras: bool,
    /// Adds the cameras of a list, and ends: Fanlight's own, go2rtc's or Frigate's YAML.
    #[arg(long, value_name = "FILE")]
    pub(crate) import_cameras: Option<PathBuf>,
    /// Prints the description of the API (`OpenAPI` 3.1), and ends.
    #[arg(long)]
    pub(crate) print_openapi: bool,
    /// The address to serve on. One that other machines can reach needs a token.
    #[arg(long, env = "FANLIGHT_HOST", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// The port to serve on; 0 takes a free one.
    #[arg(long, env = "PORT", default_value_t = 8080)]
    pub(crate) port: u16,
    /// The FFmpeg to use instead of the bundled one or the one on PATH.
    #[arg(long, env = "FANLIGHT_FFMPEG", value_name = "PATH")]
    pub(crate) ffmpeg: Option<PathBuf>,
    /// Whether decoding may use the graphics hardware: auto or off.
    #[arg(long, env = "FANLIGHT_HWACCEL", value_name = "WHEN", default_value = "auto")]
    pub(crate) hwaccel: Hardware,
    /// The folder of the video files that `replay:` cameras play.
    #[arg(long, env = "FANLIGHT_REPLAY_DIR", value_name = "FOLDER")]
    pub(crate) replay_dir: Option<PathBuf>,
    /// The folder for recordings. Without one, nothing is recorded.
    #[arg(long, env = "FANLIGHT_RECORDINGS", value_name = "FOLDER")]
    pub(crate) recordings: Option<PathBuf>,
    /// The most that recordings may take, such as 50GB; beyond it the oldest are deleted.
    #[arg(long, env = "FANLIGHT_RECORDINGS_QUOTA", value_name = "SIZE", value_parser = bytes)]
    pub(crate) recordings_quota: Option<u64>,
    /// Where the camera list is kept.
    #[arg(long, env = "FANLIGHT_CAMERAS", value_name = "FILE")]
    pub(crate) cameras: Option<PathBuf>,
    /// A further host name by which the API may be addressed, such as a reverse proxy's.
    #[arg(long, env = "FANLIGHT_ALLOW_HOST", value_name = "NAME", value_delimiter = ',',
        value_parser = NonEmptyStringValueParser::new())]
    pub(crate) allow_host: Vec<String>,
    /// A further origin whose web pages may use the API, such as `https://app.example`.
    #[arg(long, env = "FANLIGHT_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',',
        value_parser = NonEmptyStringValueParser::new())]
    pub(crate) allow_origin: Vec<String>,
    /// A file that holds the token which clients must send; else `FANLIGHT_TOKEN` holds it.
    #[arg(long, env = "FANLIGHT_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Ask for a token on loopback, too. Without one given, one is made and left where your own
    /// clients find it.
    #[arg(long, env = "FANLIGHT_REQUIRE_TOKEN", value_parser = BoolishValueParser::new())]
    pub(crate) require_token: bool,
    /// The certificate, with its chain, to serve over TLS with; PEM.
    #[arg(long, env = "FANLIGHT_TLS_CERT", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key; PEM.
    #[arg(long, env = "FANLIGHT_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// How many consumers may read one camera at a time.
    #[arg(long, env = "FANLIGHT_MAX_CONSUMERS_PER_CAMERA", value_name = "NUMBER", default_value_t = 128,
        value_parser = value_parser!(u16).range(1..=10_000))]
    pub(crate) max_consumers_per_camera: u16,
    /// How many consumers may read any camera at a time.
    #[arg(long, env = "FANLIGHT_MAX_CONSUMERS", value_name = "NUMBER", default_value_t = 1000,
        value_parser = value_parser!(u16).range(1..=10_000))]
    pub(crate) max_consumers: u16,
    /// Whether this machine's own private networks may be searched for cameras when somebody asks
    /// for it: on or off.
    #[arg(
        long,
        env = "FANLIGHT_SCANS",
        value_enum,
        value_name = "WHETHER",
        default_value = "on",
        ignore_case = true
    )]
    pub(crate) scans: Switch,
    /// For how many seconds SIGTERM leaves everything running while /readyz says that it is about
    /// to end; for load balancers that need that long to notice.
    #[arg(long, env = "FANLIGHT_DRAIN", value_name = "SECONDS", default_value_t = 0,
        value_parser = value_parser!(u16).range(0..=600))]
    pub(crate) drain: u16,
    /// The Redis through which several instances share their cameras: `redis://host:port`,
    /// `rediss://` for TLS, or `redis+sentinel://host:port,host:port/master-name`.
    #[arg(long, env = "FANLIGHT_CLUSTER", value_name = "URL", hide_env_values = true)]
    pub(crate) cluster: Option<String>,
    /// Certificates, as PEM, of authorities that are trusted beside the system's when Redis is reached
    /// over TLS.
    #[arg(long, env = "FANLIGHT_CLUSTER_CA", value_name = "FILE")]
    pub(crate) cluster_ca: Option<PathBuf>,
    /// The name of this instance, which no other has; the machine's name and the port unless given.
    #[arg(long, env = "FANLIGHT_INSTANCE", value_name = "NAME")]
    pub(crate) instance: Option<String>,
    /// Where the other instances reach this one, such as `http://192.0.2.7:8080`; the address and the
    /// port it serves on unless given.
    #[arg(long, env = "FANLIGHT_ADVERTISE", value_name = "URL")]
    pub(crate) advertise: Option<Url>,
    /// How many of the shared cameras this instance opens at most.
    #[arg(long, env = "FANLIGHT_CAPACITY", value_name = "NUMBER", default_value_t = 500,
        value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) capacity: u32,
    /// How much to log.
    #[arg(long, env = "LOG_LEVEL", value_enum, default_value = "info", ignore_case = true)]
    pub(crate) log_level: LogLevel,
    /// Whether log lines are for people or for programs: human or json.
    #[arg(
        long,
        env = "FANLIGHT_LOG_FORMAT",
        value_enum,
        default_value = "human",
        ignore_case = true
    )]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Command {
    /// Looks whether a server could run with these options and reach its cameras; changes nothing.
    Check(CheckArgs),
    /// Asks the server that runs with these options whether it lives; the exit code is 0 or 1.
    Health,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct CheckArgs {
    /// Prints what was found as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Leaves the cameras alone.
    #[arg(long)]
    pub(crate) no_cameras: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Human,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// Reads a size as people write it: a number with B, kB, MB, GB or TB, or the powers of 1024 with
/// KiB, MiB, GiB or TiB.
fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        "tib" => 1_099_511_627_776.0,
        _ => return Err("a size is a number with a unit, such as 50GB or 500MB".to_owned()),
    };
    match number.parse::<f64>() {
        Ok(number) if number * factor >= 1.0 => Ok((number * factor) as u64),
        _ => Err("a size is a number above 0 with a unit, such as 50GB or 500MB".to_owned()),
    }
}

impl LogLevel {
    /// Our own crates at this level; libraries say little, and nothing that could hold a secret.
    pub(crate) fn filter(self) -> String {
        let level = match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        };
        format!(
            "error,fanlight_engine={level},fanlight_api={level},fanlight_cluster={level},fanlight_discovery={level},fanlight_server={level}"
        )
    }
}

impl Options {
    /// The token to ask for, when it is served where other machines reach it, or not. Wherever one is
    /// given, it is asked for.
    ///
    /// # Errors
    /// Whoever can reach the API can watch every camera: an address that other machines reach is
    /// refused without a token.
    pub(crate) fn token(&self, reachable: bool) -> anyhow::Result<Option<Token>> {
        if let Some(path) = self.token_file.as_deref().filter(|path| token::is_open_to_all(path)) {
            // Containers mount secrets as they please, so this is no reason to refuse.
            tracing::warn!("{}", token::open_to_all(path));
        }
        if let Some(token) = token::given(self.token_file.as_deref())? {
            return Ok(Some(token));
        }
        if self.require_token {
            let (token, path) = token::made()?;
            tracing::info!("clients find the token in {}", path.display());
            return Ok(Some(token));
        }
        ensure!(!reachable, self.open_door());
        Ok(None)
    }

    /// Why it does not serve other machines without a token, and the ways out.
    pub(crate) fn open_door(&self) -> String {
        format!(
            "{host} can be reached from other machines, and whoever reaches Fanlight can watch every camera. \
             Give it a token that clients must send: openssl rand -hex 32 > token; chmod 600 token; \
             fanlight-server --host {host} --token-file token (or put it into {VARIABLE}). \
             Or serve on 127.0.0.1 and reach it through a tunnel: \
             ssh -L {port}:127.0.0.1:{port} user@this-machine",
            host = self.host,
            port = self.port
        )
    }

    /// The files of the certificate to serve with, and of its key.
    pub(crate) fn certificate_files(&self) -> anyhow::Result<Option<(&Path, &Path)>> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
            (None, None) => Ok(None),
            _ => Err(anyhow!(
                "TLS takes a certificate and its key: give both tls_cert (--tls-cert) and tls_key (--tls-key)"
            )),
        }
    }

    /// The certificate to serve with.
    pub(crate) fn certificate(&self) -> anyhow::Result<Option<Certificate>> {
        self.certificate_files()?.map(|(file, key)| Certificate::read(file, key)).transpose()
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain.into())
    }

    /// The camera list: the one named, else one in the user's data folder.
    pub(crate) fn cameras_file(&self) -> anyhow::Result<PathBuf> {
        if let Some(named) = &self.cameras {
            return Ok(named.clone());
        }
        let folders = ProjectDirs::from("", "", "fanlight-server")
            .context("no home folder is known; name a file for the camera list with --cameras")?;
        Ok(folders.data_dir().join("cameras.json"))
    }

    /// Where and how cameras are recorded; what is chosen later is kept beside the camera list.
    pub(crate) fn recordings(&self) -> anyhow::Result<RecordingConfig> {
        let folder = self.recordings.as_deref().map(std::path::absolute).transpose()?;
        Ok(RecordingConfig {
            folder,
            quota: self.recordings_quota,
            file: Some(self.cameras_file()?.with_file_name("recordings.json")),
            ..RecordingConfig::default()
        })
    }

    /// Why the address cannot be bound, and the way out.
    pub(crate) fn explain_bind(&self, error: &io::Error) -> anyhow::Error {
        let Self { host, port, .. } = self;
        match error.kind() {
            io::ErrorKind::AddrInUse => anyhow!(
                "port {port} is already in use by another program. Choose another with --port or PORT \
                 (for example --port {}), or end the other program",
                port.saturating_add(1)
            ),
            io::ErrorKind::PermissionDenied => anyhow!(
                "port {port} needs special rights. Choose one above 1023 with --port or PORT"
            ),
            _ => anyhow!("cannot serve on {host} port {port}: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let sizes = [
            ("50GB", 50_000_000_000),
            ("1.5 MiB", 1_572_864),
            ("700", 700),
            ("2tb", 2_000_000_000_000),
        ];
        for (text, expected) in sizes {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "GB", "0", "-1GB", "1 parsec", "1.2.3GB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
