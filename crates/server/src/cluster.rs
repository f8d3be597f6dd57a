//! This instance among others that share its cameras: what the options say of it, and what the engine
//! is told.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use fanlight_api::Token;
use fanlight_cluster::{Address, Node, Seal, Settings};
use fanlight_engine::{Config, Engine};
use secrecy::SecretString;
use url::Url;

use crate::options::Options;

/// The variable that holds the key. There is no option for it: everybody can read command lines.
pub(crate) const KEY: &str = "FANLIGHT_CLUSTER_KEY";
/// Begins the names of all keys in Redis.
const PREFIX: &str = "fanlight";
/// The most cameras of all instances together: each knows them all, but opens only its own.
const MAX_CAMERAS: usize = 100_000;

/// This instance, taking part.
pub(crate) struct Instance {
    node: Node,
    name: String,
}

/// Begins to take part, if the options say so.
///
/// # Errors
/// What is missing or wrong, and the way out.
pub(crate) fn join(
    options: &Options,
    address: SocketAddr,
    tls: bool,
) -> anyhow::Result<Option<Instance>> {
    let Some(redis) = &options.cluster else { return Ok(None) };
    let mut redis = Address::parse(redis).context("--cluster")?;
    if let Some(authorities) = &options.cluster_ca {
        redis = redis.trust(authorities).context("--cluster-ca")?;
    }
    let seal = seal(std::env::var(KEY).ok())?;
    let name = match &options.instance {
        Some(name) => name.clone(),
        None => format!("{}-{}", gethostname::gethostname().to_string_lossy(), address.port()),
    };
    check_name(&name)?;
    let url = advertised(options.advertise.clone(), address, tls)?;
    tracing::info!("joins the instances at Redis {} as {name}, reached at {url}", redis.shown());
    let settings = Settings {
        redis,
        prefix: PREFIX.to_owned(),
        seal,
        name: name.clone(),
        url,
        capacity: options.capacity,
    };
    Ok(Some(Instance { node: Node::join(settings)?, name }))
}

fn seal(key: Option<String>) -> anyhow::Result<Seal> {
    let Some(key) = key else {
        bail!(
            "instances that share cameras store their passwords sealed, with a key that they share, too: \
             export {KEY}=$(openssl rand -base64 32), the same one for every instance"
        );
    };
    Seal::parse(&SecretString::from(key)).context(KEY)
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 100 || !name.chars().all(fits) {
        bail!(
            "{name:?} cannot be an instance's name; name it with --instance, in up to 100 letters, \
             digits and characters of -_."
        );
    }
    Ok(())
}

/// Where the others reach this instance.
fn advertised(given: Option<Url>, address: SocketAddr, tls: bool) -> anyhow::Result<Url> {
    if let Some(url) = given {
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            bail!("--advertise is a URL such as http://192.0.2.7:{}", address.port());
        }
        if matches!(url.host_str(), Some("0.0.0.0" | "[::]")) {
            bail!("--advertise must be an address that the other instances can connect to");
        }
        return Ok(url);
    }
    if address.ip().is_unspecified() {
        bail!(
            "{address} is no address that the other instances can connect to; tell where they reach this \
             one, such as --advertise http://192.0.2.7:{}",
            address.port()
        );
    }
    let scheme = if tls { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{address}")).context("--advertise")
}

impl Instance {
    /// Has the engine share its cameras.
    pub(crate) fn configure(&self, config: &mut Config, token: Option<&Token>) {
        config.registry = self.node.registry();
        config.ownership = self.node.ownership();
        config.relay_token = token.map(Token::secret);
        config.relay_name.clone_from(&self.name);
        config.max_cameras = MAX_CAMERAS;
    }

    /// Has the engine take over what other instances change.
    pub(crate) fn keep_in_step(&self, engine: &Engine) {
        tokio::spawn(self.node.keep_in_step(engine.clone()));
    }

    /// Hands the cameras to other instances, while readers are still served.
    pub(crate) async fn drain(&self) {
        self.node.drain().await;
    }

    /// Leaves the others; all cameras are closed.
    pub(crate) async fn leave(&self) {
        self.node.leave().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_told_an_address_they_can_reach() {
        let told = |given: Option<&str>, address: &str, tls| {
            let given = given.map(|url| url.parse().expect("a URL"));
            advertised(given, address.parse().expect("an address"), tls)
                .map(|url| url.to_string())
                .map_err(|error| error.to_string())
        };
        assert_eq!(told(None, "192.0.2.7:80", false), Ok("http://192.0.2.7/".to_owned()));
        assert_eq!(told(None, "[::1]:8080", true), Ok("https://[::1]:8080/".to_owned()));
        assert_eq!(told(Some("http://a:1"), "0.0.0.0:80", false), Ok("http://a:1/".to_owned()));
        for (given, address) in [
            (None, "0.0.0.0:80"),
            (None, "[::]:80"),
            (Some("http://0.0.0.0:80"), "0.0.0.0:80"),
            (Some("ftp://a"), "192.0.2.7:80"),
        ] {
            let error = told(given, address, false).expect_err("refused");
            assert!(error.contains("--advertise"), "{error}");
        }
    }

    #[test]
    fn without_a_key_the_command_that_makes_one_is_told() {
        let error = format!("{:#}", seal(None).expect_err("refused"));
        assert!(
            error.contains("export FANLIGHT_CLUSTER_KEY=$(openssl rand -base64 32)"),
            "{error}"
        );
        let error = format!("{:#}", seal(Some("short".to_owned())).expect_err("refused"));
        assert!(error.contains("32 bytes"), "{error}");
    }

    #[test]
    fn names_are_plain() {
        assert!(check_name("nvr-1.example").is_ok());
        for name in ["", "a b", "a/b", "a#1"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
