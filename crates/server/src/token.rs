//! The token that clients must know: given by whoever runs the server, or made and left where the
//! user's own clients find it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use fanlight_api::Token;

/// The variable that holds a token. There is no option for it: everybody can read command lines.
pub(crate) const VARIABLE: &str = "FANLIGHT_TOKEN";

/// Bytes of a token that is made here.
const RANDOM: usize = 32;

/// The token that was given, in the file or else in the environment.
pub(crate) fn given(file: Option<&Path>) -> anyhow::Result<Option<Token>> {
    if let Some(path) = file {
        let text = fs::read_to_string(path)
            .with_context(|| format!("the token file {} cannot be read", path.display()))?;
        warn_of_readers(path);
        let token = Token::parse(text.trim());
        return token.map(Some).with_context(|| format!("the token in {}", path.display()));
    }
    match std::env::var(VARIABLE) {
        Ok(text) => Token::parse(text.trim()).map(Some).context(VARIABLE),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => bail!("{VARIABLE} is not readable as text"),
    }
}

/// The token in the user's runtime folder, made when there is none, and where it is. Servers of the
/// same user share it.
pub(crate) fn made() -> anyhow::Result<(Token, PathBuf)> {
    let path = default_file()?;
    made_at(&path).map(|token| (token, path))
}

/// Where local clients look.
fn default_file() -> anyhow::Result<PathBuf> {
    let folder = fanlight_api::runtime_folder()
        .context("no home folder is known; name a file that holds a token with --token-file")?;
    Ok(folder.join("token"))
}

fn made_at(path: &Path) -> anyhow::Result<Token> {
    let cannot = || format!("the token file {} cannot be made", path.display());
    if let Some(folder) = path.parent() {
        fanlight_api::make_private_folder(folder).with_context(cannot)?;
    }
    if is_private(path)
        && let Ok(text) = fs::read_to_string(path)
        && let Ok(token) = Token::parse(text.trim())
    {
        return Ok(token);
    }
    // What lies there is no token of ours.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(cannot);
        }
        _ => {}
    }
    let mut random = [0; RANDOM];
    getrandom::fill(&mut random).context("the system gives no random numbers")?;
    let text = BASE64_URL_SAFE_NO_PAD.encode(random);
    let mut file = new_private_file(path).with_context(cannot)?;
    writeln!(file, "{text}").with_context(cannot)?;
    Token::parse(&text).with_context(cannot)
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

/// Containers mount secrets as they please, so this is no reason to refuse.
fn warn_of_readers(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if fs::metadata(path).is_ok_and(|file| file.mode() & 0o004 != 0) {
            tracing::warn!(
                "every user of this machine can read {}; chmod 600 keeps it yours",
                path.display()
            );
        }
    }
    #[cfg(not(unix))]
    let _ = path;
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

    #[test]
    fn a_token_file_says_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let error = |path: &Path| format!("{:#}", given(Some(path)).expect_err("wrong"));
        assert!(error(&path).contains("cannot be read"));
        fs::write(&path, "too short\n").expect("written");
        assert!(error(&path).contains("16 to 512"), "{}", error(&path));
        fs::write(&path, "0123456789abcdef\n").expect("written");
        assert!(given(Some(&path)).expect("read").is_some());
    }
}
