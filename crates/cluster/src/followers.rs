//! Everyone in the engine who wants to know whose a camera is and how it is there, and what the
//! engine has to tell of those that are open here.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fanlight_engine::{CameraId, Error, ErrorKind, Hold, OwnerReport, Ownership};
use tokio::sync::{Notify, watch};

/// Between the cluster and the engine.
#[derive(Default)]
pub(crate) struct Followers {
    state: Mutex<State>,
    /// Somebody new is there.
    pub(crate) came: Notify,
    /// There is something to tell the others, or to hear of them.
    pub(crate) news: Notify,
}

#[derive(Default)]
struct State {
    cameras: HashMap<CameraId, Follower>,
    /// What others tell, also of cameras that nobody follows yet, and who.
    heard: HashMap<CameraId, (String, OwnerReport)>,
    /// What this instance tells of cameras that are open here.
    own: HashMap<CameraId, OwnerReport>,
    /// What of that the others do not know yet.
    unsent: BTreeSet<CameraId>,
}

struct Follower {
    hold: watch::Sender<Hold>,
    report: watch::Sender<Option<OwnerReport>>,
}

impl fmt::Debug for Followers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Followers")
    }
}

impl Ownership for Followers {
    fn follow(&self, camera: &CameraId) -> watch::Receiver<Hold> {
        let hold = self.state().follower(camera).hold.subscribe();
        self.came.notify_one();
        hold
    }

    fn reports(&self, camera: &CameraId) -> Option<watch::Receiver<Option<OwnerReport>>> {
        Some(self.state().follower(camera).report.subscribe())
    }

    fn report(&self, camera: &CameraId, report: OwnerReport) {
        let mut state = self.state();
        if !state.cameras.contains_key(camera) || state.own.get(camera) == Some(&report) {
            return;
        }
        state.own.insert(camera.clone(), report);
        state.unsent.insert(camera.clone());
        self.news.notify_one();
    }
}

impl State {
    fn follower(&mut self, camera: &CameraId) -> &Follower {
        self.cameras.entry(camera.clone()).or_insert_with(|| Follower {
            hold: watch::Sender::new(Hold::Nobody(Error::new(
                ErrorKind::SharedStateUnavailable,
                "it is not decided yet which instance opens this camera",
            ))),
            report: watch::Sender::new(None),
        })
    }

    /// Hands on what the camera's owner tells; what a former one told is of no interest any more.
    fn hand_on(&self, camera: &CameraId) {
        let Some(follower) = self.cameras.get(camera) else { return };
        let now = match &*follower.hold.borrow() {
            Hold::There(peer) => {
                self.heard.get(camera).filter(|(by, _)| *by == peer.name).map(|(_, report)| report)
            }
            Hold::Here | Hold::Nobody(_) => None,
        };
        set(&follower.report, now.cloned());
    }
}

/// Tells those who follow a value, if it changed.
fn set<T: PartialEq>(sender: &watch::Sender<T>, now: T) -> bool {
    sender.send_if_modified(|before| {
        let changed = *before != now;
        if changed {
            *before = now;
        }
        changed
    })
}

impl Followers {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose each camera is now.
    pub(crate) fn tell(&self, hold: impl Fn(&CameraId) -> Hold) {
        let state = &mut *self.state();
        let mut moved = Vec::new();
        state.cameras.retain(|camera, follower| {
            let is_followed =
                follower.hold.receiver_count() > 0 || follower.report.receiver_count() > 0;
            let now = hold(camera);
            if !is_followed || now != Hold::Here {
                // That is for others to tell now, or for nobody.
                state.own.remove(camera);
                state.unsent.remove(camera);
            }
            if is_followed && set(&follower.hold, now) {
                moved.push(camera.clone());
            }
            is_followed
        });
        for camera in &moved {
            state.hand_on(camera);
        }
    }

    /// What the others do not know yet, up to so many cameras.
    pub(crate) fn unsent(&self, most: usize) -> Vec<(CameraId, OwnerReport)> {
        let state = self.state();
        let reports = state.unsent.iter().filter_map(|id| state.own.get_key_value(id));
        reports.take(most).map(|(id, report)| (id.clone(), report.clone())).collect()
    }

    /// These were told; what was reported since is not.
    pub(crate) fn sent(&self, told: &[(CameraId, OwnerReport)]) {
        let state = &mut *self.state();
        for (camera, report) in told {
            if state.own.get(camera).is_none_or(|now| now == report) {
                state.unsent.remove(camera);
            }
        }
    }

    /// Whoever remembered what was told remembers it no more.
    pub(crate) fn tell_all_again(&self) {
        let state = &mut *self.state();
        state.unsent = state.own.keys().cloned().collect();
    }

    /// What an instance tells of a camera; none once it is removed.
    pub(crate) fn hear(&self, camera: &CameraId, told: Option<(String, OwnerReport)>) {
        let state = &mut *self.state();
        match told {
            Some(told) => drop(state.heard.insert(camera.clone(), told)),
            None => drop(state.heard.remove(camera)),
        }
        state.hand_on(camera);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanlight_engine::Peer;

    fn id(text: &str) -> CameraId {
        CameraId::parse(text).expect("valid")
    }

    fn there(name: &str) -> Hold {
        let url = "http://192.0.2.1".parse().expect("a URL");
        Hold::There(Peer { name: name.to_owned(), url })
    }

    fn report(state: &str) -> OwnerReport {
        let text =
            format!(r#"{{"status": {{"state": "{state}"}}, "since": "2026-01-01T00:00:00Z"}}"#);
        OwnerReport::decode(text.as_bytes()).expect("a report")
    }

    #[test]
    fn only_the_owner_is_heard() {
        let followers = Followers::default();
        followers.hear(&id("door"), Some(("a".to_owned(), report("online"))));
        let told = followers.reports(&id("door")).expect("followed");
        assert_eq!(*told.borrow(), None, "nobody knows who owns it");
        followers.tell(|_| there("a"));
        assert_eq!(*told.borrow(), Some(report("online")), "it was told before anybody followed");
        followers.tell(|_| there("b"));
        assert_eq!(*told.borrow(), None, "the new owner has told nothing yet");
        followers.hear(&id("door"), Some(("b".to_owned(), report("stalled"))));
        assert_eq!(*told.borrow(), Some(report("stalled")));
        followers.tell(|_| Hold::Here);
        assert_eq!(*told.borrow(), None, "nobody tells this instance of its own cameras");
        followers.tell(|_| there("b"));
        followers.hear(&id("door"), None);
        assert_eq!(*told.borrow(), None, "it was removed");
    }

    #[test]
    fn what_changes_while_it_is_told_is_told_again() {
        let followers = Followers::default();
        let _hold = followers.follow(&id("door"));
        followers.tell(|_| Hold::Here);
        followers.report(&id("door"), report("connecting"));
        let told = followers.unsent(10);
        assert_eq!(told, [(id("door"), report("connecting"))]);
        followers.report(&id("door"), report("online"));
        followers.sent(&told);
        assert_eq!(followers.unsent(10), [(id("door"), report("online"))]);
        followers.sent(&followers.unsent(10));
        assert_eq!(followers.unsent(10), []);
        followers.tell_all_again();
        assert_eq!(followers.unsent(10), [(id("door"), report("online"))]);
        followers.sent(&followers.unsent(10));
        followers.report(&id("door"), report("online"));
        assert_eq!(followers.unsent(10), [], "they know it");
        followers.tell(|_| there("a"));
        assert_eq!(followers.unsent(10), [], "that is for others to tell now");
        followers.tell(|_| Hold::Here);
        followers.report(&id("door"), report("online"));
        assert_eq!(followers.unsent(10), [(id("door"), report("online"))], "another told since");
    }

    #[test]
    fn nothing_is_told_of_a_camera_that_was_removed() {
        let followers = Followers::default();
        let hold = followers.follow(&id("door"));
        followers.tell(|_| Hold::Here);
        followers.report(&id("door"), report("online"));
        drop(hold);
        followers.tell(|_| Hold::Here);
        followers.report(&id("door"), report("stalled"));
        followers.tell_all_again();
        assert_eq!(followers.unsent(10), []);
    }
}
