//! Decoding by the graphics hardware: whether this machine can, found out once by trying.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::into_tokio;
use crate::error::{Error, ErrorKind};
use ffmpeg_sidecar::command::FfmpegCommand;

/// Whether decoders may use the graphics hardware.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hardware {
    /// Where it works, with software as the fallback.
    #[default]
    Auto,
    /// Never.
    Off,
}

impl std::str::FromStr for Hardware {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            _ => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("hwaccel must be auto or off; got {text}"),
            )),
        }
    }
}

/// One of FFmpeg's ways to the hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accelerator {
    /// Its name for `-hwaccel`.
    pub(crate) name: &'static str,
    /// What its pictures are called while they are in the hardware's memory.
    surface: &'static str,
    /// A file that is there when the hardware is; none where every machine has it.
    device: Option<&'static str>,
}

const fn accelerator(
    name: &'static str,
    surface: &'static str,
    device: Option<&'static str>,
) -> Accelerator {
    Accelerator { name, surface, device }
}

/// What is worth trying on this system, the best first.
#[cfg(target_os = "linux")]
const CANDIDATES: &[Accelerator] = &[
    accelerator("cuda", "cuda", Some("/dev/nvidia0")),
    accelerator("vaapi", "vaapi", Some("/dev/dri/renderD128")),
];
#[cfg(target_os = "macos")]
const CANDIDATES: &[Accelerator] = &[accelerator("videotoolbox", "videotoolbox_vld", None)];
#[cfg(target_os = "windows")]
const CANDIDATES: &[Accelerator] =
    &[accelerator("d3d11va", "d3d11", None), accelerator("cuda", "cuda", None)];
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
const CANDIDATES: &[Accelerator] = &[];

/// A driver that takes longer hangs.
const TRIAL: Duration = Duration::from_secs(10);
const FRAMES: usize = 5;
const SIDE: usize = 256;

/// The first accelerator that decodes a clip on this machine.
pub(super) async fn find(ffmpeg: &Path) -> Option<Accelerator> {
    let there = |candidate: &&Accelerator| candidate.device.is_none_or(|d| Path::new(d).exists());
    let candidates: Vec<_> = CANDIDATES.iter().filter(there).collect();
    if candidates.is_empty() {
        return None;
    }
    let clip = timeout(TRIAL, clip(ffmpeg)).await.ok().flatten()?;
    for candidate in candidates {
        let works = timeout(TRIAL, works(ffmpeg, *candidate, &clip)).await.unwrap_or(false);
        tracing::info!(accelerator = candidate.name, works, "hardware decoding tried");
        if works {
            return Some(*candidate);
        }
    }
    None
}

/// Some pictures as H.264.
async fn clip(ffmpeg: &Path) -> Option<Vec<u8>> {
    let mut command = FfmpegCommand::new_with_path(ffmpeg);
    command
        .args(["-nostdin", "-loglevel", "error", "-f", "lavfi"])
        .args(["-i", &format!("testsrc2=size={SIDE}x{SIDE}:rate=25")])
        .args(["-frames:v", &FRAMES.to_string(), "-c:v", "libx264", "-bf", "0"])
        .args(["-pix_fmt", "yuv420p", "-f", "h264"])
        .pipe_stdout();
    let output = quietly(&mut command).stdin(Stdio::null()).output().await.ok()?;
    output.status.success().then_some(output.stdout)
}

/// Whether the clip comes out of the hardware's memory, which no fallback to software does.
async fn works(ffmpeg: &Path, accelerator: Accelerator, clip: &[u8]) -> bool {
    let mut command = FfmpegCommand::new_with_path(ffmpeg);
    command
        .args(["-nostdin", "-loglevel", "error", "-hwaccel", accelerator.name])
        .args(["-hwaccel_output_format", accelerator.surface, "-f", "h264", "-i", "pipe:0"])
        .args(["-vf", "hwdownload,format=nv12", "-f", "rawvideo"])
        .pipe_stdout();
    let mut command = quietly(&mut command);
    let Ok(mut child) = command.stdin(Stdio::piped()).spawn() else { return false };
    let Some(mut stdin) = child.stdin.take() else { return false };
    let ((), output) = tokio::join!(
        async move {
            let _ = stdin.write_all(clip).await;
        },
        child.wait_with_output()
    );
    output.is_ok_and(|output| output.stdout.len() == FRAMES * SIDE * SIDE * 3 / 2)
}

fn quietly(command: &mut FfmpegCommand) -> Command {
    let mut command = into_tokio(command);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test(flavor = "multi_thread")]
    async fn hardware_that_is_not_there_is_found_not_to_work() {
        let sidecar = testing::sidecar();
        let ffmpeg = sidecar.ffmpeg().expect("there");
        let clip = clip(&ffmpeg.path).await.expect("encodes");
        let missing = accelerator("vaapi", "vaapi", Some("/dev/null"));
        if !Path::new("/dev/dri").exists() {
            assert!(!works(&ffmpeg.path, missing, &clip).await);
        }
        let unknown = accelerator("no-such-thing", "nothing", None);
        assert!(!works(&ffmpeg.path, unknown, &clip).await);
    }
}
