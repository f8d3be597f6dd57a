//! Frigate: `cameras` has names, each with inputs that have roles. What it records is the camera's
//! main stream, what it detects in the smaller one. Inputs may come from the go2rtc inside Frigate,
//! whose `streams` stand in the same file.

use std::collections::BTreeSet;

use fanlight_engine::{CameraConfig, Error};
use serde_json::{Map, Value};
use url::Url;

use super::{CameraList, foreign_camera, go2rtc, invalid};

/// Where the go2rtc inside Frigate serves what it reads.
const RESTREAM_PORT: u16 = 8554;

pub(super) fn read(root: &Map<String, Value>, list: &mut CameraList) -> Result<(), Error> {
    let none = Map::new();
    let streams = root.get("go2rtc").and_then(|go2rtc| go2rtc.get("streams"));
    let streams = streams.and_then(Value::as_object).unwrap_or(&none);
    let cameras = match root.get("cameras") {
        Some(Value::Object(cameras)) => cameras,
        None | Some(Value::Null) => &none,
        Some(_) => return Err(invalid("a configuration of Frigate has cameras, by name")),
    };
    let mut restreams = Restreams { streams, used: BTreeSet::new() };
    for (name, camera) in cameras {
        let read = read_camera(name, camera, &mut restreams);
        list.keep(name, read);
    }
    // What only go2rtc's own viewers look at.
    for (name, sources) in streams.iter().filter(|(name, _)| !cameras.contains_key(*name)) {
        if !restreams.used.contains(name.as_str()) {
            let camera = go2rtc::camera_source(sources);
            list.keep(name, camera.and_then(|url| foreign_camera(name, &url, None)));
        }
    }
    Ok(())
}

fn read_camera(
    name: &str,
    camera: &Value,
    restreams: &mut Restreams<'_>,
) -> Result<CameraConfig, String> {
    if camera.get("enabled") == Some(&Value::Bool(false)) {
        return Err("it is disabled".to_owned());
    }
    let inputs = camera.pointer("/ffmpeg/inputs").and_then(Value::as_array);
    let inputs = inputs.filter(|inputs| !inputs.is_empty()).ok_or("it has no inputs")?;
    let with_role = |role: &str| inputs.iter().find(|input| roles(input).any(|r| r == role));
    let main = with_role("record").unwrap_or(&inputs[0]);
    let main = restreams.resolve(path(main)?)?;
    let detected = with_role("detect").map(|input| restreams.resolve(path(input)?)).transpose()?;
    let substream = detected.filter(|url| *url != main);
    let mut config = foreign_camera(name, &main, substream.as_deref())?;
    if let Some(friendly) = camera.get("friendly_name").and_then(Value::as_str) {
        friendly.trim().clone_into(&mut config.name);
        config.check().map_err(|error| error.message().to_owned())?;
    }
    Ok(config)
}

fn roles(input: &Value) -> impl Iterator<Item = &str> {
    let roles = input.get("roles").and_then(Value::as_array);
    roles.into_iter().flatten().filter_map(Value::as_str)
}

fn path(input: &Value) -> Result<&str, String> {
    input.get("path").and_then(Value::as_str).ok_or_else(|| "an input has no path".to_owned())
}

/// The streams of the go2rtc inside Frigate.
struct Restreams<'a> {
    streams: &'a Map<String, Value>,
    /// Those that a camera of Frigate reads.
    used: BTreeSet<String>,
}

impl Restreams<'_> {
    /// The camera's own URL, also where Frigate reads it by way of its go2rtc.
    fn resolve(&mut self, path: &str) -> Result<String, String> {
        let path = path.trim();
        if has_placeholder(path) {
            return Err("a placeholder stands in its path; put in what it stands for".to_owned());
        }
        let stream = restream_name(path).and_then(|name| self.streams.get_key_value(&name));
        let Some((name, sources)) = stream else { return Ok(path.to_owned()) };
        self.used.insert(name.clone());
        go2rtc::camera_source(sources)
    }
}

/// The stream in `rtsp://127.0.0.1:8554/stream?video`.
fn restream_name(path: &str) -> Option<String> {
    let url = Url::parse(path).ok()?;
    let is_here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    (url.scheme() == "rtsp" && is_here && url.port() == Some(RESTREAM_PORT))
        .then(|| url.path().trim_matches('/').to_owned())
}

/// `{FRIGATE_PASSWORD}` and `${PASSWORD}`: what stands there only the other program's surroundings
/// know.
pub(super) fn has_placeholder(url: &str) -> bool {
    url.split_once('{').is_some_and(|(_, rest)| rest.contains('}'))
}
