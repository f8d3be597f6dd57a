//! What of a camera is secret, kept outside of the camera list: in a store of the system that is made
//! for secrets.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::camera_url::CameraUrl;
use crate::config::{CameraConfig, CameraId};
use crate::error::Result;

/// A store of secrets by name. Calls may block for as long as the store is given.
pub trait Vault: fmt::Debug + Send + Sync {
    /// Keeps a secret, in place of one of the same name.
    ///
    /// # Errors
    /// Why it is not kept, for a person.
    fn keep(&self, name: &str, secret: &SecretString) -> std::result::Result<(), String>;

    /// The secret of this name, if there is one.
    ///
    /// # Errors
    /// Why it cannot be told, for a person.
    fn fetch(&self, name: &str) -> std::result::Result<Option<SecretString>, String>;

    /// Keeps it no longer.
    ///
    /// # Errors
    /// Why it is still there, for a person.
    fn forget(&self, name: &str) -> std::result::Result<(), String>;
}

/// A camera's URLs with all that is secret in them, as they lie in a vault.
#[derive(Serialize, Deserialize)]
struct Urls {
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    substream: Option<String>,
}

/// Whether anything of a camera is secret.
pub(crate) fn has_secrets(camera: &CameraConfig) -> bool {
    let is_secret = |url: &CameraUrl| url.masked() != url.expose();
    is_secret(&camera.url) || camera.substream.as_ref().is_some_and(is_secret)
}

/// Keeps a camera's URLs.
pub(crate) fn keep(vault: &dyn Vault, camera: &CameraConfig) -> std::result::Result<(), String> {
    let urls = Urls {
        url: camera.url.expose().to_owned(),
        substream: camera.substream.as_ref().map(|url| url.expose().to_owned()),
    };
    let json = serde_json::to_string(&urls).map_err(|error| error.to_string())?;
    vault.keep(camera.id.as_str(), &SecretString::from(json))
}

/// Puts the URLs that are kept for a camera in their place.
pub(crate) fn fill(
    vault: &dyn Vault,
    camera: &mut CameraConfig,
) -> std::result::Result<(), String> {
    let kept = vault.fetch(camera.id.as_str())?.ok_or("nothing is kept for it there")?;
    let urls: Urls = serde_json::from_str(kept.expose_secret())
        .map_err(|_| "what is kept for it there cannot be read".to_owned())?;
    let parse = |text: &str| CameraUrl::parse(text).map_err(|error| error.to_string());
    let substream = urls.substream.as_deref().map(parse).transpose()?;
    camera.url = parse(&urls.url)?;
    camera.substream = substream;
    Ok(())
}

/// The camera without anything that is secret, as long as its vault cannot be read. Its masked URLs
/// would send a password that is none.
pub(crate) fn stand_in(camera: &mut CameraConfig) -> Result<()> {
    camera.url = camera.url.without_credentials()?;
    camera.substream = camera.substream.as_ref().map(CameraUrl::without_credentials).transpose()?;
    Ok(())
}

/// Drops what is kept for a camera that is not there any more.
pub(crate) fn forget(vault: &dyn Vault, camera: &CameraId) {
    if let Err(why) = vault.forget(camera.as_str()) {
        tracing::warn!(%camera, "its password is still kept: {why}");
    }
}
