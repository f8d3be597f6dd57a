//! FFmpeg child processes: finding the program, starting it, reading what it says, ending it.
//! The only room that starts processes.

pub(crate) mod args;
mod demo;
mod hardware;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ffmpeg_sidecar::command::FfmpegCommand;
use ffmpeg_sidecar::version::ffmpeg_version_with_path;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

use crate::error::{Error, ErrorKind, Result};

pub(crate) use hardware::Accelerator;
pub use hardware::Hardware;

/// The oldest FFmpeg that writes per-frame statistics (`-stats_enc_pre`), which tie each picture
/// to its packet.
const OLDEST_MAJOR: u32 = 6;

/// The name of the bundled program. Not `ffmpeg`: a package that installs it beside the system's
/// would clash.
const BUNDLED: &str = "fanlight-ffmpeg";

/// What a pipe holds: a 1080p picture arrives in three reads instead of fifty.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1 << 20;

/// An FFmpeg that was found and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ffmpeg {
    /// Where it is.
    pub path: PathBuf,
    /// What it calls its version.
    pub version: String,
}

/// No usable FFmpeg, and what was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FfmpegMissing {
    tried: Vec<String>,
}

impl fmt::Display for FfmpegMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no FFmpeg {OLDEST_MAJOR} or newer was found ({}); install FFmpeg, or name one with --ffmpeg or FANLIGHT_FFMPEG",
            self.tried.join("; ")
        )
    }
}

/// Looks up FFmpeg once it is needed, and again as long as it is missing.
#[derive(Debug)]
pub(crate) struct Sidecar {
    /// The one the user named, which then is the only one tried.
    named: Option<PathBuf>,
    bundled: Option<PathBuf>,
    found: Mutex<Option<Arc<Ffmpeg>>>,
    hardware: Hardware,
    /// The way to the hardware, once it is known to work.
    accelerator: OnceLock<Accelerator>,
}

impl Sidecar {
    pub(crate) fn new(
        named: Option<PathBuf>,
        bundled: Option<PathBuf>,
        hardware: Hardware,
    ) -> Self {
        let bundled = bundled.or_else(beside_us);
        Self { named, bundled, found: Mutex::default(), hardware, accelerator: OnceLock::new() }
    }

    /// Finds out whether the hardware can decode, unless it must not.
    pub(crate) async fn try_hardware(&self) {
        if self.hardware == Hardware::Auto
            && let Ok(ffmpeg) = self.ffmpeg()
            && let Some(found) = hardware::find(&ffmpeg.path).await
        {
            let _ = self.accelerator.set(found);
        }
    }

    /// The way to the hardware, if there is one.
    pub(crate) fn accelerator(&self) -> Option<Accelerator> {
        self.accelerator.get().copied()
    }

    /// The FFmpeg in use. Blocks for some milliseconds while it is still unknown.
    pub(crate) fn ffmpeg(&self) -> std::result::Result<Arc<Ffmpeg>, FfmpegMissing> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ffmpeg) = found.as_ref() {
            return Ok(Arc::clone(ffmpeg));
        }
        let ffmpeg = Arc::new(find(self.named.as_deref(), self.bundled.as_deref())?);
        tracing::info!(path = %ffmpeg.path.display(), version = ffmpeg.version, "using FFmpeg");
        Ok(Arc::clone(found.insert(ffmpeg)))
    }

    /// Starts FFmpeg with the arguments that `build` adds.
    pub(crate) async fn spawn(
        &self,
        build: impl FnOnce(&mut FfmpegCommand) + Send,
    ) -> Result<Child> {
        let missing = |e: &dyn fmt::Display| Error::new(ErrorKind::FfmpegMissing, e.to_string());
        let ffmpeg = self.ffmpeg().map_err(|e| missing(&e))?;
        let mut command = FfmpegCommand::new_with_path(&ffmpeg.path);
        build(&mut command);
        let mut command = into_tokio(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        // The API's secret is nothing for a process that parses what strangers send.
        command.env_remove("FANLIGHT_TOKEN");
        #[cfg(unix)]
        // Its own group: Ctrl-C in a terminal is for Fanlight, which ends its children itself.
        command.process_group(0);
        #[cfg(target_os = "linux")]
        die_with_parent(&mut command);
        let process = spawner::spawn(command).await;
        match process {
            Ok(mut process) => {
                let (Some(stdin), Some(stdout), Some(stderr)) =
                    (process.stdin.take(), process.stdout.take(), process.stderr.take())
                else {
                    return Err(Error::new(ErrorKind::Internal, "FFmpeg started without pipes"));
                };
                #[cfg(target_os = "linux")]
                {
                    // A refusal (the user's pipe quota) costs speed, nothing else.
                    let _ = rustix::pipe::fcntl_setpipe_size(&stdin, PIPE_BYTES);
                    let _ = rustix::pipe::fcntl_setpipe_size(&stdout, PIPE_BYTES);
                }
                Ok(Child { process, stdin, stdout, stderr })
            }
            Err(e) => {
                self.found.lock().unwrap_or_else(PoisonError::into_inner).take();
                Err(missing(&format!("FFmpeg at {} does not start: {e}", ffmpeg.path.display())))
            }
        }
    }
}

/// A running FFmpeg. Dropping the process kills it at once: it holds nothing worth saving.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) process: tokio::process::Child,
    pub(crate) stdin: ChildStdin,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
}

/// A line of FFmpeg's stderr in words for a person: without `[component @ address]` and `[level]`,
/// and free of secrets.
pub(crate) fn message(line: &str) -> String {
    let mut text = line.trim();
    while let Some((_, rest)) = text.strip_prefix('[').and_then(|text| text.split_once("] ")) {
        text = rest;
    }
    crate::redact::redact(text).into_owned()
}

/// Longer lines are cut in pieces: what a process says takes no more memory than this.
const MAX_LINE: u64 = 4096;

/// Calls `each` with every line of a process's stderr, until it ends.
pub(crate) async fn each_line(stderr: ChildStderr, mut each: impl FnMut(&str)) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut stderr).take(MAX_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => each(String::from_utf8_lossy(&line).trim()),
        }
    }
}

fn find(
    named: Option<&Path>,
    bundled: Option<&Path>,
) -> std::result::Result<Ffmpeg, FfmpegMissing> {
    let candidates = match named {
        Some(path) => vec![path.to_owned()],
        None => bundled.into_iter().chain([Path::new("ffmpeg")]).map(Path::to_owned).collect(),
    };
    let mut tried = Vec::new();
    for path in candidates {
        match ffmpeg_version_with_path(&path) {
            // A build from git has no number, only a date and a hash; such builds are new.
            Ok(version) if major(&version).is_none_or(|major| major >= OLDEST_MAJOR) => {
                return Ok(Ffmpeg { path, version });
            }
            Ok(version) => tried.push(format!("{} is version {version}", path.display())),
            Err(_) => tried.push(format!("{} does not run", path.display())),
        }
    }
    Err(FfmpegMissing { tried })
}

/// The bundled program, where it stands beside our own.
fn beside_us() -> Option<PathBuf> {
    let name = format!("{BUNDLED}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::current_exe().ok()?.parent()?.join(name);
    path.exists().then_some(path)
}

/// The major version in `7.1`, `n9.0.2-17-g2a57` or `5.1.6-0+deb12u1`; `None` in `N-109542-gabc`
/// and `2024-01-18-git-ba36e6ed52`.
fn major(version: &str) -> Option<u32> {
    let (major, _) = version.strip_prefix('n').unwrap_or(version).split_once('.')?;
    major.parse().ok()
}

/// The built command, to be run by tokio: the builder's own child blocks a thread for each pipe.
fn into_tokio(command: &mut FfmpegCommand) -> Command {
    let inner = command.as_inner_mut();
    let program: &OsStr = inner.get_program();
    let mut tokio = Command::new(program);
    tokio.args(inner.get_args());
    tokio
}

/// Has the kernel kill the child when we are killed, even if it is stopped or stuck and never
/// sees its pipes close.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "pre_exec is the only way to set a parent-death signal")]
fn die_with_parent(command: &mut Command) {
    let hook = || {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
            .map_err(Into::into)
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; the hook makes one
    // system call, prctl(2), and neither allocates nor locks.
    unsafe { command.pre_exec(hook) };
}

/// One thread that lives as long as Fanlight and starts every child. The parent-death signal
/// fires when the *thread* that started the child ends, and tokio's threads come and go.
mod spawner {
    use std::io;
    use std::sync::{LazyLock, mpsc};

    use tokio::process::{Child, Command};
    use tokio::sync::oneshot;

    struct Job {
        command: Command,
        runtime: tokio::runtime::Handle,
        reply: oneshot::Sender<io::Result<Child>>,
    }

    static JOBS: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| {
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("sidecar-spawner".into())
            .spawn(move || {
                for mut job in queue {
                    let _entered = job.runtime.enter();
                    // A caller that went away drops the child, which kills it.
                    let _ = job.reply.send(job.command.spawn());
                }
            })
            .expect("the system has a thread left at the first start of a child");
        jobs
    });

    pub(super) async fn spawn(command: Command) -> io::Result<Child> {
        let (reply, child) = oneshot::channel();
        let job = Job { command, runtime: tokio::runtime::Handle::current(), reply };
        let gone = || io::Error::other("the thread that starts children has ended");
        JOBS.send(job).map_err(|_| gone())?;
        child.await.map_err(|_| gone())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("7.1", Some(7))]
    #[case("n9.0.2-17-g2a571b6068-20260930", Some(9))]
    #[case("5.1.6-0+deb12u1", Some(5))]
    #[case("N-109542-gabcdef", None)]
    #[case("2024-01-18-git-ba36e6ed52-full_build", None)]
    fn reads_versions(#[case] version: &str, #[case] expected: Option<u32>) {
        assert_eq!(major(version), expected);
    }

    #[test]
    fn a_missing_program_is_named_with_a_way_out() {
        let sidecar = Sidecar::new(Some("/nowhere/ffmpeg".into()), None, Hardware::Off);
        let text = sidecar.ffmpeg().unwrap_err().to_string();
        assert!(text.contains("/nowhere/ffmpeg does not run"), "{text}");
        assert!(text.contains("--ffmpeg"), "{text}");
    }

    #[test]
    fn a_bundled_one_that_does_not_run_is_no_dead_end() {
        let sidecar = Sidecar::new(None, Some("/nowhere/fanlight-ffmpeg".into()), Hardware::Off);
        match sidecar.ffmpeg() {
            Ok(found) => assert_eq!(found.path, Path::new("ffmpeg")),
            Err(missing) => assert!(missing.to_string().contains("; ffmpeg "), "{missing}"),
        }
    }

    #[rstest]
    #[case("[error] Invalid data found", "Invalid data found")]
    #[case("[h264 @ 0x55] [error] missing picture", "missing picture")]
    #[case("plain", "plain")]
    #[case("[error] open rtsp://a:secret@b", "open rtsp://a:***@b")]
    fn stderr_becomes_words(#[case] line: &str, #[case] words: &str) {
        assert_eq!(message(line), words);
    }
}
