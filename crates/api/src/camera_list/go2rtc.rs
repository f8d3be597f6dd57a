//! go2rtc: `streams` has names, each with a source or several. What stands after a `#` tells go2rtc
//! how to handle the source; `ffmpeg:` has it re-encode one.

use fanlight_engine::Error;
use serde_json::{Map, Value};

use super::{CameraList, foreign_camera, invalid};

/// What a camera itself speaks; go2rtc has many more ways to get at a picture.
const SCHEMES: [&str; 5] = ["rtsp", "rtsps", "http", "https", "rtmp"];

pub(super) fn read(root: &Map<String, Value>, list: &mut CameraList) -> Result<(), Error> {
    let streams = match root.get("streams") {
        Some(Value::Object(streams)) => streams,
        Some(Value::Null) => return Ok(()),
        _ => return Err(invalid("a configuration of go2rtc has streams, by name")),
    };
    for (name, sources) in streams {
        let camera = camera_source(sources).and_then(|url| foreign_camera(name, &url, None));
        list.keep(name, camera);
    }
    Ok(())
}

/// The first source that is a camera's own URL, else the one that go2rtc's FFmpeg would read.
pub(super) fn camera_source(sources: &Value) -> Result<String, String> {
    let sources = texts(sources);
    let read: Vec<_> = sources.iter().map(|source| url_of(source)).collect();
    let found = read.iter().flatten().find(|url| !url.is_re_encoded);
    if let Some(url) = found.or_else(|| read.iter().flatten().next()) {
        return Ok(url.text.to_owned());
    }
    match read.into_iter().find_map(Result::err) {
        Some(reason) => Err(reason),
        None => Err("it has no source".to_owned()),
    }
}

/// A source, a list of them, or a mapping with `url`.
fn texts(sources: &Value) -> Vec<&str> {
    match sources {
        Value::String(source) => vec![source],
        Value::Array(sources) => sources.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.get("url").map(texts).unwrap_or_default(),
        _ => Vec::new(),
    }
}

struct Source<'a> {
    text: &'a str,
    is_re_encoded: bool,
}

/// The camera's URL in a source, or why there is none.
fn url_of(source: &str) -> Result<Source<'_>, String> {
    let source = source.trim();
    let (text, is_re_encoded) = match source.strip_prefix("ffmpeg:") {
        Some(rest) => (rest, true),
        None => (source, false),
    };
    let text = text.split('#').next().unwrap_or_default();
    if super::frigate::has_placeholder(text) {
        return Err("a placeholder stands in its URL; put in what it stands for".to_owned());
    }
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme {
        Some(scheme) if SCHEMES.contains(&scheme.as_str()) => Ok(Source { text, is_re_encoded }),
        _ if is_re_encoded => {
            Err("its source is another stream or a device, re-encoded by FFmpeg".to_owned())
        }
        // A scheme is a plain word; anything else may be part of a secret.
        Some(scheme) if scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+') => {
            Err(format!("its source is {scheme}:, which is not a way that Fanlight reads cameras"))
        }
        _ => Err("its source is no URL".to_owned()),
    }
}
