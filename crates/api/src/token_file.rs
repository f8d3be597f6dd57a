//! The token that the user's own programs find by themselves: in a file of the runtime folder that
//! nobody else can read. Tokens that a person gives are the binaries' business.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

use crate::{Token, make_private_folder, runtime_folder};

/// Bytes of a token that is made here.
const RANDOM: usize = 32;

/// Why there is no token file.
#[derive(Debug, thiserror::Error)]
pub enum NoTokenFile {
    /// There is no folder to put it into.
    #[error("no home folder is known, so there is no place for a token file")]
    NoFolder,
    /// It cannot be written, or what lies there cannot be removed.
    #[error("the token file {} cannot be made", path.display())]
    NotWritten {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing to make a secret from.
    #[error("the system gives no random numbers")]
    NoRandomNumbers(#[source] getrandom::Error),
}

/// The token in the user's runtime folder, made when there is none, and where it is. Servers of the
/// same user share it.
///
/// # Errors
/// [`NoTokenFile`].
pub fn own_token() -> Result<(Token, PathBuf), NoTokenFile> {
    let path = own_token_file().ok_or(NoTokenFile::NoFolder)?;
    made_at(&path).map(|token| (token, path))
}

/// Where the user's own clients look for a token; none where no home is known.
pub fn own_token_file() -> Option<PathBuf> {
    runtime_folder().map(|folder| folder.join("token"))
}

fn made_at(path: &Path) -> Result<Token, NoTokenFile> {
    let not_written = |source| NoTokenFile::NotWritten { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        make_private_folder(folder).map_err(not_written)?;
    }
    if is_private(path)
        && let Ok(text) = fs::read_to_string(path)
        && let Ok(token) = Token::parse(text.trim())
    {
        return Ok(token);
    }
    // What lies there is no token of ours.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(not_written(error)),
        _ => {}
    }
    let mut random = [0; RANDOM];
    getrandom::fill(&mut random).map_err(NoTokenFile::NoRandomNumbers)?;
    let text = BASE64_URL_SAFE_NO_PAD.encode(random);
    let mut file = new_private_file(path).map_err(not_written)?;
    writeln!(file, "{text}").map_err(not_written)?;
    Token::parse(&text).map_err(|error| not_written(io::Error::other(error)))
}

#[cfg(unix)]
fn new_private_file(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// What users other than the owner may do with a file.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Whether nobody else can read or write the file.
#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let own = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path)
        .is_ok_and(|file| file.is_file() && file.uid() == own && file.mode() & OTHERS == 0)
}

#[cfg(not(unix))]
fn new_private_file(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(not(unix))]
fn is_private(path: &Path) -> bool {
    path.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_token_is_made_once_and_is_ours_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fanlight").join("token");
        made_at(&path).expect("made");
        let first = fs::read_to_string(&path).expect("there");
        assert!(first.trim().len() >= 43, "{first}");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().expect("one"))), (0o600, 0o700));
        made_at(&path).expect("found");
        assert_eq!(fs::read_to_string(&path).expect("there"), first);
    }

    #[test]
    fn a_token_that_others_could_read_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        fs::write(&path, "known-to-everybody-here").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        made_at(&path).expect("made");
        assert!(!fs::read_to_string(&path).expect("there").contains("known-to-everybody"));
    }
}
