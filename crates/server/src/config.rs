//! Where the options come from: the command line, else the environment, else a TOML file, else their
//! defaults. What the file says becomes clap's defaults, so that every value is read and checked in
//! the same way and there is one list of options.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _, FromArgMatches as _};
use toml::{Table, Value};

use crate::options::Options;
use crate::{cluster, token};

/// What concerns the command line alone, and stands in no file.
const NOT_IN_FILES: [&str; 7] = [
    "config",
    "print_config",
    "export_cameras",
    "import_cameras",
    "print_openapi",
    "help",
    "version",
];
/// Names less alike than this are no slip of the hand.
const ALIKE: f64 = 0.7;

/// What each setting is, as it was written; those without a value are not there.
pub(crate) type Values = BTreeMap<String, Vec<OsString>>;

/// The options, and where each of them came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) options: Options,
    line: Vec<OsString>,
    matches: ArgMatches,
    file: Table,
}

/// What the command line and the environment say; the file is not looked at. Ends the process where
/// the command line asks for help or cannot be read.
pub(crate) fn asked() -> Options {
    Options::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit())
}

/// Reads all sources. Ends the process where the command line asks for help or cannot be read.
pub(crate) fn load() -> anyhow::Result<Loaded> {
    load_from(&line()).map_err(or_exit)
}

/// Reads all sources and leaves out what is wrong in the file, which is told as well: all of it.
pub(crate) fn examine() -> (Loaded, Vec<String>) {
    examine_line(&line()).unwrap_or_else(|error| {
        let error = or_exit(error);
        eprintln!("Error: {error:#}");
        std::process::exit(2)
    })
}

fn line() -> Vec<OsString> {
    std::env::args_os().collect()
}

fn or_exit(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<clap::Error>() {
        Ok(error) => error.exit(),
        Err(error) => error,
    }
}

/// What can be set may stand before and after a subcommand.
fn command() -> Command {
    Options::command().mut_args(|arg| {
        let settable = !NOT_IN_FILES.contains(&arg.get_id().as_str());
        let global = settable || arg.get_id() == "config";
        arg.global(global)
    })
}

fn load_from(line: &[OsString]) -> anyhow::Result<Loaded> {
    let matches = command().try_get_matches_from(line)?;
    let Some(path) = matches.get_one::<PathBuf>("config") else {
        return Loaded::new(line, matches, Table::new());
    };
    let file = read(path)?;
    // The rest was fine without the file, so what is wrong now stands in it.
    let matches = interpret(line, &file).with_context(|| format!("in {}", path.display()))?;
    Loaded::new(line, matches, file)
}

fn examine_line(line: &[OsString]) -> anyhow::Result<(Loaded, Vec<String>)> {
    let matches = command().try_get_matches_from(line)?;
    let (mut file, mut wrong) = (Table::new(), Vec::new());
    if let Some(path) = matches.get_one::<PathBuf>("config") {
        match read(path) {
            Ok(table) => file = table,
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    file.retain(|key, value| {
        let alone = Table::from_iter([(key.to_owned(), value.clone())]);
        let fits = interpret(line, &alone);
        wrong.extend(fits.as_ref().err().map(|error| format!("{error:#}")));
        fits.is_ok()
    });
    let matches = interpret(line, &file)?;
    Ok((Loaded::new(line, matches, file)?, wrong))
}

fn read(path: &Path) -> anyhow::Result<Table> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the configuration {} cannot be read", path.display()))?;
    text.parse().map_err(|error: toml::de::Error| {
        // Without the line itself: this is shown to clients, and somebody may have written a secret.
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        anyhow!("{} is no TOML: line {number}: {}", path.display(), error.message())
    })
}

/// The command line, with a file behind it.
fn interpret(line: &[OsString], file: &Table) -> anyhow::Result<ArgMatches> {
    let command = with_defaults(command(), file)?;
    command.try_get_matches_from(line).map_err(|error| anyhow!(plain(&error)))
}

fn with_defaults(mut command: Command, file: &Table) -> anyhow::Result<Command> {
    for (key, value) in file {
        let Some(arg) = settable(&command).find(|arg| arg.get_id() == key.as_str()) else {
            bail!(unknown(&command, key));
        };
        let values = match value {
            Value::Array(values) if matches!(arg.get_action(), ArgAction::Append) => {
                values.iter().map(|value| text(key, value)).collect::<anyhow::Result<_>>()?
            }
            value => vec![text(key, value)?],
        };
        command = command.mut_arg(key, |arg| arg.default_values(values));
    }
    Ok(command)
}

fn settable(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !NOT_IN_FILES.contains(&arg.get_id().as_str()))
}

fn text(key: &str, value: &Value) -> anyhow::Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(yes) => Ok(yes.to_string()),
        other => bail!("{key} cannot be a TOML {}", other.type_str()),
    }
}

fn unknown(command: &Command, key: &str) -> String {
    let names = || settable(command).map(|arg| arg.get_id().as_str());
    let alike = |name: &str| strsim::jaro_winkler(name, key);
    let nearest = names().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    if let Some(name) = nearest.filter(|name| alike(name) >= ALIKE) {
        return format!("there is no setting {key}; did you mean {name}?");
    }
    let all: Vec<_> = names().collect();
    format!("there is no setting {key}; there are {}", all.join(", "))
}

/// The first line of clap's text says it all; the rest is for the command line.
fn plain(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

impl Loaded {
    fn new(line: &[OsString], matches: ArgMatches, file: Table) -> anyhow::Result<Self> {
        let options = Options::from_arg_matches(&matches)?;
        Ok(Self { options, line: line.to_vec(), matches, file })
    }

    /// Reads all sources again, the same command line among them.
    pub(crate) fn again(&self) -> anyhow::Result<Self> {
        load_from(&self.line)
    }

    /// What every setting is.
    pub(crate) fn values(&self) -> Values {
        let command = command();
        settable(&command)
            .filter_map(|arg| {
                let key = arg.get_id().as_str();
                let values = self.matches.get_raw(key)?.map(ToOwned::to_owned).collect();
                Some((key.to_owned(), values))
            })
            .collect()
    }

    /// The options in force, as a file that gives the same, each with where it came from.
    pub(crate) fn print(&self) -> String {
        let mut text = String::new();
        let command = command();
        for arg in settable(&command) {
            let key = arg.get_id().as_str();
            let values: Vec<Value> = self
                .matches
                .get_raw(key)
                .into_iter()
                .flatten()
                // Redis' address may hold a password.
                .map(|value| typed(arg, &fanlight_engine::redact(&value.to_string_lossy())))
                .collect();
            let Some(first) = values.first() else { continue };
            let value = match arg.get_action() {
                ArgAction::Append => Value::Array(values),
                _ => first.clone(),
            };
            let source = match self.matches.value_source(key) {
                Some(ValueSource::CommandLine) => "command line",
                Some(ValueSource::EnvVariable) => "environment",
                _ if self.file.contains_key(key) => "file",
                _ => "default",
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{key} = {value} # {source}");
        }
        for secret in [token::VARIABLE, cluster::KEY] {
            if std::env::var_os(secret).is_some() {
                let _ = writeln!(text, "# {secret} = \"***\"");
            }
        }
        text
    }
}

fn typed(arg: &Arg, text: &str) -> Value {
    match text.parse() {
        _ if matches!(arg.get_action(), ArgAction::SetTrue) => {
            Value::Boolean(!matches!(text, "false" | "no" | "off" | "0" | "n" | "f" | ""))
        }
        Ok(number) => Value::Integer(number),
        Err(_) => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    struct File {
        folder: tempfile::TempDir,
    }

    impl File {
        fn of(text: &str) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::write(folder.path().join("fanlight.toml"), text).expect("written");
            Self { folder }
        }

        fn load(&self, more: &[&str]) -> anyhow::Result<Loaded> {
            let path = self.folder.path().join("fanlight.toml");
            let line = ["fanlight-server".into(), "--config".into(), path.into_os_string()];
            let line: Vec<OsString> = line.into_iter().chain(more.iter().map(Into::into)).collect();
            load_from(&line)
        }

        fn error(&self) -> String {
            format!("{:#}", self.load(&[]).expect_err("refused"))
        }
    }

    #[test]
    fn a_file_stands_in_for_defaults_and_flags_for_the_file() {
        let file = File::of(
            "replay_dir = \"/videos\"\nhost = \"127.0.0.2\"\nrequire_token = true\n\
             allow_host = [\"a.example\", \"b.example\"]",
        );
        let Loaded { options, .. } = file.load(&[]).expect("fits");
        assert_eq!(options.host.to_string(), "127.0.0.2");
        assert_eq!(options.replay_dir, Some("/videos".into()));
        assert!(options.require_token);
        assert_eq!(options.allow_host, ["a.example", "b.example"]);
        let line = ["--host", "127.0.0.3", "--allow-host", "c.example,d.example"];
        let Loaded { options, .. } = file.load(&line).expect("fits");
        assert_eq!(options.host.to_string(), "127.0.0.3");
        assert_eq!(options.allow_host, ["c.example", "d.example"]);
        assert!(file.load(&["--allow-host", ""]).is_err(), "no Host is empty");
    }

    #[rstest]
    #[case::slip("prot = 1", "there is no setting prot; did you mean port?")]
    #[case::dash("token-file = \"x\"", "did you mean token_file?")]
    #[case::token("token = \"x\"", "did you mean token_file?")]
    #[case::foreign("quux = 1", "there are host, port")]
    #[case::itself("config = \"other.toml\"", "there is no setting config")]
    #[case::no_port("port = 70000", "70000")]
    #[case::no_level("log_level = \"loud\"", "loud")]
    #[case::no_list("port = [1, 2]", "port cannot be a TOML array")]
    #[case::no_text("host = 1.5", "host cannot be a TOML float")]
    #[case::no_toml("port 8080", "is no TOML")]
    fn what_is_wrong_in_a_file_is_told_with_its_name(#[case] text: &str, #[case] expected: &str) {
        let error = File::of(text).error();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("fanlight.toml"), "{error}");
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let file = File::of("host = \"127.0.0.2\"\nallow_host = [\"a.example\"]");
        let printed = file.load(&["--replay-dir", "/videos"]).expect("fits").print();
        assert!(printed.contains("host = \"127.0.0.2\" # file\n"), "{printed}");
        assert!(printed.contains("replay_dir = \"/videos\" # command line\n"), "{printed}");
        assert!(printed.contains("allow_host = [\"a.example\"] # file\n"), "{printed}");
        assert!(printed.contains("hwaccel = \"auto\" # default\n"), "{printed}");
        let again = File::of(&printed).load(&[]).expect("fits");
        assert_eq!(again.options.host.to_string(), "127.0.0.2");
        assert_eq!(again.options.replay_dir, Some("/videos".into()));
    }

    #[test]
    fn everything_that_is_wrong_in_a_file_is_told_at_once() {
        let file = File::of("prot = 1\nhost = \"127.0.0.2\"\nlog_level = \"loud\"\ndrain = -1");
        let path = file.folder.path().join("fanlight.toml").into_os_string();
        let line = ["fanlight-server".into(), "check".into(), "--config".into(), path];
        let (loaded, wrong) = examine_line(&line).expect("a good command line");
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        for name in ["prot", "log-level", "drain"] {
            assert!(wrong.iter().any(|one| one.contains(name)), "{name}: {wrong:?}");
        }
        assert_eq!(loaded.options.host.to_string(), "127.0.0.2");
    }

    #[test]
    fn options_may_stand_before_and_after_a_subcommand() {
        for line in [
            ["fanlight-server", "--host", "127.0.0.4", "check", "--json"],
            ["fanlight-server", "check", "--json", "--host", "127.0.0.4"],
        ] {
            let loaded = load_from(&line.map(Into::into)).expect("fits");
            assert_eq!(loaded.options.host.to_string(), "127.0.0.4");
            let Some(crate::options::Command::Check(args)) = loaded.options.command else {
                panic!("{line:?}");
            };
            assert!(args.json && !args.no_cameras);
        }
    }

    #[test]
    fn a_line_that_is_no_toml_is_numbered_and_not_shown() {
        let error = File::of("port = 1\ntoken = canary-secret").error();
        assert!(error.contains("line 2"), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }

    #[test]
    fn what_is_read_again_is_what_the_file_says_then() {
        let file = File::of("port = 1\nallow_host = [\"a.example\"]");
        let loaded = file.load(&["--host", "127.0.0.3"]).expect("fits");
        std::fs::write(file.folder.path().join("fanlight.toml"), "port = 2").expect("written");
        let again = loaded.again().expect("fits");
        assert_eq!((again.options.port, again.options.host.to_string()), (2, "127.0.0.3".into()));
        assert_eq!(loaded.values()["allow_host"], ["a.example"]);
        assert!(!again.values().contains_key("allow_host"));
        assert_eq!(loaded.values()["host"], again.values()["host"]);
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let line = ["fanlight-server", "--config", "/nowhere/fanlight.toml"].map(Into::into);
        let error = format!("{:#}", load_from(&line).expect_err("refused"));
        assert!(error.contains("/nowhere/fanlight.toml cannot be read"), "{error}");
    }
}
