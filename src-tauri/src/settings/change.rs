//! Which changes to the settings are good, and what they lead to. Pure: whether a port is free, a
//! file is there, or the system agrees is for whoever puts them in force.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::values::{ClockTime, Notifications, Values};

/// Origins that can be allowed at a time.
const MAX_ORIGINS: usize = 64;
/// Shorter gaps are what cameras do; longer than a day nobody waits.
const DOWN_SECONDS: std::ops::RangeInclusive<u64> = 5..=86_400;
const COOLDOWN_SECONDS: std::ops::RangeInclusive<u64> = 0..=86_400;

/// Why a change was not made; nothing changed then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The setting that is meant, if it is one.
    pub(crate) field: Option<String>,
}

impl Refused {
    pub(crate) fn new(code: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: Some(field.to_owned()) }
    }
}

/// What a change asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct Changed {
    pub(crate) values: Values,
    /// The system keeps this one, not our file.
    pub(crate) start_at_login: Option<bool>,
}

/// The settings after a change of those that it names; the others stay.
pub(crate) fn change(values: &Values, patch: Map<String, Value>) -> Result<Changed, Refused> {
    let mut changed = Changed { values: values.clone(), start_at_login: None };
    for (field, value) in patch {
        set(&mut changed, &field, value)?;
    }
    Ok(changed)
}

fn set(changed: &mut Changed, field: &str, value: Value) -> Result<(), Refused> {
    let invalid = |message: String| Refused::new("invalid_setting", field, message);
    let values = &mut changed.values;
    match field {
        "port" => {
            let port: Option<u16> =
                parsed(value, "a port from 1 to 65535, or null").map_err(invalid)?;
            if port == Some(0) {
                return Err(invalid("a port from 1 to 65535, or null".to_owned()));
            }
            values.port = port;
        }
        "token_required" => values.token_required = switch(value).map_err(invalid)?,
        "start_hidden" => values.start_hidden = switch(value).map_err(invalid)?,
        "close_to_tray" => values.close_to_tray = switch(value).map_err(invalid)?,
        "start_at_login" => changed.start_at_login = Some(switch(value).map_err(invalid)?),
        "allowed_origins" => values.allowed_origins = origins(value).map_err(invalid)?,
        "notifications" => {
            values.notifications = notifications(&values.notifications, value).map_err(invalid)?;
        }
        "ffmpeg_path" => {
            let path: Option<PathBuf> = parsed(value, "a path, or null").map_err(invalid)?;
            if path.as_ref().is_some_and(|path| !path.is_absolute()) {
                return Err(invalid("write the whole path, from the root on".to_owned()));
            }
            values.ffmpeg_path = path;
        }
        "language" => values.language = parsed(value, "en, de or null").map_err(invalid)?,
        _ => {
            return Err(Refused::new(
                "unknown_setting",
                field,
                format!("there is no setting {field} that can be changed"),
            ));
        }
    }
    Ok(())
}

fn parsed<T: DeserializeOwned>(value: Value, what: &str) -> Result<T, String> {
    serde_json::from_value(value).map_err(|_| what.to_owned())
}

fn switch(value: Value) -> Result<bool, String> {
    parsed(value, "true or false")
}

/// As browsers send them: scheme and host in lower case, the port when it is not the usual one.
fn origins(value: Value) -> Result<Vec<String>, String> {
    let texts: Vec<String> = parsed(value, "a list of origins")?;
    if texts.len() > MAX_ORIGINS {
        return Err(format!("{MAX_ORIGINS} origins at most"));
    }
    let mut origins = Vec::new();
    for text in texts {
        let origin = origin(text.trim()).ok_or_else(|| {
            format!("{text:?} is no origin; write it like https://app.example, without a path")
        })?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(origins)
}

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    (matches!(url.scheme(), "http" | "https") && bare).then(|| url.origin().ascii_serialization())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null, or a time")]
struct NotificationsChange {
    enabled: Option<bool>,
    down_longer_than_seconds: Option<u64>,
    cooldown_seconds: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    quiet_from: Option<Option<ClockTime>>,
    #[serde(default, deserialize_with = "present")]
    quiet_to: Option<Option<ClockTime>>,
}

/// Tells `null`, which takes a value away, from absence, which leaves it.
#[expect(clippy::option_option, reason = "absent, null, or a time")]
fn present<'de, D>(deserializer: D) -> Result<Option<Option<ClockTime>>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

fn notifications(former: &Notifications, value: Value) -> Result<Notifications, String> {
    let change: NotificationsChange =
        serde_json::from_value(value).map_err(|error| error.to_string())?;
    let next = Notifications {
        enabled: change.enabled.unwrap_or(former.enabled),
        down_longer_than_seconds: change
            .down_longer_than_seconds
            .unwrap_or(former.down_longer_than_seconds),
        cooldown_seconds: change.cooldown_seconds.unwrap_or(former.cooldown_seconds),
        quiet_from: change.quiet_from.unwrap_or(former.quiet_from),
        quiet_to: change.quiet_to.unwrap_or(former.quiet_to),
    };
    let within = |what: &str, seconds: u64, range: &std::ops::RangeInclusive<u64>| {
        let (least, most) = (range.start(), range.end());
        range
            .contains(&seconds)
            .then_some(())
            .ok_or_else(|| format!("{what} is from {least} to {most} seconds"))
    };
    within("down_longer_than_seconds", next.down_longer_than_seconds, &DOWN_SECONDS)?;
    within("cooldown_seconds", next.cooldown_seconds, &COOLDOWN_SECONDS)?;
    if next.quiet_from.is_some() != next.quiet_to.is_some() {
        return Err("quiet hours need a beginning and an end".to_owned());
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let before = Values { port: Some(9000), token_required: true, ..Values::default() };
        let patch = json!({"start_hidden": true, "port": null, "start_at_login": true});
        let changed = change(&before, object(patch)).expect("good");
        let expected = Values { port: None, start_hidden: true, ..before };
        assert_eq!(changed, Changed { values: expected, start_at_login: Some(true) });
    }

    #[rstest]
    #[case(json!({"port": 0}))]
    #[case(json!({"port": 65536}))]
    #[case(json!({"port": "8080"}))]
    #[case(json!({"token_required": null}))]
    #[case(json!({"start_hidden": 1}))]
    #[case(json!({"close_to_tray": "yes"}))]
    #[case(json!({"start_at_login": null}))]
    #[case(json!({"allowed_origins": "https://a.example"}))]
    #[case(json!({"allowed_origins": ["https://a.example/path"]}))]
    #[case(json!({"allowed_origins": ["https://user@a.example"]}))]
    #[case(json!({"allowed_origins": ["*"]}))]
    #[case(json!({"allowed_origins": ["null"]}))]
    #[case(json!({"allowed_origins": ["file:///x"]}))]
    #[case(json!({"notifications": {"enabled": 1}}))]
    #[case(json!({"notifications": {"down_longer_than_seconds": 1}}))]
    #[case(json!({"notifications": {"cooldown_seconds": 90_000}}))]
    #[case(json!({"notifications": {"quiet_from": "22:00"}}))]
    #[case(json!({"notifications": {"quiet_from": "25:00", "quiet_to": "07:00"}}))]
    #[case(json!({"notifications": {"loud": true}}))]
    #[case(json!({"ffmpeg_path": "ffmpeg"}))]
    #[case(json!({"ffmpeg_path": 1}))]
    #[case(json!({"language": "fr"}))]
    fn is_refused(#[case] patch: Value) {
        let patch = object(patch);
        let field = patch.keys().next().cloned();
        let refused = change(&Values::default(), patch).expect_err("bad");
        assert_eq!((refused.code, refused.field), ("invalid_setting", field));
        assert!(!refused.message.is_empty());
    }

    #[rstest]
    #[case("port_in_use")]
    #[case("told_about_tray")]
    #[case("secrets")]
    fn cannot_be_changed(#[case] field: &str) {
        let patch = object(json!({ field: true }));
        let refused = change(&Values::default(), patch).expect_err("bad");
        assert_eq!((refused.code, refused.field.as_deref()), ("unknown_setting", Some(field)));
    }

    #[test]
    fn origins_are_as_browsers_send_them_and_once() {
        let given = ["HTTPS://App.Example/", "https://app.example:443", "http://x.example:3000"];
        let changed =
            change(&Values::default(), object(json!({"allowed_origins": given}))).expect("good");
        let expected = ["https://app.example", "http://x.example:3000"];
        assert_eq!(changed.values.allowed_origins, expected);
    }

    #[test]
    fn quiet_hours_are_set_and_taken_away() {
        let set = json!({"notifications": {"quiet_from": "22:00", "quiet_to": "07:00"}});
        let set = change(&Values::default(), object(set)).expect("good").values;
        assert_eq!(set.notifications.quiet_from, ClockTime::new(22, 0));
        let other = json!({"notifications": {"enabled": false}});
        let other = change(&set, object(other)).expect("good").values;
        assert_eq!(other.notifications.quiet_to, ClockTime::new(7, 0));
        let away = json!({"notifications": {"quiet_from": null, "quiet_to": null}});
        let away = change(&other, object(away)).expect("good").values;
        assert_eq!((away.notifications.quiet_from, away.notifications.enabled), (None, false));
    }
}
