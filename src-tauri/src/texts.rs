//! What the shell itself says to people, in each language that it speaks. The page has its own texts.

use crate::settings::Language;

/// The tray's and the messages' texts. Numbers and names go where `{}` is.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) open: &'static str,
    pub(crate) pause: &'static str,
    pub(crate) resume: &'static str,
    pub(crate) start_at_login: &'static str,
    pub(crate) settings: &'static str,
    pub(crate) quit: &'static str,
    pub(crate) no_cameras: &'static str,
    pub(crate) all_paused: &'static str,
    pub(crate) online: &'static str,
    pub(crate) connecting: &'static str,
    pub(crate) no_picture: &'static str,
    pub(crate) down: &'static str,
    pub(crate) signed_out: &'static str,
    pub(crate) stopped: &'static str,
    /// How many are online, and of how many.
    pub(crate) of_cameras_online: &'static str,
    pub(crate) more_cameras: &'static str,
    pub(crate) camera_down: &'static str,
    pub(crate) cameras_down: &'static str,
    pub(crate) camera_back: &'static str,
    pub(crate) cameras_back: &'static str,
    /// After some names.
    pub(crate) and_more: &'static str,
    pub(crate) quit_title: &'static str,
    pub(crate) one_reader: &'static str,
    pub(crate) readers: &'static str,
    pub(crate) one_recording: &'static str,
    pub(crate) recordings: &'static str,
    pub(crate) quit_anyway: &'static str,
    pub(crate) keep_running: &'static str,
}

const EN: Texts = Texts {
    open: "Open Fanlight",
    pause: "Pause all cameras",
    resume: "Resume all cameras",
    start_at_login: "Start at login",
    settings: "Settings…",
    quit: "Quit",
    no_cameras: "No cameras yet",
    all_paused: "All cameras are paused",
    online: "online",
    connecting: "connecting",
    no_picture: "no picture",
    down: "down",
    signed_out: "password refused",
    stopped: "stopped",
    of_cameras_online: "{} of {} cameras online",
    more_cameras: "{} more…",
    camera_down: "{} is down",
    cameras_down: "{} cameras are down",
    camera_back: "{} is back",
    cameras_back: "{} cameras are back",
    and_more: " and {} more",
    quit_title: "Quit Fanlight?",
    one_reader: "1 program reads from your cameras.",
    readers: "{} programs read from your cameras.",
    one_recording: "1 recording is running.",
    recordings: "{} recordings are running.",
    quit_anyway: "Quit anyway",
    keep_running: "Keep running",
};

const DE: Texts = Texts {
    open: "Fanlight öffnen",
    pause: "Alle Kameras anhalten",
    resume: "Alle Kameras fortsetzen",
    start_at_login: "Beim Anmelden starten",
    settings: "Einstellungen …",
    quit: "Beenden",
    no_cameras: "Noch keine Kameras",
    all_paused: "Alle Kameras sind angehalten",
    online: "online",
    connecting: "verbindet",
    no_picture: "kein Bild",
    down: "ausgefallen",
    signed_out: "Passwort abgelehnt",
    stopped: "gestoppt",
    of_cameras_online: "{} von {} Kameras online",
    more_cameras: "{} weitere …",
    camera_down: "{} ist ausgefallen",
    cameras_down: "{} Kameras sind ausgefallen",
    camera_back: "{} ist wieder da",
    cameras_back: "{} Kameras sind wieder da",
    and_more: " und {} weitere",
    quit_title: "Fanlight beenden?",
    one_reader: "1 Programm liest von Ihren Kameras.",
    readers: "{} Programme lesen von Ihren Kameras.",
    one_recording: "1 Aufnahme läuft.",
    recordings: "{} Aufnahmen laufen.",
    quit_anyway: "Trotzdem beenden",
    keep_running: "Weiterlaufen lassen",
};

impl Texts {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::De => &DE,
        }
    }
}

/// A text with each `{}` replaced, in order.
pub(crate) fn filled(text: &str, parts: &[&dyn std::fmt::Display]) -> String {
    let mut filled = String::new();
    let mut parts = parts.iter();
    let mut pieces = text.split("{}");
    filled.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        if let Some(part) = parts.next() {
            filled.push_str(&part.to_string());
        }
        filled.push_str(piece);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("{} of {}", "2 of 3")]
    #[case("none", "none")]
    #[case("{}, {} and {}", "2, 3 and ")]
    fn fills(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(filled(text, &[&2, &"3"]), expected);
    }
}
