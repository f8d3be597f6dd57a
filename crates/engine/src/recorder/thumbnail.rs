//! A recording's first picture, small. Made by the engine's own decoder when somebody first looks.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::movie;
use crate::config::Size;
use crate::error::{Error, ErrorKind, Result};
use crate::packet::{AccessUnit, Clock};
use crate::packet_feed::PacketFeed;
use crate::probe;
use crate::sidecar::Sidecar;

/// Thumbnails that are kept, of some ten kilobytes each.
const KEPT: usize = 256;
/// A decoder that shows nothing for this long will not.
const PATIENCE: Duration = Duration::from_secs(10);

/// The last thumbnails.
#[derive(Debug, Default)]
pub(super) struct Thumbnails(Mutex<VecDeque<(String, u32, Bytes)>>);

impl Thumbnails {
    pub(super) fn find(&self, id: &str, width: u32) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(i, w, _)| i == id && *w == width);
        found.map(|(_, _, jpeg)| jpeg.clone())
    }

    pub(super) fn keep(&self, id: &str, width: u32, jpeg: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((id.to_owned(), width, jpeg));
    }
}

/// Decodes the first picture of a recording.
pub(super) async fn make(sidecar: &Sidecar, path: PathBuf, width: u32) -> Result<Bytes> {
    let shown = path.display().to_string();
    let reading = tokio::task::spawn_blocking(move || movie::first_keyframe(&path));
    let unreadable = |why: &dyn std::fmt::Display| {
        Error::new(ErrorKind::DecodeFailed, format!("{shown} holds no picture yet: {why}"))
    };
    let (stream, data) = reading.await.map_err(|e| unreadable(&e))?.map_err(|e| unreadable(&e))?;
    let size = Size::with_width(width, Size::new(stream.width, stream.height)?)?;
    let feed = Arc::new(PacketFeed::new(1));
    let (captured_at, clock) = (Timestamp::now(), Clock::Arrival);
    let stream = Arc::new(stream);
    feed.push(AccessUnit {
        stream,
        captured_at,
        clock,
        pts: 0,
        keyframe: true,
        data,
        lost: 0,
        relayed: None,
    });
    let mut reader = feed.reader();
    tokio::time::timeout(PATIENCE, probe::picture(sidecar, &mut reader, size))
        .await
        .map_err(|_| unreadable(&"the decoder shows nothing"))?
}
