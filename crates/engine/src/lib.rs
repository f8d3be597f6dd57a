//! The fan-out engine: one connection per camera, shared by everyone who wants it.
//!
//! The journey of a frame:
//!
//! ```text
//! camera -> source (rtsp, ffmpeg) -> ingest::run_once -> PacketFeed (GOP ring)
//!    |-> encoded consumers read packets, never decoded
//!    |-> Rendition: first consumer starts it, last one plus a linger stops it
//!           Decoder: FFmpeg sidecar, FLV access units on stdin, yuv420p on stdout
//!           -> one slot per rendition, the latest frame wins
//!               |-> BGR24, converted once per frame and shared
//!               |-> JPEG, encoded once per frame and shared
//! ```
//!
//! The rooms: [`Engine`] keeps the cameras; [`Camera`] is one camera and all its parts;
//! `ingest` owns the retry of its single session; `source` opens the session; `packet_feed`
//! fans packets out; `rendition` and `decoder` turn them into frames; `sidecar` is the only room
//! that starts processes; `recorder` puts packets into files; `registry` is where the camera list survives a restart.
//!
//! This crate knows no HTTP, no Tauri and no user interface.

mod backoff;
mod camera;
mod camera_url;
mod catch_up;
mod codec;
mod config;
mod consumer;
mod convert;
mod decoder;
mod engine;
mod error;
mod fingerprint;
mod flv;
mod frame;
mod frame_reader;
mod freeze;
mod handover;
mod history;
mod ingest;
mod mpjpeg;
mod nal;
mod owner_report;
mod ownership;
mod pace;
mod packet;
mod packet_consumer;
mod packet_feed;
mod pause;
mod peer;
mod probe;
mod recorder;
mod redact;
mod registry;
mod relay_feed;
mod relay_message;
mod rendition;
mod scale;
mod sheet;
mod sidecar;
mod slots;
mod source;
mod status;
mod stream;
mod streams;
#[cfg(test)]
mod testing;
mod tls;
mod vault;

pub use camera::{Camera, CameraSnapshot, Owner};
pub use camera_url::CameraUrl;
pub use codec::Codec;
pub use config::{CameraConfig, CameraId, Mode, Schedule, Size, Transport};
pub use consumer::{ConsumerInfo, ConsumerKind, ConsumerSnapshot, Deliveries};
pub use engine::{Added, Config, Engine};
pub use error::{Error, ErrorKind, Result};
pub use fingerprint::{Fingerprint, NoFingerprint};
pub use frame::{Frame, Quality};
pub use frame_reader::{FrameReader, Spec};
pub use owner_report::OwnerReport;
pub use ownership::{Alone, Hold, Ownership, Peer};
pub use packet::{Clock, Packet, StreamInfo};
pub use packet_consumer::{Delivery, PacketConsumer};
pub use packet_feed::{Arrivals, Totals};
pub use peer::{RELAY_HEADER, Wire};
pub use probe::{Probe, Warning};
pub use recorder::{
    Before, Listing, RecorderSnapshot, RecorderState, Recording, RecordingChange, RecordingConfig,
    RecordingKind, RecordingSettings, Recordings, Segment, Segments, Wish,
};
pub use redact::redact;
pub use registry::{FileRegistry, Loaded, MemoryRegistry, Registry, read_camera, write_camera};
pub use relay_feed::{RelayFeed, Telling};
pub use rendition::{Decoder, RenditionSnapshot};
pub use sheet::{Place, Sheet};
pub use sidecar::{Ffmpeg, FfmpegMissing, Hardware};
#[cfg(target_os = "linux")]
pub use slots::Location;
pub use slots::Pixels;
pub use status::{Fault, Path, Session, State, Status};
pub use stream::{Role, StreamSnapshot};
pub use vault::Vault;
