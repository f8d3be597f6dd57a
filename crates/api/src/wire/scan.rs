//! A scan of the network, and what is asked of it.

use fanlight_discovery::{Device, Fault, Note, Phase, Scan, SeenBy, State};
use fanlight_engine::{CameraUrl, Engine};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

/// `POST /api/scans`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ScanRequest {
    /// Also knock at every address for RTSP, which finds cameras that announce themselves nowhere.
    #[serde(default)]
    pub(crate) sweep: bool,
    /// A sign-in to try with every device.
    #[schema(max_length = 256)]
    pub(crate) username: Option<String>,
    #[schema(max_length = 256)]
    pub(crate) password: Option<String>,
}

/// `POST /api/scans/{id}/sign-in`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DeviceSignIn {
    /// The devices to sign in to.
    #[schema(min_items = 1, max_items = 512)]
    pub(crate) addresses: Vec<String>,
    #[schema(min_length = 1, max_length = 256)]
    pub(crate) username: String,
    /// Kept in memory until the scan is forgotten.
    #[schema(max_length = 256)]
    pub(crate) password: String,
}

/// `POST /api/scans/{id}/add`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AddFoundRequest {
    #[schema(min_items = 1, max_items = 512)]
    pub(crate) cameras: Vec<AddFound>,
}

/// A device to add as a camera.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AddFound {
    pub(crate) address: String,
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", examples("door"))]
    pub(crate) stream_id: String,
    /// A name for people; the id when absent.
    #[schema(max_length = 100)]
    pub(crate) name: Option<String>,
    /// Which of its `streams` is the main one.
    #[serde(default)]
    pub(crate) main: usize,
    /// Which one is the substream.
    pub(crate) sub: Option<usize>,
}

/// What became of each.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct AddedFound {
    /// The ids of those that are there now.
    pub(crate) added: Vec<String>,
    pub(crate) refused: Vec<RefusedFound>,
}

/// A device that was not added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedFound {
    pub(crate) address: String,
    pub(crate) code: &'static str,
    pub(crate) error: String,
}

/// `GET /api/scans`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Scans {
    /// The newest first.
    pub(crate) scans: Vec<ScanReport>,
}

/// A scan as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scan)]
pub(crate) struct ScanReport {
    id: String,
    state: ScanState,
    sweep: bool,
    progress: ScanProgress,
    /// The networks that are searched.
    networks: Vec<String>,
    notes: Vec<ScanNote>,
    found: Vec<FoundDevice>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ScanState {
    Running,
    Done,
    Cancelled,
}

/// Steps of a scan.
#[derive(Debug, Serialize, ToSchema)]
struct ScanProgress {
    done: usize,
    total: usize,
}

/// Something to know about a scan, or why a device did not tell its streams.
#[derive(Debug, Serialize, ToSchema)]
struct ScanNote {
    code: &'static str,
    message: String,
}

impl From<Note> for ScanNote {
    fn from(note: Note) -> Self {
        Self { code: note.code, message: note.message }
    }
}

impl From<Fault> for ScanNote {
    fn from(fault: Fault) -> Self {
        Self { code: fault.code, message: fault.message }
    }
}

/// A device that may be a camera.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Device)]
struct FoundDevice {
    address: String,
    name: Option<String>,
    manufacturer: Option<String>,
    model: Option<String>,
    seen_by: Vec<Sighting>,
    /// Where it speaks RTSP, if that is known.
    port: Option<u16>,
    state: DeviceState,
    error: Option<ScanNote>,
    /// The largest first; empty for a device without ONVIF and before its sign-in.
    streams: Vec<FoundStream>,
    /// The camera that it is already.
    stream_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Sighting {
    Onvif,
    Mdns,
    Sweep,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeviceState {
    Found,
    Asking,
    NeedsSignIn,
    Ready,
    Failed,
}

/// A stream that a device offers.
#[derive(Debug, Serialize, ToSchema)]
struct FoundStream {
    name: String,
    /// Without user and password.
    rtsp_url: String,
    codec: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    fps: Option<f64>,
}

/// A scan as it is now, beside the cameras that are there.
pub(crate) fn scan(scan: &Scan, engine: &Engine) -> ScanReport {
    let (report, there) = (scan.report(), hosts(engine));
    ScanReport {
        id: scan.id().to_owned(),
        state: match report.phase {
            Phase::Running => ScanState::Running,
            Phase::Done => ScanState::Done,
            Phase::Cancelled => ScanState::Cancelled,
        },
        sweep: scan.sweeps(),
        progress: ScanProgress { done: report.progress.done, total: report.progress.total },
        networks: scan.networks().iter().map(|network| network.to_string()).collect(),
        notes: report.notes.into_iter().map(Into::into).collect(),
        found: report.found.into_iter().map(|found| device(found, &there)).collect(),
    }
}

/// The host of each URL of each camera, with the camera's id.
fn hosts(engine: &Engine) -> Vec<(String, String)> {
    let mut hosts = Vec::new();
    for camera in engine.cameras() {
        let config = camera.config();
        for url in std::iter::once(&config.url).chain(&config.substream) {
            let host =
                Url::parse(url.masked()).ok().and_then(|url| url.host_str().map(str::to_owned));
            hosts.extend(host.map(|host| (host, config.id.to_string())));
        }
    }
    hosts
}

fn device(device: Device, there: &[(String, String)]) -> FoundDevice {
    let address = device.address.to_string();
    let at = |host: &str| there.iter().find(|(there, _)| there == host).map(|(_, id)| id.clone());
    FoundDevice {
        stream_id: at(&address),
        address,
        name: device.name,
        manufacturer: device.manufacturer,
        model: device.model,
        seen_by: device.seen_by.into_iter().map(sighting).collect(),
        port: device.port,
        state: match device.state {
            State::Found => DeviceState::Found,
            State::Asking => DeviceState::Asking,
            State::NeedsSignIn => DeviceState::NeedsSignIn,
            State::Ready => DeviceState::Ready,
            State::Failed => DeviceState::Failed,
        },
        error: device.fault.map(Into::into),
        streams: device.streams.into_iter().map(stream).collect(),
    }
}

fn sighting(by: SeenBy) -> Sighting {
    match by {
        SeenBy::Onvif => Sighting::Onvif,
        SeenBy::Mdns => Sighting::Mdns,
        SeenBy::Sweep => Sighting::Sweep,
    }
}

fn stream(stream: fanlight_discovery::Stream) -> FoundStream {
    // A query may hold a password, too.
    let masked = CameraUrl::parse(stream.url.as_str()).map(|url| url.masked().to_owned());
    FoundStream {
        name: stream.name,
        rtsp_url: masked
            .unwrap_or_else(|_| fanlight_engine::redact(stream.url.as_str()).into_owned()),
        codec: stream.codec,
        width: stream.width,
        height: stream.height,
        fps: stream.fps.map(|fps| (fps * 10.0).round() / 10.0),
    }
}
