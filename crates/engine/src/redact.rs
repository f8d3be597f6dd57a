//! Takes passwords out of text. Every error message, log line of a sidecar and URL that leaves
//! the engine passes through here.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// What stands where a password was.
pub(crate) const MASK: &str = "***";

/// Shorter secrets would turn ordinary words into asterisks; they are still masked by pattern.
const MIN_SECRET_LEN: usize = 4;

/// The passwords now in use, with how many cameras use each; masked by value wherever they occur.
static SECRETS: LazyLock<Mutex<HashMap<String, usize>>> = LazyLock::new(Mutex::default);

/// Keeps a password masked by value for as long as it lives.
#[derive(Debug)]
pub(crate) struct SecretGuard(Vec<String>);

impl SecretGuard {
    /// Masks these spellings of one secret (plain and percent-encoded) until dropped.
    pub(crate) fn new(spellings: impl IntoIterator<Item = String>) -> Self {
        let mut spellings: Vec<_> =
            spellings.into_iter().filter(|s| s.len() >= MIN_SECRET_LEN).collect();
        spellings.dedup();
        let mut secrets = lock();
        for spelling in &spellings {
            *secrets.entry(spelling.clone()).or_default() += 1;
        }
        Self(spellings)
    }
}

impl Drop for SecretGuard {
    fn drop(&mut self) {
        let mut secrets = lock();
        for spelling in &self.0 {
            if let Some(uses) = secrets.get_mut(spelling) {
                *uses -= 1;
                if *uses == 0 {
                    secrets.remove(spelling);
                }
            }
        }
    }
}

fn lock() -> std::sync::MutexGuard<'static, HashMap<String, usize>> {
    SECRETS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Masks passwords in `text`: by value (those of the configured cameras) and by pattern
/// (`scheme://user:password@host`).
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for secret in lock().keys() {
        if out.contains(secret.as_str()) {
            out = Cow::Owned(out.replace(secret.as_str(), MASK));
        }
    }
    match mask_userinfo(&out) {
        Some(masked) => Cow::Owned(masked),
        None => out,
    }
}

/// Replaces the password of every `scheme://user:password@` in `text`; `None` when there is none.
fn mask_userinfo(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        // An authority ends at the first of these; a password that holds one of them raw is
        // still caught by the last `@` before white space.
        let word_end = tail.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(tail.len());
        let word = &tail[..word_end];
        let authority_end = word.find(['/', '?', '#']).unwrap_or(word.len());
        let userinfo_end = word[..authority_end].rfind('@').or_else(|| word.rfind('@'));
        if let Some(end) = userinfo_end
            && let Some(colon) = word[..end].find(':')
        {
            out.push_str(&word[..=colon]);
            out.push_str(MASK);
            rest = &tail[end..];
            found = true;
        } else {
            rest = tail;
        }
    }
    out.push_str(rest);
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("rtsp://admin:hunter2@cam/1", "rtsp://admin:***@cam/1")]
    #[case("open rtsp://a:b@h and http://c:d@e/f", "open rtsp://a:***@h and http://c:***@e/f")]
    #[case("rtsp://u:p@ss@host/x", "rtsp://u:***@host/x")]
    #[case("rtsp://u:p/a?s#s@host/x", "rtsp://u:***@host/x")]
    #[case("rtsp://host:554/x", "rtsp://host:554/x")]
    #[case("rtsp://user@host:554/x", "rtsp://user@host:554/x")]
    #[case("no url here", "no url here")]
    fn masks_by_pattern(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(redact(text), expected);
    }

    #[test]
    fn masks_by_value_until_the_last_guard_is_gone() {
        let secret = || ["canary-71".to_owned()];
        let first = SecretGuard::new(secret());
        let second = SecretGuard::new(secret());
        drop(first);
        assert_eq!(redact("sent canary-71 as password"), "sent *** as password");
        drop(second);
        assert_eq!(redact("sent canary-71"), "sent canary-71");
    }
}
