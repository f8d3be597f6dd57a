//! Tells the person about cameras that are down for longer, and when they are back. What is told
//! and when is in `decision`, how in `service`.

mod decision;
mod service;

use std::time::{Duration, Instant};

use fanlight_engine::{Camera, State};
use jiff::Zoned;
use tauri::{AppHandle, Manager as _};
use tokio::time::MissedTickBehavior;

use crate::desktop::Desktop;
use crate::settings::ClockTime;
use crate::texts::{Texts, filled};
use decision::{Condition, Decision, Notice, Seen};

const TICK: Duration = Duration::from_secs(1);
/// Names in one message; the others are a number.
const MAX_NAMES: usize = 5;

/// Tells until the app ends.
pub(crate) async fn run(app: AppHandle) {
    let desktop = app.state::<Desktop>();
    let started = Instant::now();
    let mut decision = Decision::default();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let settings = desktop.settings.values().notifications;
        let cameras: Vec<Seen> =
            desktop.engine.cameras().iter().map(|camera| seen(camera)).collect();
        let texts = Texts::of(desktop.settings.language());
        for notice in decision.at(started.elapsed(), clock(), &settings, &cameras) {
            let (title, text) = words(&notice, texts);
            tracing::info!("{title}");
            service::show(&app, &title, &text).await;
        }
    }
}

fn seen(camera: &Camera) -> Seen {
    let status = camera.status();
    let status = status.borrow();
    let condition = match status.state {
        State::Online => Condition::Up,
        State::Stopped => Condition::Idle,
        // The first try says nothing; one after a failure does.
        State::Connecting if status.fault.is_none() => Condition::Idle,
        _ => Condition::Down,
    };
    Seen { id: camera.id().to_string(), name: camera.config().name.clone(), condition }
}

fn clock() -> ClockTime {
    let now = Zoned::now();
    let (hour, minute) = (now.hour().unsigned_abs(), now.minute().unsigned_abs());
    ClockTime::new(hour.into(), minute.into()).unwrap_or(ClockTime::MIDNIGHT)
}

fn words(notice: &Notice, texts: &Texts) -> (String, String) {
    let (names, one, many) = match notice {
        Notice::Down(names) => (names, texts.camera_down, texts.cameras_down),
        Notice::Back(names) => (names, texts.camera_back, texts.cameras_back),
    };
    match names.as_slice() {
        [name] => (filled(one, &[name]), String::new()),
        names => {
            let mut listed = names[..names.len().min(MAX_NAMES)].join(", ");
            if names.len() > MAX_NAMES {
                listed.push_str(&filled(texts.and_more, &[&(names.len() - MAX_NAMES)]));
            }
            (filled(many, &[&names.len()]), listed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Language;

    #[test]
    fn one_is_named_and_many_are_counted() {
        let texts = Texts::of(Language::En);
        let names = |count: usize| (0..count).map(|n| format!("C{n}")).collect::<Vec<_>>();
        assert_eq!(words(&Notice::Down(names(1)), texts).0, "C0 is down");
        let (title, text) = words(&Notice::Back(names(7)), texts);
        assert_eq!(
            (title.as_str(), text.as_str()),
            ("7 cameras are back", "C0, C1, C2, C3, C4 and 2 more")
        );
    }
}
