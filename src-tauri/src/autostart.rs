//! Starting at login, which the system keeps: a file of the desktop's on Linux, where the plugin
//! knows no folder but `~/.config` and quotes no path; the plugin's ways elsewhere.

use tauri::AppHandle;

/// The argument of a start at login: no window comes up.
pub(crate) const HIDDEN: &str = "--hidden";

#[cfg(target_os = "linux")]
pub(crate) use desktop_entry::{is_on, set};

/// The desktop entry specification, and where autostart ones lie.
#[cfg(target_os = "linux")]
mod desktop_entry {
    use std::ffi::OsString;
    use std::io::{self, Write as _};
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    use atomic_write_file::AtomicWriteFile;
    use tauri::Manager as _;

    use super::{AppHandle, HIDDEN};

    const NAME: &str = "io.fanlight.desktop.desktop";

    /// Whether the program starts at login.
    pub(crate) fn is_on(app: &AppHandle) -> bool {
        file(app).and_then(fs::read_to_string).is_ok_and(|text| starts(&text))
    }

    /// Turns it on or off.
    pub(crate) fn set(app: &AppHandle, on: bool) -> io::Result<()> {
        let file = file(app)?;
        if !on {
            return match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = entry(&program()?)?;
        let mut file = AtomicWriteFile::open(file)?;
        file.write_all(text.as_bytes())?;
        file.commit()
    }

    fn file(app: &AppHandle) -> io::Result<PathBuf> {
        let folder = app.path().config_dir().map_err(io::Error::other)?;
        Ok(folder.join("autostart").join(NAME))
    }

    /// An `AppImage` is started as a whole; what runs lies in a folder that is gone afterwards.
    fn program() -> io::Result<PathBuf> {
        match env::var_os("APPIMAGE").filter(|path: &OsString| !path.is_empty()) {
            Some(image) => Ok(image.into()),
            None => env::current_exe(),
        }
    }

    fn entry(program: &Path) -> io::Result<String> {
        let program = program.to_str().ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "the program's path is no readable text")
        })?;
        Ok(format!(
            "[Desktop Entry]\nType=Application\nVersion=1.0\nName=Fanlight\n\
             Exec={} {HIDDEN}\nStartupNotify=false\nTerminal=false\n",
            quoted(program)
        ))
    }

    /// An argument of an Exec key: quoted, and once more escaped as a string of the file.
    fn quoted(text: &str) -> String {
        let mut quoted = String::from("\"");
        for c in text.chars() {
            match c {
                '\\' => quoted.push_str("\\\\\\\\"),
                '"' | '`' | '$' => quoted.extend(["\\\\", &c.to_string()]),
                '%' => quoted.push_str("%%"),
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        quoted
    }

    /// Desktops turn an entry off by a key of it.
    fn starts(text: &str) -> bool {
        let is = |line: &str, key: &str, value: &str| {
            line.split_once('=').is_some_and(|(k, v)| k.trim() == key && v.trim() == value)
        };
        !text.lines().any(|line| {
            is(line, "Hidden", "true") || is(line, "X-GNOME-Autostart-enabled", "false")
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use rstest::rstest;

        #[rstest]
        #[case("/usr/bin/fanlight", r#""/usr/bin/fanlight""#)]
        #[case("/opt/My Apps/fanlight", r#""/opt/My Apps/fanlight""#)]
        #[case("/opt/$x/100%", r#""/opt/\\$x/100%%""#)]
        #[case(r"/opt/a\b", r#""/opt/a\\\\b""#)]
        fn paths_are_quoted(#[case] path: &str, #[case] exec: &str) {
            let entry = entry(Path::new(path)).expect("text");
            assert!(entry.contains(&format!("\nExec={exec} --hidden\n")), "{entry}");
        }

        #[rstest]
        #[case("[Desktop Entry]\nExec=x\n", true)]
        #[case("[Desktop Entry]\nHidden=true\n", false)]
        #[case("[Desktop Entry]\nX-GNOME-Autostart-enabled = false\n", false)]
        fn desktops_may_turn_it_off(#[case] text: &str, #[case] on: bool) {
            assert_eq!(starts(text), on);
        }
    }
}

/// Whether the program starts at login.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_on(app: &AppHandle) -> bool {
    use tauri_plugin_autostart::ManagerExt as _;
    app.autolaunch().is_enabled().unwrap_or_else(|error| {
        tracing::warn!("the system does not say whether we start at login: {error}");
        false
    })
}

/// Turns it on or off.
#[cfg(not(target_os = "linux"))]
pub(crate) fn set(app: &AppHandle, on: bool) -> Result<(), tauri_plugin_autostart::Error> {
    use tauri_plugin_autostart::ManagerExt as _;
    let launcher = app.autolaunch();
    if on { launcher.enable() } else { launcher.disable() }
}
