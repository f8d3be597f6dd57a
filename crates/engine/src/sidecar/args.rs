//! From what is wanted to FFmpeg's arguments. Pure; nothing from a request ever becomes an
//! option, only numbers and fixed words do.

use std::fmt::Write as _;
use std::path::Path;

use ffmpeg_sidecar::command::FfmpegCommand;

use super::{Accelerator, demo};
use crate::config::{MAX_PIXELS, Size};

/// What stands before a picture's timestamp on the decoder's stderr.
pub(crate) const PTS_MARK: &str = "@pts ";

/// Quiet, and never reading the terminal. FFmpeg writes log lines as `[level] text`.
fn quiet(command: &mut FfmpegCommand) {
    command.args(["-hide_banner", "-nostdin", "-loglevel", "level+error"]);
}

/// Decodes FLV on stdin to yuv420p of `size` on stdout, one picture per access unit, none held
/// back, and says each picture's timestamp on stderr.
///
/// What keeps FFmpeg from holding frames: no probing (`-probesize`, `-analyzeduration`), no
/// reordering delay (`low_delay`), no frame threads on either side (`-threads 1` twice), no rate
/// conversion (`-fps_mode passthrough`), and a container that delivers whole access units.
pub(crate) fn decode(command: &mut FfmpegCommand, size: Size, accelerator: Option<Accelerator>) {
    quiet(command);
    if let Some(accelerator) = accelerator {
        // Pictures come back to our memory by themselves, as the filter wants them there.
        command.args(["-hwaccel", accelerator.name]);
    }
    command
        .args(["-probesize", "32", "-analyzeduration", "0", "-flags", "low_delay"])
        .args(["-threads", "1", "-max_pixels", &MAX_PIXELS.to_string()])
        .args(["-f", "flv", "-i", "pipe:0", "-an"])
        .fps_mode("passthrough")
        .args(["-filter_threads", "1", "-threads", "1"])
        .filter(format!(
            "scale={}:{}:flags=fast_bilinear:out_range=tv,format=yuv420p",
            size.width(),
            size.height()
        ))
        // One tick a packet, whatever rate the stream claims.
        .args(["-enc_time_base", "1:1000"])
        .args(["-stats_enc_pre:v", "pipe:2"])
        .args(["-stats_enc_pre_fmt:v", &format!("{PTS_MARK}{{ptsi}}")])
        .args(["-f", "rawvideo"])
        .pipe_stdout();
}

/// The demo camera: a moving picture with a clock, 1280x720 at 25 fps, a keyframe every second, as
/// FLV on stdout. `seconds` is the time since midnight.
pub(crate) fn demo(command: &mut FfmpegCommand, seconds: u32) {
    quiet(command);
    live(command).format("lavfi").input(demo::graph(seconds));
    encoder(command)
        .args(["-g", "25", "-b:v", "2M", "-maxrate", "2M", "-bufsize", "1M"])
        .args(["-flush_packets", "1", "-f", "flv", "-flvflags", "no_duration_filesize"])
        .pipe_stdout();
}

/// Reads the input at its own pace, and without FFmpeg's head start of half a second: a camera has
/// none either.
fn live(command: &mut FfmpegCommand) -> &mut FfmpegCommand {
    command.realtime().args(["-readrate_initial_burst", "0.04"])
}

/// Plays a file in a loop at its own pace. Its content leads to no other file.
pub(crate) fn replay(command: &mut FfmpegCommand, file: &Path, container: Container) {
    quiet(command);
    live(command)
        .args(["-stream_loop", "-1", "-protocol_whitelist", "file"])
        .input(format!("file:{}", file.to_string_lossy()));
    container.output(command);
}

/// How the packets of a camera that FFmpeg reads are handed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Container {
    /// H.264 and H.265, untouched.
    #[default]
    Flv,
    /// Motion JPEG, untouched.
    Mpjpeg,
    /// Anything else, encoded anew to H.264, as FLV.
    Encoded,
}

impl Container {
    /// All of them, the cheap ones first.
    pub(crate) const ALL: [Self; 3] = [Self::Flv, Self::Mpjpeg, Self::Encoded];

    /// The output's options, up to its file.
    fn output(self, command: &mut FfmpegCommand) {
        command.args(["-map", "0:v:0"]);
        match self {
            Self::Flv | Self::Mpjpeg => command.args(["-c", "copy"]),
            Self::Encoded => encoder(command).args(["-g", "50", "-fps_mode", "passthrough"]),
        };
        command.args(["-flush_packets", "1"]);
        match self {
            Self::Flv | Self::Encoded => command.args(["-f", "flv"]),
            Self::Mpjpeg => command.args(["-f", "mpjpeg"]),
        };
        if self != Self::Mpjpeg {
            command.args(["-flvflags", "no_duration_filesize"]);
        }
        command.pipe_stdout();
    }
}

/// H.264 that leaves the encoder as soon as its picture has come.
fn encoder(command: &mut FfmpegCommand) -> &mut FfmpegCommand {
    command.codec_video("libx264").preset("ultrafast").args([
        "-tune",
        "zerolatency",
        "-threads",
        "1",
        "-bf",
        "0",
        "-pix_fmt",
        "yuv420p",
    ])
}

/// Reads the camera that [`script`] names on stdin, and hands its first video track over untouched.
pub(crate) fn remote(command: &mut FfmpegCommand, protocols: &str, container: Container) {
    quiet(command);
    command
        .args(["-fflags", "nobuffer", "-protocol_whitelist", protocols])
        .args(["-f", "concat", "-safe", "0", "-i", "pipe:0"]);
    container.output(command);
}

/// The protocols that a camera of this scheme may lead FFmpeg to, and none else: not to files.
pub(crate) fn protocols(scheme: &str) -> &'static str {
    match scheme {
        "http" => "pipe,http,tcp",
        "https" => "pipe,https,http,tls,tcp,crypto",
        "rtmp" => "pipe,rtmp,tcp",
        "rtsp" => "pipe,rtsp,rtp,udp,tcp",
        _ => "pipe",
    }
}

/// An ffconcat script that names one URL and options for its demuxer. URLs hold no white space or
/// control characters; a quote is closed, escaped and opened again.
pub(crate) fn script(url: &str, options: &[(&str, &str)]) -> String {
    let mut script = format!("ffconcat version 1.0\nfile '{}'\n", url.replace('\'', r"'\''"));
    for (name, value) in options {
        let _ = writeln!(script, "option {name} {value}");
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(build: impl FnOnce(&mut FfmpegCommand)) -> Vec<String> {
        let mut command = FfmpegCommand::new_with_path("ffmpeg");
        build(&mut command);
        command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect()
    }

    fn contains(args: &[String], pair: [&str; 2]) -> bool {
        args.windows(2).any(|w| w == pair)
    }

    #[test]
    fn the_decoder_holds_no_frame_back() {
        let args = args(|c| decode(c, Size::new(640, 480).expect("valid"), None));
        let input = args.iter().position(|a| a == "-i").expect("an input");
        assert!(contains(&args[..input], ["-threads", "1"]));
        assert!(contains(&args[input..], ["-threads", "1"]));
        assert!(contains(&args[input..], ["-filter_threads", "1"]));
        assert!(contains(&args[input..], ["-fps_mode", "passthrough"]));
        assert!(contains(&args[..input], ["-flags", "low_delay"]));
        assert!(!args.iter().any(|a| a.contains("nobuffer") || a.contains("fps=")));
    }

    #[test]
    fn a_url_cannot_leave_its_quotes() {
        assert_eq!(
            script("http://cam/a'b", &[]),
            "ffconcat version 1.0\nfile 'http://cam/a'\\''b'\n"
        );
    }

    #[test]
    fn options_follow_their_file() {
        let expected = "ffconcat version 1.0\nfile 'rtsp://cam/'\noption rtsp_transport udp\n";
        assert_eq!(script("rtsp://cam/", &[("rtsp_transport", "udp")]), expected);
    }

    #[test]
    fn packets_are_encoded_anew_only_where_nothing_else_helps() {
        for container in Container::ALL {
            let args = args(|c| replay(c, Path::new("/videos/-y.mp4"), container));
            let copies = contains(&args, ["-c", "copy"]);
            assert_eq!(copies, container != Container::Encoded);
            assert!(contains(&args, ["-i", "file:/videos/-y.mp4"]), "{args:?}");
        }
    }

    #[test]
    fn no_camera_leads_ffmpeg_to_files_or_to_other_schemes() {
        for scheme in ["http", "https", "rtmp", "rtsp", "file", "demo"] {
            let protocols: Vec<_> = protocols(scheme).split(',').collect();
            assert!(!protocols.contains(&"file") && !protocols.contains(&"concat"), "{scheme}");
        }
    }

    #[test]
    fn the_url_is_in_no_argument() {
        let args = args(|c| remote(c, protocols("http"), Container::Flv));
        assert!(args.iter().all(|arg| !arg.contains("://")), "{args:?}");
    }

    #[test]
    fn every_command_is_bounded_and_silent() {
        for args in
            [args(|c| decode(c, Size::new(16, 16).expect("valid"), None)), args(|c| demo(c, 0))]
        {
            assert!(contains(&args, ["-loglevel", "level+error"]));
            assert!(args.iter().any(|a| a == "-nostdin"));
        }
        let decode = args(|c| decode(c, Size::new(16, 16).expect("valid"), None));
        assert!(contains(&decode, ["-max_pixels", "33177600"]));
    }
}
