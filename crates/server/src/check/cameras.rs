//! A short look at each camera, several at a time.

use fanlight_engine::{CameraConfig, CameraUrl, Engine, Probe};
use futures_util::StreamExt as _;
use serde::Serialize;

use super::report::Outcome;

/// Looks at a time; the engine allows no more.
const AT_ONCE: usize = 4;

/// What a camera's stream sends, or why it cannot be read.
#[derive(Debug, Serialize)]
pub(super) struct Seen {
    stream_id: String,
    /// `main` or `sub`.
    stream: &'static str,
    /// Without its password.
    url: String,
    pub(super) outcome: Outcome,
    pub(super) message: String,
    /// The API's code of what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video: Option<Video>,
    /// The codes of what could work better.
    warnings: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Video {
    codec: &'static str,
    width: u32,
    height: u32,
    fps: f64,
    bitrate_kbps: f64,
}

impl Seen {
    /// Which camera, for people.
    pub(super) fn title(&self) -> String {
        match self.stream {
            "main" => format!("camera {}", self.stream_id),
            _ => format!("camera {}, substream", self.stream_id),
        }
    }
}

/// Looks at all streams of these cameras; progress goes to stderr.
pub(super) async fn look_at(engine: &Engine, cameras: &[CameraConfig]) -> Vec<Seen> {
    let streams: Vec<_> = cameras
        .iter()
        .flat_map(|camera| {
            let main = Some((camera, "main", &camera.url));
            main.into_iter().chain(camera.substream.as_ref().map(|url| (camera, "sub", url)))
        })
        .collect();
    let all = streams.len();
    let mut looks = futures_util::stream::iter(streams.into_iter().enumerate())
        .map(async |(place, (camera, stream, url))| {
            (place, look(engine, camera, stream, url).await)
        })
        .buffer_unordered(AT_ONCE);
    let mut seen = Vec::new();
    while let Some((place, one)) = looks.next().await {
        eprintln!("[{}/{all}] {}", seen.len() + 1, one.title());
        seen.push((place, one));
    }
    seen.sort_by_key(|(place, _)| *place);
    seen.into_iter().map(|(_, one)| one).collect()
}

async fn look(
    engine: &Engine,
    camera: &CameraConfig,
    stream: &'static str,
    url: &CameraUrl,
) -> Seen {
    let found = engine.probe(url, camera.transport, camera.tls_fingerprint).await;
    let seen = |outcome, message| Seen {
        stream_id: camera.id.to_string(),
        stream,
        url: url.to_string(),
        outcome,
        message,
        code: None,
        video: None,
        warnings: Vec::new(),
    };
    match found {
        Err(error) => Seen {
            code: Some(error.kind().code()),
            ..seen(Outcome::Problem, error.message().to_owned())
        },
        Ok(probe) => {
            let video = video(&probe);
            let warned = if probe.warnings.is_empty() { Outcome::Ok } else { Outcome::Warning };
            let mut message = format!(
                "{} {}x{}, {} frames/s, {} kbit/s",
                video.codec, video.width, video.height, video.fps, video.bitrate_kbps
            );
            for warning in &probe.warnings {
                message.push_str("; ");
                message.push_str(warning.message());
            }
            let warnings = probe.warnings.iter().map(|warning| warning.code()).collect();
            Seen { video: Some(video), warnings, ..seen(warned, message) }
        }
    }
}

fn video(probe: &Probe) -> Video {
    Video {
        codec: probe.stream.codec.name(),
        width: probe.stream.width,
        height: probe.stream.height,
        fps: (probe.fps * 10.0).round() / 10.0,
        bitrate_kbps: probe.kbps.round(),
    }
}
