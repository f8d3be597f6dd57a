//! Fuzzing of every parser that Fanlight owns. The engine's own files, without the engine around
//! them: a fuzz build takes a minute instead of five.
#![allow(dead_code, unused_imports, missing_docs, unreachable_pub)]

#[path = "../../../crates/engine/src/camera_url.rs"]
mod camera_url;
#[path = "../../../crates/engine/src/codec.rs"]
mod codec;
#[path = "../../../crates/engine/src/config.rs"]
mod config;
#[path = "../../../crates/engine/src/error.rs"]
mod error;
#[path = "../../../crates/engine/src/fingerprint.rs"]
mod fingerprint;
#[path = "../../../crates/engine/src/flv.rs"]
mod flv;
#[path = "../../../crates/engine/src/mpjpeg.rs"]
mod mpjpeg;
#[path = "../../../crates/engine/src/nal.rs"]
mod nal;
#[path = "../../../crates/engine/src/packet.rs"]
mod packet;
#[path = "../../../crates/engine/src/pause.rs"]
mod pause;
#[path = "../../../crates/engine/src/redact.rs"]
mod redact;
#[path = "../../../crates/engine/src/registry.rs"]
mod registry;
#[path = "../../../crates/engine/src/relay_message.rs"]
mod relay_message;
#[path = "../../../crates/engine/src/status.rs"]
mod status;
#[path = "../../../crates/engine/src/vault.rs"]
mod vault;

use bytes::Bytes;
use codec::Codec;
use futures_util::FutureExt as _;
use registry::Registry as _;
use relay_message::RelayMessage;

/// What FFmpeg sends, however damaged: tags are at most as long as the stream, and it ends.
pub fn flv(data: &[u8]) {
    let mut reader = flv::FlvReader::new(data);
    let read = async {
        while let Ok(tag) = reader.next().await {
            assert!(tag.payload.len() <= data.len());
        }
    };
    read.now_or_never().expect("a slice is never waited for");
}

/// The same for Motion JPEG.
pub fn mpjpeg(data: &[u8]) {
    let mut reader = mpjpeg::MpjpegReader::new(data);
    let read = async {
        while let Ok(picture) = reader.next().await {
            assert!(picture.len() <= data.len());
        }
    };
    read.now_or_never().expect("a slice is never waited for");
}

/// What cameras send in access units and parameter sets.
pub fn nal(data: &[u8]) {
    let (record, unit) = data.split_at(data.len() / 3);
    for codec in [Codec::H264, Codec::H265] {
        let _ = nal::starts_here(codec, unit);
        let _ = nal::profile(codec, record);
        let stream = nal::annex_b(codec, unit, Some(record));
        // Lengths of four bytes become start codes of four bytes; sets have lengths of two.
        assert!(stream.len() <= 3 * data.len());
    }
}

/// What another instance says, however damaged: what is understood can be said again.
pub fn relay_message(data: &[u8]) {
    let Ok(message) = RelayMessage::decode(Bytes::copy_from_slice(data)) else { return };
    let said = message.encode();
    match (RelayMessage::decode(said.clone()), message) {
        (_, RelayMessage::Unknown) => assert!(said.is_empty()),
        // The time at which a status was told is not told.
        (Ok(RelayMessage::Status(heard)), RelayMessage::Status(told)) => {
            assert_eq!((heard.state, heard.fault), (told.state, told.fault));
        }
        // A kind that this version does not know has become another one.
        (Ok(RelayMessage::End(heard)), RelayMessage::End(told)) => {
            assert_eq!(heard.message(), told.message());
        }
        // A flag or a length of a later version's is not said again.
        (heard, message) => assert_eq!(heard.map(|heard| heard.encode()), Ok(message.encode())),
    }
}

/// A URL that is taken never shows its password, and leads where the checks looked.
pub fn camera_url(text: &str) {
    let Ok(url) = camera_url::CameraUrl::parse(text) else { return };
    let (bare, _) = url.credentials();
    assert_eq!((bare.username(), bare.password()), ("", None));
    // What is shown is the same whatever the password is, so it tells nothing of it.
    let mut other = url.parsed();
    if other.password().is_some()
        && other.set_password(Some("another-password")).is_ok()
        && let Ok(with_other) = camera_url::CameraUrl::parse(other.as_str())
        // Where a host looks like the end of a password, the same text is read in another way.
        && with_other.parsed() == other
    {
        let shown = |url: &camera_url::CameraUrl| format!("{url} {url:?} {}", url.masked());
        assert_eq!(shown(&url), shown(&with_other));
    }
    if let Some(name) = url.replay_name() {
        assert!(!name.contains(['/', '\\']) && name != "..", "{name}");
    }
    assert_eq!(url.clone(), url);
}

/// A camera list from disk: whatever is in it, what is restored can be stored and restored again.
pub fn camera_list(data: &[u8]) {
    let folder = std::env::temp_dir().join(format!("fanlight-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("cameras.json");
    std::fs::write(&path, data).expect("written");
    let registry = registry::FileRegistry::new(&path);
    let loaded = registry.load().expect("a damaged list is no failure");
    assert!(loaded.notice.is_some() || !loaded.cameras.is_empty() || data.len() > 2);
    registry.check().expect("can be stored");
    let again = registry::FileRegistry::new(&path).load().expect("loads");
    assert_eq!(again.cameras, loaded.cameras);
    assert_eq!(again.notice, None);
    std::fs::remove_dir_all(&folder).expect("removed");
}
