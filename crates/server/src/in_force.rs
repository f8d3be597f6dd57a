//! The settings of a running server, and reading them again. A configuration with a mistake changes
//! nothing; of a good one, what can be changed while serving is, and the rest is named.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use fanlight_api::{Api, Reloaded, Settings, Token};
use fanlight_engine::{Engine, RecordingChange};

use crate::config::{Loaded, Values};
use crate::logging::Log;
use crate::options::Options;
use crate::service_manager;
use crate::tls::LiveCertificate;

/// What may change while serving.
const LIVE: [&str; 9] = [
    "allow_host",
    "allow_origin",
    "drain",
    "log_level",
    "recordings",
    "recordings_quota",
    "require_token",
    "tls_cert",
    "tls_key",
];
/// It may, too, and also changes with what is in its file.
const TOKEN_FILE: &str = "token_file";

/// The settings in force, and what they are in force in.
pub(crate) struct InForce {
    /// How the server was started.
    pub(crate) loaded: Loaded,
    pub(crate) log: Log,
    pub(crate) engine: Engine,
    pub(crate) api: Api,
    /// Where it serves, whatever a later configuration says.
    pub(crate) address: SocketAddr,
    pub(crate) certificate: Option<LiveCertificate>,
    pub(crate) drain: Duration,
    values: Values,
}

impl InForce {
    pub(crate) fn new(
        loaded: Loaded,
        log: Log,
        engine: Engine,
        api: Api,
        address: SocketAddr,
        certificate: Option<LiveCertificate>,
    ) -> Self {
        let (values, drain) = (loaded.values(), loaded.options.drain());
        Self { loaded, log, engine, api, address, certificate, drain, values }
    }

    /// Where it serves, and for whom, in a line.
    pub(crate) fn status(&self) -> String {
        status(&self.engine, &self.url())
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Reads all settings again and puts them in force as far as they can be.
    ///
    /// # Errors
    /// Says which setting is wrong; then nothing has changed.
    pub(crate) async fn reload(&mut self) -> Result<Reloaded, String> {
        service_manager::reloading();
        let outcome = self.put_in_force().await.map_err(|error| format!("{error:#}"));
        match &outcome {
            Ok(Reloaded { applied, needs_restart }) => {
                let listed = |names: &[String]| match names {
                    [] => "nothing".to_owned(),
                    names => names.join(", "),
                };
                tracing::info!(
                    "the configuration was read again; in force now: {}; after a restart: {}",
                    listed(applied),
                    listed(needs_restart)
                );
                service_manager::ready(&self.status());
            }
            Err(why) => {
                tracing::error!("the configuration stays as it was: {why}");
                service_manager::ready(&format!(
                    "{}; the last reload failed: {why}",
                    self.status()
                ));
            }
        }
        outcome
    }

    async fn put_in_force(&mut self) -> anyhow::Result<Reloaded> {
        let next = self.loaded.again()?;
        let (options, values) = (&next.options, next.values());
        let reachable = is_reachable(options, self.address);
        let token = options.token(reachable).context("token_file")?;
        let certificate = options.certificate().context("tls_cert, tls_key")?;
        let mut applied = Vec::new();
        let mut needs_restart = Vec::new();
        for key in differing(&self.values, &values) {
            let live = LIVE.contains(&key.as_str()) || key == TOKEN_FILE;
            let live = live && self.can_change(&key, &values);
            let names = if live { &mut applied } else { &mut needs_restart };
            names.push(key);
        }
        // All that may still fail comes first.
        self.change_recordings(options, &applied).await.context("recordings")?;
        if let (Some(live), Some(certificate)) = (&self.certificate, certificate)
            && live.replace(certificate)
        {
            note(&mut applied, "tls_cert");
        }
        let former = self.api.settings();
        if !same_token(former.token.as_ref(), token.as_ref()) {
            note(&mut applied, if token.is_some() { TOKEN_FILE } else { "require_token" });
        }
        self.api.change(Settings {
            allowed_hosts: options.allow_host.clone(),
            allowed_origins: options.allow_origin.clone(),
            token,
            ..Settings::clone(&former)
        });
        self.log.set_level(options.log_level);
        self.drain = options.drain();
        for key in &applied {
            match values.get(key) {
                Some(value) => self.values.insert(key.clone(), value.clone()),
                None => self.values.remove(key),
            };
        }
        Ok(Reloaded { applied, needs_restart })
    }

    /// Whether a setting that may change while serving can become what it is to be.
    fn can_change(&self, key: &str, values: &Values) -> bool {
        match key {
            // Clients that speak the other protocol could not be told.
            "tls_cert" | "tls_key" => self.certificate.is_some() && values.contains_key(key),
            // What was chosen before it stood in the configuration is in force after a restart.
            "recordings" | "recordings_quota" => values.contains_key(key),
            _ => true,
        }
    }

    async fn change_recordings(&self, options: &Options, keys: &[String]) -> anyhow::Result<()> {
        let wanted = |key: &str| keys.iter().any(|name| name == key);
        if !wanted("recordings") && !wanted("recordings_quota") {
            return Ok(());
        }
        let to = options.recordings()?;
        let change = RecordingChange {
            folder: to.folder.filter(|_| wanted("recordings")),
            quota: wanted("recordings_quota").then_some(to.quota),
            ..RecordingChange::default()
        };
        let recordings = self.engine.recordings().clone();
        tokio::task::spawn_blocking(move || recordings.reconfigure(change)).await??;
        Ok(())
    }
}

/// Whether other machines reach the server: now, or after a restart.
fn is_reachable(options: &Options, address: SocketAddr) -> bool {
    !address.ip().is_loopback() || !options.host.is_loopback()
}

/// Where the server serves, and for whom, in a line.
pub(crate) fn status(engine: &Engine, url: &str) -> String {
    let cameras = engine.cameras();
    let online = cameras
        .iter()
        .filter(|camera| camera.status().borrow().state == fanlight_engine::State::Online)
        .count();
    let readers: usize = cameras.iter().map(|camera| camera.consumer_count()).sum();
    format!("Serving on {url}: {online} of {} cameras online, {readers} readers", cameras.len())
}

fn note(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn same_token(one: Option<&Token>, other: Option<&Token>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_same(other),
        (None, None) => true,
        _ => false,
    }
}

/// The settings that are not the same in both, by name.
fn differing(one: &Values, other: &Values) -> Vec<String> {
    let mut names: Vec<_> = one.keys().chain(other.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter(|name| one.get(*name) != other.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_differ_by_value_and_by_being_there() {
        let values = |pairs: &[(&str, &str)]| -> Values {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), vec![(*v).into()])).collect()
        };
        let before = values(&[("port", "1"), ("recordings", "/a"), ("host", "::1")]);
        let after = values(&[("port", "2"), ("host", "::1"), ("token_file", "/t")]);
        assert_eq!(differing(&before, &after), ["port", "recordings", "token_file"]);
        assert!(differing(&before, &before).is_empty());
    }
}
