//! The token that clients must know: given by whoever runs the server, or made and left where the
//! user's own clients find it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use fanlight_api::Token;

/// The variable that holds a token. There is no option for it: everybody can read command lines.
pub(crate) const VARIABLE: &str = "FANLIGHT_TOKEN";

/// The token that was given, in the file or else in the environment.
pub(crate) fn given(file: Option<&Path>) -> anyhow::Result<Option<Token>> {
    if let Some(path) = file {
        let text = fs::read_to_string(path)
            .with_context(|| format!("the token file {} cannot be read", path.display()))?;
        let token = Token::parse(text.trim());
        return token.map(Some).with_context(|| format!("the token in {}", path.display()));
    }
    match std::env::var(VARIABLE) {
        Ok(text) => Token::parse(text.trim()).map(Some).context(VARIABLE),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => bail!("{VARIABLE} is not readable as text"),
    }
}

/// The token in the user's runtime folder, made when there is none, and where it is.
pub(crate) fn made() -> anyhow::Result<(Token, PathBuf)> {
    fanlight_api::own_token()
        .context("no token can be made; name a file that holds one with --token-file")
}

/// Whether every user of this machine can read a token file.
pub(crate) fn is_open_to_all(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(path).is_ok_and(|file| file.mode() & 0o004 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// What to do about such a file.
pub(crate) fn open_to_all(path: &Path) -> String {
    format!("every user of this machine can read {}; chmod 600 keeps it yours", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

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
