//! What the settings are, and what they are when nobody chose.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

/// Everything that is kept in the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a settings page")]
pub(crate) struct Values {
    /// The person knows that a closed window goes on serving from the tray.
    pub(crate) told_about_tray: bool,
    /// The API's port; the usual one when none was chosen.
    pub(crate) port: Option<u16>,
    /// Programs on this machine need the token, too.
    pub(crate) token_required: bool,
    /// Origins of web pages that may use the API, besides loopback ones.
    pub(crate) allowed_origins: Vec<String>,
    /// No window comes up at the start, where a tray leads to it.
    pub(crate) start_hidden: bool,
    /// Closing the window hides it, where a tray leads back to it.
    pub(crate) close_to_tray: bool,
    pub(crate) notifications: Notifications,
    /// The FFmpeg to use instead of the bundled one.
    pub(crate) ffmpeg_path: Option<PathBuf>,
    /// The language of the tray and of messages; the system's when none was chosen.
    pub(crate) language: Option<Language>,
    /// What a newer version wrote, kept for it.
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            told_about_tray: false,
            port: None,
            token_required: false,
            allowed_origins: Vec::new(),
            start_hidden: false,
            close_to_tray: true,
            notifications: Notifications::default(),
            ffmpeg_path: None,
            language: None,
            unknown: Map::new(),
        }
    }
}

/// When to tell of cameras that are down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Notifications {
    pub(crate) enabled: bool,
    pub(crate) down_longer_than_seconds: u64,
    /// Between two messages about the same camera.
    pub(crate) cooldown_seconds: u64,
    /// Nothing is told from then on, local time; set together with `quiet_to`.
    pub(crate) quiet_from: Option<ClockTime>,
    pub(crate) quiet_to: Option<ClockTime>,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            enabled: true,
            down_longer_than_seconds: 60,
            cooldown_seconds: 900,
            quiet_from: None,
            quiet_to: None,
        }
    }
}

/// A time of the day in minutes since midnight; `22:00` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClockTime(u16);

impl ClockTime {
    pub(crate) const MIDNIGHT: Self = Self(0);

    pub(crate) fn new(hour: u16, minute: u16) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self(hour * 60 + minute))
    }
}

impl FromStr for ClockTime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        text.split_once(':')
            .filter(|(hour, minute)| digits(hour) && digits(minute))
            .and_then(|(hour, minute)| Self::new(hour.parse().ok()?, minute.parse().ok()?))
            .ok_or("a time is written like 22:00")
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A language that the shell speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    En,
    De,
}

impl Language {
    /// The system's, where we speak it; English elsewhere.
    pub(crate) fn of_system() -> Self {
        // In the order in which the C library looks.
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty());
        Self::of_locale(&locale.unwrap_or_default())
    }

    fn of_locale(locale: &str) -> Self {
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("de") { Self::De } else { Self::En }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("00:00", true)]
    #[case("07:30", true)]
    #[case("23:59", true)]
    #[case("24:00", false)]
    #[case("12:60", false)]
    #[case("7:30", false)]
    #[case("+7:30", false)]
    #[case("0730", false)]
    #[case("", false)]
    fn times(#[case] text: &str, #[case] valid: bool) {
        let time: Result<ClockTime, _> = text.parse();
        assert_eq!(time.map(|t| t.to_string()).ok(), valid.then(|| text.to_owned()));
    }

    #[rstest]
    #[case("de_DE.UTF-8", Language::De)]
    #[case("de", Language::De)]
    #[case("en_US.UTF-8", Language::En)]
    #[case("C.UTF-8", Language::En)]
    #[case("del_XX", Language::En)]
    #[case("", Language::En)]
    fn locales(#[case] locale: &str, #[case] language: Language) {
        assert_eq!(Language::of_locale(locale), language);
    }
}
