//! The certificate and key of an API that is reached from other machines.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Reads a certificate with its chain, and its key, from PEM files.
pub(crate) fn load(certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let from = |path: &Path| format!("in {}", path.display());
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| anyhow::anyhow!("{error:?}"))
        .with_context(|| format!("no certificate can be read {}", from(certificate)))?;
    ensure!(!chain.is_empty(), "there is no certificate {}", from(certificate));
    let key_of = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| anyhow::anyhow!("{error:?}"))
        .with_context(|| format!("no private key can be read {}", from(key)))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("the TLS library lacks a protocol version")?
        .with_no_client_auth()
        .with_single_cert(chain, key_of)
        .with_context(|| {
            format!("the key {} does not fit the certificate {}", from(key), from(certificate))
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_and_its_key_fit() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let made =
            || rcgen::generate_simple_self_signed(["camera-house".to_owned()]).expect("made");
        let (one, other) = (made(), made());
        let certificate = write("cert.pem", one.cert.pem());
        let key = write("key.pem", one.signing_key.serialize_pem());
        let other = write("other.pem", other.signing_key.serialize_pem());
        load(&certificate, &key).expect("fits");
        let why = |certificate: &Path, key: &Path| {
            format!("{:#}", load(certificate, key).expect_err("does not fit"))
        };
        assert!(
            why(&certificate, &other).contains("does not fit"),
            "{}",
            why(&certificate, &other)
        );
        assert!(why(&key, &key).contains("no certificate"), "{}", why(&key, &key));
        assert!(why(&certificate, &certificate).contains("no private key"));
        assert!(why(&folder.path().join("none"), &key).contains("none"));
    }
}
