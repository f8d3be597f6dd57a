//! What the tray shows of the cameras: decided here, drawn in `tray`.

use fanlight_engine::State;

use crate::texts::{Texts, filled};

/// Cameras with a line of their own; a longer menu does not fit on a screen.
const MAX_LINES: usize = 20;

/// A camera as the tray looks at it.
#[derive(Debug, Clone)]
pub(crate) struct Camera {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: State,
    /// Failed sessions lie behind it, whatever it tries now.
    pub(crate) failing: bool,
}

impl Camera {
    /// Whether somebody should look after it.
    fn is_down(&self) -> bool {
        match self.state {
            State::Online | State::Stopped => false,
            State::Connecting => self.failing,
            State::Stalled | State::Reconnecting | State::AuthFailed | State::Error => true,
        }
    }

    fn state(&self, texts: &Texts) -> &'static str {
        match self.state {
            State::Online => texts.online,
            State::Connecting if !self.failing => texts.connecting,
            State::Stalled => texts.no_picture,
            State::Connecting | State::Reconnecting | State::Error => texts.down,
            State::AuthFailed => texts.signed_out,
            State::Stopped => texts.stopped,
        }
    }
}

/// Which badge the icon bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Badge {
    Plain,
    Ok,
    Problem,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) badge: Badge,
    /// The tooltip, and the menu's first line where there are no tooltips.
    pub(crate) summary: String,
    /// The cameras that have a line: the id, and what it says. Those that are down come first.
    pub(crate) cameras: Vec<(String, String)>,
    /// How many cameras have none.
    pub(crate) more: Option<String>,
    /// What the entry does that pauses and resumes.
    pub(crate) pause: &'static str,
}

/// What there is to show.
pub(crate) fn look(cameras: &[Camera], all_paused: bool, texts: &'static Texts) -> Look {
    let online = cameras.iter().filter(|camera| camera.state == State::Online).count();
    let down = cameras.iter().any(Camera::is_down);
    let mut lines: Vec<&Camera> = cameras.iter().collect();
    if cameras.len() > MAX_LINES {
        // Where not all fit, those that need somebody must.
        lines.sort_by_key(|camera| !camera.is_down());
    }
    let left = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    Look {
        badge: if all_paused || cameras.is_empty() {
            Badge::Plain
        } else if down {
            Badge::Problem
        } else {
            Badge::Ok
        },
        summary: if cameras.is_empty() {
            texts.no_cameras.to_owned()
        } else if all_paused {
            texts.all_paused.to_owned()
        } else {
            filled(texts.of_cameras_online, &[&online, &cameras.len()])
        },
        cameras: lines
            .into_iter()
            // An ampersand would underline the letter after it.
            .map(|c| (c.id.clone(), format!("{}: {}", c.name.replace('&', "&&"), c.state(texts))))
            .collect(),
        more: (left > 0).then(|| filled(texts.more_cameras, &[&left])),
        pause: if all_paused { texts.resume } else { texts.pause },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Language;
    use rstest::rstest;

    fn camera(name: &str, state: State) -> Camera {
        Camera { id: name.to_lowercase(), name: name.to_owned(), state, failing: false }
    }

    #[rstest]
    #[case(State::Online, false, Badge::Ok, "A: online")]
    #[case(State::Connecting, false, Badge::Ok, "A: connecting")]
    #[case(State::Connecting, true, Badge::Problem, "A: down")]
    #[case(State::Stalled, true, Badge::Problem, "A: no picture")]
    #[case(State::Reconnecting, true, Badge::Problem, "A: down")]
    #[case(State::AuthFailed, true, Badge::Problem, "A: password refused")]
    #[case(State::Error, true, Badge::Problem, "A: down")]
    #[case(State::Stopped, false, Badge::Ok, "A: stopped")]
    fn states(
        #[case] state: State,
        #[case] failing: bool,
        #[case] badge: Badge,
        #[case] line: &str,
    ) {
        let look =
            look(&[Camera { failing, ..camera("A", state) }], false, Texts::of(Language::En));
        assert_eq!((look.badge, look.cameras[0].1.as_str()), (badge, line));
    }

    #[test]
    fn the_summary_counts() {
        let cameras = [camera("A", State::Online), camera("B", State::Reconnecting)];
        let texts = Texts::of(Language::De);
        assert_eq!(look(&cameras, false, texts).summary, "1 von 2 Kameras online");
        assert_eq!(look(&[], false, texts).summary, "Noch keine Kameras");
        let paused = look(&cameras, true, texts);
        assert_eq!((paused.badge, paused.pause), (Badge::Plain, texts.resume));
        assert_eq!(look(&cameras, false, texts).pause, texts.pause);
    }

    #[test]
    fn of_many_cameras_those_that_are_down_are_seen() {
        let mut cameras: Vec<_> =
            (0..30).map(|n| camera(&format!("C{n}"), State::Online)).collect();
        cameras.push(camera("Door & gate", State::Error));
        let look = look(&cameras, false, Texts::of(Language::En));
        assert_eq!(look.cameras.len(), MAX_LINES);
        assert_eq!(look.cameras[0].1, "Door && gate: down");
        assert_eq!(look.more.as_deref(), Some("11 more…"));
    }
}
