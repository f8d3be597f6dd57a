//! Finds out what happens: compares what the engine tells now with what it told before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fanlight_engine::{Camera, CameraId, Engine, ErrorKind, State};
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

use crate::events::{Event, Format, What, Who, Why};
use crate::journal::Journal;

/// How often frozen pictures are looked for, which the engine does not announce.
const PERIOD: Duration = Duration::from_secs(5);

/// Writes down what happens from now on, until the engine shuts down.
pub(crate) fn start(engine: Engine, journal: Arc<Journal>) {
    let before = (engine.paused().is_some(), look(&engine));
    tokio::spawn(run(engine, before, journal));
}

async fn run(engine: Engine, (mut was_paused, mut before): (bool, Seen), journal: Arc<Journal>) {
    let mut changes = engine.changes();
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_paused = engine.paused().is_some();
        if is_paused != was_paused {
            let what = if is_paused { What::CamerasPaused } else { What::CamerasResumed };
            journal.write(Event::of_all(what));
            was_paused = is_paused;
        }
        let mut now = look(&engine);
        for event in compare(&before, &mut now) {
            journal.write(event);
        }
        before = now;
        tokio::select! {
            _ = ticks.tick() => {}
            _ = changes.changed() => {}
            () = engine.ended() => break,
        }
    }
    journal.end();
}

/// What can be compared of all cameras.
type Seen = BTreeMap<CameraId, Sight>;

/// What can be compared of one.
#[derive(Debug, Clone)]
struct Sight {
    name: String,
    rtsp_url: String,
    created_at: Timestamp,
    condition: Condition,
    format: Option<Format>,
    consumers: BTreeMap<u64, Who>,
}

#[derive(Debug, Clone)]
enum Condition {
    /// Being connected, for the first time or again, or paused: nothing has happened yet.
    Undecided,
    Online,
    /// The picture has been the same since then.
    Frozen {
        since: Timestamp,
    },
    Stalled,
    Offline(State, Option<Why>),
    Stopped,
}

impl Condition {
    /// Whether somebody should hear of it. The same failure in other words is no news.
    fn is_news_after(&self, before: &Self) -> bool {
        let code = |why: &Option<Why>| why.as_ref().map(|why| why.code);
        match (before, self) {
            (_, Self::Undecided)
            | (Self::Online, Self::Online)
            | (Self::Frozen { .. }, Self::Frozen { .. })
            | (Self::Stalled, Self::Stalled)
            | (Self::Stopped, Self::Stopped) => false,
            (Self::Offline(s, w), Self::Offline(state, why)) => s != state || code(w) != code(why),
            _ => true,
        }
    }

    fn tell(&self) -> What {
        match self {
            Self::Undecided => unreachable!("is never news"),
            Self::Online => What::CameraOnline,
            Self::Frozen { since } => What::CameraFrozen { since: *since },
            Self::Stalled => What::CameraStalled,
            Self::Offline(state, error) => {
                What::CameraOffline { state: state.name(), error: error.clone() }
            }
            Self::Stopped => What::CameraStopped,
        }
    }
}

fn look(engine: &Engine) -> Seen {
    engine.cameras().iter().map(|camera| (camera.id().clone(), sight(camera))).collect()
}

fn sight(camera: &Camera) -> Sight {
    let snapshot = camera.snapshot();
    let status = snapshot.status().clone();
    // All are told of at once.
    let is_paused = status.fault.as_ref().is_some_and(|fault| fault.kind == ErrorKind::Paused);
    let why = status.fault.map(|f| Why { code: f.kind.code(), message: f.message });
    let consumers = camera.consumers().into_iter().map(|c| {
        let who = Who { id: c.id, kind: c.info.kind.name(), name: c.info.name, pid: c.info.pid };
        (c.id, who)
    });
    Sight {
        name: snapshot.config.name.clone(),
        rtsp_url: snapshot.config.url.masked().to_owned(),
        created_at: snapshot.created_at,
        condition: match status.state {
            State::Connecting => Condition::Undecided,
            State::Stopped if is_paused => Condition::Undecided,
            State::Online => match snapshot.main.frozen_since {
                None => Condition::Online,
                Some(since) => Condition::Frozen { since },
            },
            State::Stalled => Condition::Stalled,
            State::Stopped => Condition::Stopped,
            State::Reconnecting | State::AuthFailed | State::Error => {
                Condition::Offline(status.state, why)
            }
        },
        format: snapshot.main.info.map(|stream| Format {
            codec: stream.codec.name(),
            width: stream.width,
            height: stream.height,
        }),
        consumers: consumers.collect(),
    }
}

/// What happened between two looks. What is undecided now keeps the condition it had, so that a
/// camera which comes back from being offline is told once.
fn compare(before: &Seen, now: &mut Seen) -> Vec<Event> {
    let mut events = Vec::new();
    let mut tell = |id: &CameraId, what| events.push(Event::now(id, what));
    // Removed and added again between two looks is another camera under an old id.
    let same = |a: &Sight, b: &Sight| a.created_at == b.created_at;
    for (id, old) in before {
        if !now.get(id).is_some_and(|new| same(old, new)) {
            tell(id, What::CameraRemoved);
        }
    }
    for (id, new) in now {
        let old = before.get(id).filter(|old| same(old, new));
        if old.is_none() {
            let (name, rtsp_url) = (new.name.clone(), new.rtsp_url.clone());
            tell(id, What::CameraAdded { name, rtsp_url });
        }
        let was = old.map_or(&Condition::Undecided, |old| &old.condition);
        if matches!(new.condition, Condition::Undecided) {
            new.condition = was.clone();
        } else if new.condition.is_news_after(was) {
            tell(id, new.condition.tell());
        }
        if let (Some(was), Some(is)) = (old.and_then(|old| old.format), new.format)
            && was != is
        {
            tell(id, What::CameraFormatChanged { video: is });
        }
        new.format = new.format.or(old.and_then(|old| old.format));
        let none = BTreeMap::new();
        let readers = old.map_or(&none, |old| &old.consumers);
        for (_, who) in readers.iter().filter(|(id, _)| !new.consumers.contains_key(id)) {
            tell(id, What::ConsumerLeft { consumer: who.clone() });
        }
        for (_, who) in new.consumers.iter().filter(|(id, _)| !readers.contains_key(id)) {
            tell(id, What::ConsumerJoined { consumer: who.clone() });
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door() -> CameraId {
        CameraId::parse("door").expect("valid")
    }

    fn sight(condition: Condition) -> Sight {
        Sight {
            name: "Door".into(),
            rtsp_url: "rtsp://192.0.2.1/".into(),
            created_at: Timestamp::UNIX_EPOCH,
            condition,
            format: None,
            consumers: BTreeMap::new(),
        }
    }

    fn offline(state: State, code: &'static str, message: &str) -> Condition {
        Condition::Offline(state, Some(Why { code, message: message.into() }))
    }

    /// What is told of a camera that is seen like this, one look after the other.
    fn told(looks: impl IntoIterator<Item = Option<Sight>>) -> Vec<What> {
        let mut before = Seen::new();
        let mut events = Vec::new();
        for look in looks {
            let mut now: Seen = look.into_iter().map(|sight| (door(), sight)).collect();
            events.extend(compare(&before, &mut now));
            before = now;
        }
        events.into_iter().map(|event| event.what).skip(1).collect()
    }

    #[test]
    fn a_camera_that_drops_out_and_comes_back_is_told_twice() {
        let looks = [
            Condition::Undecided,
            Condition::Online,
            Condition::Online,
            offline(State::Reconnecting, "camera_unreachable", "refused"),
            Condition::Undecided,
            offline(State::Reconnecting, "camera_unreachable", "refused, again"),
            Condition::Undecided,
            Condition::Online,
        ];
        let error = Why { code: "camera_unreachable", message: "refused".into() };
        assert_eq!(
            told(looks.map(|condition| Some(sight(condition)))),
            [
                What::CameraOnline,
                What::CameraOffline { state: "reconnecting", error: Some(error) },
                What::CameraOnline,
            ]
        );
    }

    #[test]
    fn a_picture_that_freezes_and_moves_again_is_told_twice() {
        let since = Timestamp::UNIX_EPOCH;
        let frozen = Condition::Frozen { since };
        let looks = [Condition::Online, frozen.clone(), frozen, Condition::Online];
        assert_eq!(
            told(looks.map(|condition| Some(sight(condition)))),
            [What::CameraOnline, What::CameraFrozen { since }, What::CameraOnline]
        );
    }

    #[test]
    fn another_failure_is_news() {
        let looks = [
            offline(State::Reconnecting, "camera_unreachable", "refused"),
            offline(State::AuthFailed, "auth_failed", "wrong password"),
        ];
        assert_eq!(told(looks.map(|condition| Some(sight(condition)))).len(), 2);
    }

    #[test]
    fn a_camera_is_added_and_removed_once() {
        let again = Sight { created_at: Timestamp::now(), ..sight(Condition::Undecided) };
        let looks = [Some(sight(Condition::Undecided)), Some(again.clone()), Some(again), None];
        let added = What::CameraAdded { name: "Door".into(), rtsp_url: "rtsp://192.0.2.1/".into() };
        assert_eq!(told(looks), [What::CameraRemoved, added, What::CameraRemoved]);
    }

    #[test]
    fn another_size_is_told_and_the_first_is_not() {
        let format = |width: Option<u32>| {
            let format = width.map(|width| Format { codec: "h264", width, height: 360 });
            Some(Sight { format, ..sight(Condition::Undecided) })
        };
        let looks = [None, Some(640), Some(640), None, Some(640), Some(1280)].map(format);
        let video = Format { codec: "h264", width: 1280, height: 360 };
        assert_eq!(told(looks), [What::CameraFormatChanged { video }]);
    }

    #[test]
    fn consumers_come_and_go() {
        let who = |id| Who { id, kind: "http", name: format!("script {id}"), pid: None };
        let read_by = |ids: &[u64]| {
            let consumers = ids.iter().map(|id| (*id, who(*id))).collect();
            Some(Sight { consumers, ..sight(Condition::Undecided) })
        };
        let joined = |id| What::ConsumerJoined { consumer: who(id) };
        let left = |id| What::ConsumerLeft { consumer: who(id) };
        assert_eq!(
            told([read_by(&[]), read_by(&[1]), read_by(&[1, 2]), read_by(&[2])]),
            [joined(1), joined(2), left(1)]
        );
    }
}
