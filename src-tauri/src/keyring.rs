//! The system's keyring, where the passwords of cameras lie. It may be missing or locked, and then a
//! dialog of the system's may wait for a person: nothing here waits for long.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use fanlight_engine::Vault;
use keyring::{Entry, Error};
use secrecy::{ExposeSecret as _, SecretString};

/// An open keyring answers within milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);
const SERVICE: &str = "Fanlight";
/// No id of a camera looks like it.
const TRIAL: &str = "(trial)";
/// `off` keeps passwords in the camera list.
const SWITCH: &str = "FANLIGHT_KEYRING";

/// A keyring that has shown that it works.
#[derive(Debug)]
pub(crate) struct Keyring {
    service: String,
    /// Whether it left a question open: the next ones would wait behind it.
    silent: AtomicBool,
}

/// Looks for the system's keyring, for the cameras of this folder if it was chosen; none where it does
/// not keep what it is given.
pub(crate) fn find(chosen_folder: Option<&Path>) -> Option<Arc<Keyring>> {
    if std::env::var_os(SWITCH).is_some_and(|value| value == "off") {
        return None;
    }
    // The same id may stand for another camera in another folder.
    let service = match chosen_folder {
        Some(folder) => format!("{SERVICE} {}", folder.display()),
        None => SERVICE.to_owned(),
    };
    let keyring = Keyring { service, silent: AtomicBool::new(false) };
    match keyring.try_out() {
        Ok(()) => Some(Arc::new(keyring)),
        Err(why) => {
            tracing::info!("passwords are kept in the camera list: {why}");
            None
        }
    }
}

impl Keyring {
    fn try_out(&self) -> Result<(), String> {
        let word = SecretString::from(format!("{:016x}", std::process::id()));
        self.keep(TRIAL, &word)?;
        let kept = self.fetch(TRIAL)?;
        self.forget(TRIAL)?;
        match kept {
            Some(kept) if kept.expose_secret() == word.expose_secret() => Ok(()),
            _ => Err("the keyring does not keep what it is given".to_owned()),
        }
    }

    /// Asks on a thread of its own: a question that nobody answers is left behind.
    fn ask<T: Send + 'static>(
        &self,
        name: &str,
        question: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, String> {
        let silent = || "the keyring does not answer; it may be locked".to_owned();
        if self.silent.load(Ordering::Relaxed) {
            return Err(silent());
        }
        let (service, name) = (self.service.clone(), name.to_owned());
        let (sender, answer) = mpsc::channel();
        thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || {
                let asked = Entry::new(&service, &name).and_then(|entry| question(&entry));
                // Whoever asked may have given up.
                let _ = sender.send(asked);
            })
            .map_err(|error| error.to_string())?;
        match answer.recv_timeout(PATIENCE) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Error::NoDefaultStore)) => Err("this system offers no keyring".to_owned()),
            Ok(Err(error)) => Err(format!("the keyring says: {error}")),
            Err(_) => {
                self.silent.store(true, Ordering::Relaxed);
                Err(silent())
            }
        }
    }
}

impl Vault for Keyring {
    fn keep(&self, name: &str, secret: &SecretString) -> Result<(), String> {
        let secret = secret.clone();
        self.ask(name, move |entry| entry.set_password(secret.expose_secret()))
    }

    fn fetch(&self, name: &str) -> Result<Option<SecretString>, String> {
        self.ask(name, |entry| match entry.get_password() {
            Ok(secret) => Ok(Some(SecretString::from(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn forget(&self, name: &str) -> Result<(), String> {
        self.ask(name, |entry| match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }
}
