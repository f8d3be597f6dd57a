//! What the shell itself remembers, in settings.json of the data folder. Cameras are in the
//! engine's registry.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Values {
    /// The person knows that a closed window goes on serving from the tray.
    told_about_tray: bool,
}

/// The settings and their file.
#[derive(Debug)]
pub(crate) struct Settings {
    path: PathBuf,
    values: Mutex<Values>,
}

impl Settings {
    /// Reads the file; what is missing or damaged in it has its default.
    pub(crate) fn load(path: PathBuf) -> Self {
        let values = fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self { path, values: Mutex::new(values) }
    }

    /// True exactly once in the life of this installation. Writes the file.
    pub(crate) fn tells_about_tray(&self) -> bool {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if values.told_about_tray {
            return false;
        }
        values.told_about_tray = true;
        if let Err(error) = self.save(&values) {
            // The person is told again next time, which is no harm.
            tracing::warn!(path = %self.path.display(), "settings were not saved: {error}");
        }
        true
    }

    fn save(&self, values: &Values) -> io::Result<()> {
        let mut file = AtomicWriteFile::open(&self.path)?;
        file.write_all(&serde_json::to_vec_pretty(values)?)?;
        file.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_damaged_file_is_as_good_as_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.json");
        fs::write(&path, "{").expect("written");
        assert!(Settings::load(path).tells_about_tray());
    }
}
