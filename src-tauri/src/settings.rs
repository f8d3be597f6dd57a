//! What the shell itself remembers, in settings.json of the data folder. Cameras are in the
//! engine's registry. What the settings are is in `values`, which changes are good in `change`;
//! putting them in force is `preferences`' business.

mod change;
mod values;

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use atomic_write_file::AtomicWriteFile;
use serde_json::{Map, Value};
use tokio::sync::watch;

pub(crate) use change::{Changed, Refused, change};
pub(crate) use values::{ClockTime, Language, Notifications, Values};

const TOLD_ABOUT_TRAY: &str = "told_about_tray";

/// The settings and their file.
#[derive(Debug)]
pub(crate) struct Settings {
    path: PathBuf,
    values: watch::Sender<Values>,
    /// One writer of the file at a time.
    writing: Mutex<()>,
    /// What was wrong with the file, for a person.
    notice: Option<String>,
}

impl Settings {
    /// Reads the file. What is missing in it has its default; so has what is damaged, and then a
    /// copy of the file is kept beside it.
    pub(crate) fn load(path: PathBuf) -> Self {
        let (values, fault) = match fs::read(&path) {
            Ok(bytes) => read(&bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => (Values::default(), None),
            Err(error) => (Values::default(), Some(format!("it cannot be read ({error})"))),
        };
        let notice = fault.map(|fault| keep_aside(&path, &fault));
        if let Some(notice) = &notice {
            tracing::warn!("{notice}");
        }
        Self { path, values: watch::Sender::new(values), writing: Mutex::default(), notice }
    }

    /// Those in force now.
    pub(crate) fn values(&self) -> Values {
        self.values.borrow().clone()
    }

    /// Those in force, and the changes to them.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Values> {
        self.values.subscribe()
    }

    /// The language of the tray and of messages.
    pub(crate) fn language(&self) -> Language {
        self.values.borrow().language.unwrap_or_else(Language::of_system)
    }

    pub(crate) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Writes the file, then puts the values in force.
    pub(crate) fn replace(&self, values: Values) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if *self.values.borrow() != values {
            self.save(&values)?;
            self.values.send_replace(values);
        }
        Ok(())
    }

    /// True exactly once in the life of this installation. Writes the file.
    pub(crate) fn tells_about_tray(&self) -> bool {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut values = self.values();
        if std::mem::replace(&mut values.told_about_tray, true) {
            return false;
        }
        if let Err(error) = self.save(&values) {
            // The person is told again next time, which is no harm.
            tracing::warn!(path = %self.path.display(), "settings were not saved: {error}");
        }
        self.values.send_replace(values);
        true
    }

    fn save(&self, values: &Values) -> io::Result<()> {
        let mut file = AtomicWriteFile::open(&self.path)?;
        file.write_all(&serde_json::to_vec_pretty(values)?)?;
        file.commit()
    }
}

/// What a file says, and what is wrong with it. Each setting stands for itself, and what this
/// version does not know is kept for the one that does.
fn read(bytes: &[u8]) -> (Values, Option<String>) {
    let fields: Map<String, Value> = match serde_json::from_slice(bytes) {
        Ok(fields) => fields,
        Err(error) => return (Values::default(), Some(format!("it is no JSON object ({error})"))),
    };
    let mut values = Values::default();
    let mut faults = Vec::new();
    for (name, value) in fields {
        if name == TOLD_ABOUT_TRAY {
            values.told_about_tray = value == Value::Bool(true);
            continue;
        }
        match change(&values, Map::from_iter([(name.clone(), value.clone())])) {
            // Where the program starts at login is the system's to know.
            Ok(Changed { start_at_login: Some(_), .. }) => {}
            Ok(changed) => values = changed.values,
            Err(refused) if refused.code == "unknown_setting" => {
                values.unknown.insert(name, value);
            }
            Err(refused) => faults.push(format!("{name}: {}", refused.message)),
        }
    }
    (values, (!faults.is_empty()).then(|| faults.join("; ")))
}

fn keep_aside(path: &Path, fault: &str) -> String {
    let copy = path.with_extension("json.bak");
    let kept = match fs::copy(path, &copy) {
        Ok(_) => format!("a copy is in {}", copy.display()),
        Err(error) => format!("no copy could be made ({error})"),
    };
    format!(
        "The settings file {} was damaged, and what could not be read has its default: {fault}. \
         As it was, {kept}.",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.json");
        fs::write(&path, text).expect("written");
        (folder, path)
    }

    #[test]
    fn tells_about_the_tray_once_even_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.json");
        let settings = Settings::load(path.clone());
        assert!(settings.tells_about_tray());
        assert!(!settings.tells_about_tray());
        assert!(!Settings::load(path).tells_about_tray());
    }

    #[test]
    fn what_is_changed_survives_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.json");
        let settings = Settings::load(path.clone());
        let wanted = json!({
            "port": 9000, "token_required": true, "allowed_origins": ["https://app.example"],
            "start_hidden": true, "close_to_tray": false, "ffmpeg_path": "/opt/ffmpeg",
            "notifications": {"quiet_from": "22:00", "quiet_to": "07:00"}, "language": "de",
        });
        let wanted = serde_json::from_value(wanted).expect("an object");
        let values = change(&settings.values(), wanted).expect("good").values;
        settings.replace(values.clone()).expect("saved");
        let again = Settings::load(path);
        assert_eq!(again.values(), values);
        assert_eq!((again.language(), again.notice()), (Language::De, None));
    }

    #[test]
    fn a_damaged_file_is_kept_aside_and_said() {
        let (_folder, path) = file("{");
        let settings = Settings::load(path.clone());
        assert_eq!(settings.values(), Values::default());
        assert!(settings.notice().expect("said").contains("settings.json.bak"));
        assert_eq!(fs::read_to_string(path.with_extension("json.bak")).expect("kept"), "{");
    }

    #[test]
    fn a_damaged_setting_costs_none_of_the_others() {
        let text = r#"{"told_about_tray": true, "port": "http", "start_hidden": true}"#;
        let (_folder, path) = file(text);
        let settings = Settings::load(path.clone());
        let expected = Values { told_about_tray: true, start_hidden: true, ..Values::default() };
        assert_eq!(settings.values(), expected);
        let notice = settings.notice().expect("said");
        assert!(notice.contains("port: a port from 1 to 65535"), "{notice}");
        assert_eq!(fs::read_to_string(path.with_extension("json.bak")).expect("kept"), text);
    }

    #[test]
    fn what_a_newer_version_wrote_is_kept_for_it() {
        let (_folder, path) = file(r#"{"future": {"a": 1}}"#);
        let settings = Settings::load(path.clone());
        assert_eq!(settings.notice(), None);
        assert!(settings.tells_about_tray());
        let written: Value = serde_json::from_slice(&fs::read(path).expect("there")).expect("JSON");
        assert_eq!(written["future"], json!({"a": 1}));
    }

    #[test]
    fn what_cannot_be_saved_is_not_in_force() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings::load(folder.path().join("missing").join("settings.json"));
        let values = Values { port: Some(9000), ..Values::default() };
        assert!(settings.replace(values).is_err());
        assert_eq!(settings.values(), Values::default());
    }
}
