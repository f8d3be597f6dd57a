//! Camera URLs hold passwords, and whoever can read Redis must not: every entry is sealed with a key
//! that the instances share and Redis never sees (ChaCha20-Poly1305, RFC 8439). An entry is bound to
//! its camera, so nobody can put one camera's address under another's id.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fanlight_engine::{CameraId, Error, ErrorKind, Result};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};

/// Length of a key in bytes.
const KEY: usize = 32;
/// What an entry begins with, so that another form can be told from it.
const FORM: u8 = 1;

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is 32 bytes in base64 or hexadecimal; openssl rand -base64 32 makes one")]
pub struct NoKey;

/// Seals and opens entries.
pub struct Seal {
    key: LessSafeKey,
    random: SystemRandom,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(***)")
    }
}

impl Seal {
    /// Reads a key.
    ///
    /// # Errors
    /// [`NoKey`].
    pub fn parse(text: &SecretString) -> std::result::Result<Self, NoKey> {
        let text = text.expose_secret().trim();
        let bytes = match text.len() {
            64 => hexadecimal(text).ok_or(NoKey)?,
            _ => STANDARD.decode(text).map_err(|_| NoKey)?,
        };
        if bytes.len() != KEY {
            return Err(NoKey);
        }
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| NoKey)?;
        Ok(Self { key: LessSafeKey::new(key), random: SystemRandom::new() })
    }

    /// Seals what is stored of a camera under this prefix.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the system has no random numbers.
    pub fn seal(&self, prefix: &str, camera: &CameraId, plain: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::new(ErrorKind::Internal, "the system gives no random numbers");
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(failed)?;
        let mut sealed = plain.to_vec();
        let whose = Aad::from(bound(prefix, camera));
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), whose, &mut sealed)
            .map_err(failed)?;
        Ok([&[FORM][..], &nonce, &sealed].concat())
    }

    /// Opens it again.
    ///
    /// # Errors
    /// [`ErrorKind::StorageFailed`] when it was sealed with another key, for another camera, or was
    /// changed since.
    pub fn open(&self, prefix: &str, camera: &CameraId, sealed: &[u8]) -> Result<Vec<u8>> {
        let failed = || {
            Error::new(
                ErrorKind::StorageFailed,
                format!(
                    "camera {camera} in the shared list cannot be opened: it was stored with another \
                     FANLIGHT_CLUSTER_KEY, or somebody changed it. All instances need the same key"
                ),
            )
        };
        let sealed = sealed.strip_prefix(&[FORM]).ok_or_else(failed)?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let mut opened = sealed.to_vec();
        let whose = Aad::from(bound(prefix, camera));
        let length = self.key.open_in_place(nonce, whose, &mut opened).map_err(|_| failed())?.len();
        opened.truncate(length);
        Ok(opened)
    }
}

fn bound(prefix: &str, camera: &CameraId) -> Vec<u8> {
    format!("{prefix}:{camera}").into_bytes()
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(key: u8) -> Seal {
        Seal::parse(&STANDARD.encode([key; KEY]).into()).expect("a key")
    }

    fn id(text: &str) -> CameraId {
        CameraId::parse(text).expect("valid")
    }

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_for_the_same_camera_only() {
        let sealed = seal(1).seal("fanlight", &id("door"), b"secret").expect("sealed");
        assert_eq!(seal(1).open("fanlight", &id("door"), &sealed).expect("opened"), b"secret");
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        let kind = |result: Result<Vec<u8>>| result.expect_err("refused").kind();
        assert_eq!(kind(seal(2).open("fanlight", &id("door"), &sealed)), ErrorKind::StorageFailed);
        assert_eq!(kind(seal(1).open("fanlight", &id("gate"), &sealed)), ErrorKind::StorageFailed);
        assert_eq!(kind(seal(1).open("other", &id("door"), &sealed)), ErrorKind::StorageFailed);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(seal(1).open("fanlight", &id("door"), &changed).is_err(), "byte {at}");
            assert!(seal(1).open("fanlight", &id("door"), &sealed[..at]).is_err(), "{at} bytes");
        }
        let again = seal(1).seal("fanlight", &id("door"), b"secret").expect("sealed");
        assert_ne!(sealed, again, "the same entry never looks the same");
    }

    #[test]
    fn keys_are_read_in_both_forms() {
        assert!(Seal::parse(&"0f".repeat(32).into()).is_ok());
        assert!(Seal::parse(&format!("{}\n", STANDARD.encode([7; KEY])).into()).is_ok());
        for text in ["", "short", &"0g".repeat(32), &STANDARD.encode([7; 16]), &"ab".repeat(31)] {
            assert_eq!(Seal::parse(&text.into()).expect_err("no key"), NoKey, "{text}");
        }
    }
}
