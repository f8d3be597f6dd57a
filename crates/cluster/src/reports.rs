//! Owners tell all instances how their cameras are. It goes beside the beats and at its own pace, as
//! no lease depends on it.

use std::sync::Arc;
use std::time::Duration;

use fanlight_engine::{CameraId, OwnerReport, Result};

use crate::followers::Followers;
use crate::redis::{Heard, Reports};
use crate::seal::Seal;

/// From one call to the next.
const PACE: Duration = Duration::from_millis(500);
/// The same while there is something to tell or to hear.
const BUSY: Duration = Duration::from_millis(100);
/// The most reports told in one call, so that it stays short.
const BATCH: usize = 500;

/// One instance's part in it.
pub(crate) struct Reporting {
    /// Its name.
    pub(crate) name: String,
    pub(crate) store: Reports,
    pub(crate) seal: Arc<Seal>,
    /// What reports are bound to.
    pub(crate) bound: String,
    pub(crate) followers: Arc<Followers>,
}

impl Reporting {
    /// Tells and hears, until dropped.
    pub(crate) async fn run(self) {
        let mut heard = Heard::default();
        loop {
            let is_busy = match self.once(&mut heard).await {
                Ok(is_busy) => is_busy,
                Err(error) => {
                    tracing::debug!("reports: {error}");
                    false
                }
            };
            tokio::time::sleep(BUSY).await;
            if !is_busy {
                let spoke = self.followers.spoke.notified();
                let _ = tokio::time::timeout(PACE - BUSY, spoke).await;
            }
        }
    }

    /// One call. Whether there is more to do at once.
    async fn once(&self, heard: &mut Heard) -> Result<bool> {
        let mut told = self.followers.unsent(BATCH);
        let sealed: Vec<_> = told
            .iter()
            .map(|(camera, report)| Ok((camera.clone(), self.write(camera, report)?)))
            .collect::<Result<_>>()?;
        let exchanged = self.store.exchange(heard, &sealed).await?;
        if exchanged.anew {
            self.followers.tell_all_again();
        }
        // Those are told again when the lease is where it belongs.
        told.retain(|(camera, _)| !exchanged.refused.iter().any(|id| id == camera.as_str()));
        self.followers.sent(&told);
        for (camera, sealed) in exchanged.news {
            let report = if sealed.is_empty() {
                None
            } else {
                match self.read(&camera, &sealed) {
                    Some(report) => Some(report),
                    None => continue,
                }
            };
            self.followers.hear(&camera, report);
        }
        *heard = exchanged.heard;
        let is_full = told.len() == BATCH;
        Ok(exchanged.more || is_full)
    }

    fn write(&self, camera: &CameraId, report: &OwnerReport) -> Result<Vec<u8>> {
        let plain = [self.name.as_bytes(), b"\n", &report.encode()].concat();
        self.seal.seal(&self.bound, camera, &plain)
    }

    /// None for what another version or another key wrote: then nothing is known of the camera.
    fn read(&self, camera: &CameraId, sealed: &[u8]) -> Option<(String, OwnerReport)> {
        let plain = self.seal.open(&self.bound, camera, sealed).ok()?;
        let end = plain.iter().position(|byte| *byte == b'\n')?;
        let by = String::from_utf8(plain[..end].to_vec()).ok()?;
        Some((by, OwnerReport::decode(&plain[end + 1..])?))
    }
}
