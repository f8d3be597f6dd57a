//! Where a server leaves what the same user's clients on this machine look for.

use std::path::{Path, PathBuf};
use std::{fs, io};

use directories::ProjectDirs;

/// `$XDG_RUNTIME_DIR/fanlight`, or the user's data folder on systems without a runtime folder; none
/// where no home is known.
pub fn runtime_folder() -> Option<PathBuf> {
    let folders = ProjectDirs::from("", "", "fanlight")?;
    Some(folders.runtime_dir().unwrap_or_else(|| folders.data_local_dir()).to_owned())
}

/// Makes a folder, and those it is in, that no other user can look into.
///
/// # Errors
/// As the system says.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }
    // The user's folders are private there by themselves.
    #[cfg(not(unix))]
    fs::create_dir_all(folder)
}
