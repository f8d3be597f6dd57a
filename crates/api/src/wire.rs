//! The JSON shapes of the API.

mod consumer;
mod probe;
mod recording;
mod requests;
mod scan;
mod server;
mod stream;

pub(crate) use consumer::{Consumer, ConsumerHistory, Consumers};
pub(crate) use probe::Probe;
pub(crate) use recording::{
    ClipRequest, Deleted, Recorder, Recording, Recordings, RecordingsChange, RecordingsSetup,
};
pub(crate) use requests::{ChangeRequest, ProbeRequest, StartRequest};
pub(crate) use scan::{
    AddFound, AddFoundRequest, AddedFound, DeviceSignIn, RefusedFound, ScanReport, ScanRequest,
    Scans, scan,
};
pub(crate) use server::{Check, Clients, FfmpegInfo, Health, Info, SharedMemoryInfo};
pub(crate) use stream::{History, Started, Stats, Stopped, stream};
pub use stream::{
    Ingest, Rendition, Stream, StreamError, StreamStatus, Streams, Substream, Video, streams,
};

/// One decimal is what a person reads and a measurement over seconds is worth.
fn rounded(value: f64) -> Option<f64> {
    (value > 0.0).then_some((value * 10.0).round() / 10.0)
}
