//! What makes a move of a camera between instances unnoticeable: its owner tells the others how it
//! is, and the others keep in mind what was asked of it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::config::CameraId;
use crate::owner_report::OwnerReport;
use crate::ownership::{Hold, Ownership};
use crate::recorder::Recorder;
use crate::status::Status;

/// One camera's part in it.
pub(crate) struct Handover {
    pub(crate) camera: CameraId,
    pub(crate) ownership: Arc<dyn Ownership>,
    pub(crate) hold: watch::Receiver<Hold>,
    /// What the owner tells.
    pub(crate) reports: watch::Receiver<Option<OwnerReport>>,
    /// The main stream's.
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) recorder: Arc<Recorder>,
}

impl Handover {
    /// Tells while the camera is open here and listens while it is not, until the senders are gone.
    pub(crate) async fn run(mut self) {
        let (mut wish, mut told) = (self.recorder.wish(), self.recorder.told());
        loop {
            let report = self.reports.borrow_and_update().clone();
            let is_here = *self.hold.borrow_and_update() == Hold::Here;
            if is_here {
                let state = told.borrow_and_update().state();
                let wish = *wish.borrow_and_update();
                let now = OwnerReport::new(&self.status.borrow_and_update(), state, wish);
                self.ownership.report(&self.camera, now);
            } else if let Some(report) = report {
                self.recorder.take_over(report.wish);
            }
            tokio::select! {
                Ok(()) = self.hold.changed() => {}
                Ok(()) = self.reports.changed() => {}
                Ok(()) = self.status.changed(), if is_here => {}
                Ok(()) = wish.changed(), if is_here => {}
                Ok(()) = told.changed(), if is_here => {}
                else => return,
            }
        }
    }
}
