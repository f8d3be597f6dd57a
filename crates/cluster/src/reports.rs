//! Owners tell all instances how their cameras are. It goes beside the beats, as no lease depends on
//! it, and only when there is something to tell, or a beat says that there is something to hear.

use std::sync::Arc;
use std::time::Duration;

use fanlight_engine::{CameraId, OwnerReport, Result};

use crate::followers::Followers;
use crate::redis::{Heard, Reports};
use crate::seal::Seal;

/// From one call to the next at least.
const PACE: Duration = Duration::from_millis(100);
/// The same after a failure, or a report that was refused.
const AGAIN: Duration = Duration::from_millis(500);
/// The most reports told in one call, so that it stays short.
const BATCH: usize = 500;

/// What is left to do after a call.
enum Left {
    Nothing,
    More,
    /// Reports were not taken.
    Refused,
}

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
            let rest = match self.once(&mut heard).await {
                Ok(Left::Nothing) => {
                    self.followers.news.notified().await;
                    PACE
                }
                Ok(Left::More) => PACE,
                Ok(Left::Refused) => AGAIN,
                Err(error) => {
                    tracing::debug!("reports: {error}");
                    AGAIN
                }
            };
            tokio::time::sleep(rest).await;
        }
    }

    /// One call, and what is left to do after it.
    async fn once(&self, heard: &mut Heard) -> Result<Left> {
        let mut told = self.followers.unsent(BATCH);
        let is_full = told.len() == BATCH;
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
            if sealed.is_empty() {
                self.followers.hear(&camera, None);
            } else if let Some(report) = self.read(&camera, &sealed) {
                self.followers.hear(&camera, Some(report));
            }
        }
        *heard = exchanged.heard;
        Ok(if !exchanged.refused.is_empty() {
            Left::Refused
        } else if exchanged.more || exchanged.anew || is_full {
            Left::More
        } else {
            Left::Nothing
        })
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
