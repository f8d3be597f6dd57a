//! Camera lists as text: our own, which [`export`] writes, and those of go2rtc and Frigate. Reading
//! one decides what could be added and says why the rest could not; nothing here touches a network
//! or a disk.

mod frigate;
mod go2rtc;
mod yaml;

use fanlight_engine::{CameraConfig, CameraId, CameraUrl, Error, ErrorKind, redact};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::streams;
use crate::wire::StartRequest;

/// The version of our own lists.
const VERSION: u32 = 1;

/// What a password reads in the API's answers.
const MASK: &str = "***";

/// Where a list comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ListFormat)]
pub enum Format {
    /// Our own.
    Fanlight,
    /// The `streams` of go2rtc.
    Go2rtc,
    /// The `cameras` of Frigate, and the `streams` of the go2rtc in it.
    Frigate,
}

/// What a list holds.
#[derive(Debug)]
pub struct CameraList {
    /// Whose list it is.
    pub format: Format,
    /// The cameras that can be added, in the order of the text or of their names.
    pub cameras: Vec<CameraConfig>,
    /// What cannot.
    pub skipped: Vec<Skipped>,
}

/// What could not be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SkippedCamera)]
pub struct Skipped {
    /// What the list calls it.
    pub name: String,
    /// Why, in words a person can act on.
    pub reason: String,
}

impl Skipped {
    /// The reason holds no secret.
    pub(crate) fn new(name: &str, reason: impl AsRef<str>) -> Self {
        Self { name: name.to_owned(), reason: redact(reason.as_ref()).into_owned() }
    }
}

impl CameraList {
    /// Reads a list. Without a format, its top-level keys tell.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with the line for a text that is neither YAML nor JSON, and for
    /// one that is no camera list.
    pub fn read(text: &str, format: Option<Format>) -> Result<Self, Error> {
        let Value::Object(root) = yaml::read(text)? else {
            return Err(not_a_list());
        };
        let format = format.or_else(|| guess(&root)).ok_or_else(not_a_list)?;
        let mut list = Self { format, cameras: Vec::new(), skipped: Vec::new() };
        match format {
            Format::Fanlight => list.read_own(&root)?,
            Format::Go2rtc => go2rtc::read(&root, &mut list)?,
            Format::Frigate => frigate::read(&root, &mut list)?,
        }
        Ok(list)
    }

    fn read_own(&mut self, root: &Map<String, Value>) -> Result<(), Error> {
        if root.get("version").is_some_and(|version| *version != VERSION) {
            return Err(invalid(format!("this list is not of version {VERSION}")));
        }
        let Some(Value::Array(entries)) = root.get("cameras") else {
            return Err(invalid("a camera list of Fanlight has cameras, which is a list"));
        };
        for (number, entry) in entries.iter().enumerate() {
            let id = entry.get("stream_id").and_then(Value::as_str);
            let name = id.map_or_else(|| format!("camera number {}", number + 1), str::to_owned);
            self.keep(&name, own_camera(entry));
        }
        Ok(())
    }

    /// Takes a camera up, or why there is none.
    fn keep(&mut self, name: &str, camera: Result<CameraConfig, String>) {
        let twice = |camera: &CameraConfig| self.cameras.iter().any(|c| c.id == camera.id);
        match camera {
            Ok(camera) if twice(&camera) => {
                let reason = format!("its id would be {}, which an earlier one has", camera.id);
                self.skip(name, reason);
            }
            Ok(camera) => self.cameras.push(camera),
            Err(reason) => self.skip(name, reason),
        }
    }

    fn skip(&mut self, name: &str, reason: impl AsRef<str>) {
        self.skipped.push(Skipped::new(name, reason));
    }
}

/// The camera that makes adding this one unnecessary, or why it cannot be added. Lists of others name
/// a camera by its URL; our own may hold one under two ids, with different settings.
///
/// # Errors
/// The reason, when the id is another camera's.
pub fn find<'a>(
    known: &'a [CameraConfig],
    camera: &CameraConfig,
    format: Format,
) -> Result<Option<&'a CameraConfig>, String> {
    let by_url = known.iter().find(|c| format != Format::Fanlight && c.url == camera.url);
    if by_url.is_some() {
        return Ok(by_url);
    }
    match known.iter().find(|c| c.id == camera.id) {
        Some(same) if same.url == camera.url => Ok(Some(same)),
        Some(_) => Err(format!("stream {} exists with another URL", camera.id)),
        None => Ok(None),
    }
}

fn invalid(why: impl AsRef<str>) -> Error {
    Error::new(ErrorKind::InvalidRequest, why)
}

fn not_a_list() -> Error {
    invalid(
        "this is no camera list: Fanlight's has cameras (a list), go2rtc's has streams, Frigate's has cameras (by name)",
    )
}

fn guess(root: &Map<String, Value>) -> Option<Format> {
    match root.get("cameras") {
        Some(Value::Array(_)) => Some(Format::Fanlight),
        Some(Value::Object(_)) => Some(Format::Frigate),
        _ if root.contains_key("streams") => Some(Format::Go2rtc),
        _ if root.contains_key("go2rtc") => Some(Format::Frigate),
        _ => None,
    }
}

fn own_camera(entry: &Value) -> Result<CameraConfig, String> {
    let request: StartRequest = serde_path_to_error::deserialize(entry).map_err(|error| {
        match error.path().to_string() {
            whole if whole == "." => "this is no camera".to_owned(),
            // The text of serde's errors may hold the value.
            field => format!("{field} is missing or of the wrong kind"),
        }
    })?;
    let id = request.stream_id.as_deref().ok_or("stream_id is missing")?;
    let id = CameraId::parse(id).map_err(|error| error.message().to_owned())?;
    unmasked(&request.rtsp_url)?;
    request.substream_url.as_deref().map_or(Ok(()), unmasked)?;
    let config = streams::config(id, request).map_err(|error| error.message().to_owned())?;
    config.check().map_err(|error| error.message().to_owned())?;
    Ok(config)
}

/// A camera that another program calls by this name.
fn foreign_camera(name: &str, main: &str, substream: Option<&str>) -> Result<CameraConfig, String> {
    let mut config = CameraConfig::new(id_for(name)?, camera_url(main)?);
    config.substream = substream.map(camera_url).transpose()?;
    if !name.trim().is_empty() {
        name.trim().clone_into(&mut config.name);
    }
    config.check().map_err(|error| error.message().to_owned())?;
    Ok(config)
}

fn camera_url(text: &str) -> Result<CameraUrl, String> {
    unmasked(text)?;
    CameraUrl::parse(text).map_err(|error| error.message().replace("rtsp_url", "its URL"))
}

fn unmasked(url: &str) -> Result<(), String> {
    if url.contains(MASK) {
        return Err("its password reads ***, as the API tells it; put the password in, or export \
                    with fanlight-server --export-cameras, which keeps it"
            .to_owned());
    }
    Ok(())
}

/// An id as near to the name as ids allow.
fn id_for(name: &str) -> Result<CameraId, String> {
    const LONGEST: usize = 64;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let id: String = name
        .trim()
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(LONGEST)
        .collect();
    CameraId::parse(id.trim_end_matches('-'))
        .map_err(|_| "no id can be made of this name; it has no letter or digit".to_owned())
}

/// Our own list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Export {
    version: u32,
    cameras: Vec<Listed>,
}

/// A camera as `POST /api/streams` takes it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedCamera)]
pub(crate) struct Listed {
    stream_id: String,
    name: String,
    rtsp_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    substream_url: Option<String>,
    transport: &'static str,
    mode: &'static str,
    leave_after: f64,
    record: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_fingerprint: Option<String>,
    width: u32,
    height: u32,
    frame_buffer_size: usize,
    client_buffer_size: usize,
}

/// Whether passwords stand in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passwords {
    /// They read `***`.
    Masked,
    /// For a file of the user's own.
    Exposed,
}

/// Writes a list of these cameras.
pub fn export<'a>(
    cameras: impl IntoIterator<Item = &'a CameraConfig>,
    passwords: Passwords,
) -> Export {
    let url = |url: &CameraUrl| match passwords {
        Passwords::Masked => url.masked().to_owned(),
        Passwords::Exposed => url.expose().to_owned(),
    };
    let cameras = cameras.into_iter().map(|camera| Listed {
        stream_id: camera.id.to_string(),
        name: camera.name.clone(),
        rtsp_url: url(&camera.url),
        substream_url: camera.substream.as_ref().map(url),
        transport: camera.transport.name(),
        mode: camera.mode.name(),
        leave_after: camera.leave_after.as_secs_f64(),
        record: camera.record.name(),
        tls_fingerprint: camera.tls_fingerprint.map(|f| f.to_string()),
        width: camera.size.width(),
        height: camera.size.height(),
        frame_buffer_size: camera.frame_buffer_size,
        client_buffer_size: camera.client_buffer_size,
    });
    Export { version: VERSION, cameras: cameras.collect() }
}

#[cfg(test)]
mod tests;
