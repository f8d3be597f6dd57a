//! The certificate and key of an API that is reached from other machines. They may be replaced
//! while it serves: each handshake takes those in force.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, ensure};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

/// A certificate with its chain, and the key that fits it.
#[derive(Debug, Clone)]
pub(crate) struct Certificate(Arc<CertifiedKey>);

impl Certificate {
    /// Reads a certificate with its chain, and its key, from PEM files.
    pub(crate) fn read(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let from = |path: &Path| format!("in {}", path.display());
        let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .map_err(|error| anyhow::anyhow!("{error:?}"))
            .with_context(|| format!("no certificate can be read {}", from(certificate)))?;
        ensure!(!chain.is_empty(), "there is no certificate {}", from(certificate));
        let key_of = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| anyhow::anyhow!("{error:?}"))
            .with_context(|| format!("no private key can be read {}", from(key)))?;
        let certified = CertifiedKey::from_der(chain, key_of, &ring::default_provider())
            .with_context(|| {
                format!("the key {} does not fit the certificate {}", from(key), from(certificate))
            })?;
        Ok(Self(Arc::new(certified)))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.0.cert == other.0.cert
    }
}

/// The certificate in force.
#[derive(Debug, Clone)]
pub(crate) struct LiveCertificate(Arc<RwLock<Certificate>>);

impl LiveCertificate {
    pub(crate) fn new(certificate: Certificate) -> Self {
        Self(Arc::new(RwLock::new(certificate)))
    }

    /// Puts another one in force; whether it is another one.
    pub(crate) fn replace(&self, certificate: Certificate) -> bool {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let differs = !current.is_same(&certificate);
        *current = certificate;
        differs
    }

    /// What TLS is served with.
    pub(crate) fn server_config(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("the TLS library lacks a protocol version")?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for LiveCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current.0))
    }
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
        let others = write("others.pem", other.cert.pem());
        let other = write("other.pem", other.signing_key.serialize_pem());
        let read = Certificate::read(&certificate, &key).expect("fits");
        let live = LiveCertificate::new(read.clone());
        assert!(!live.replace(read), "the same again");
        assert!(live.replace(Certificate::read(&others, &other).expect("fits")), "another one");
        let why = |certificate: &Path, key: &Path| {
            format!("{:#}", Certificate::read(certificate, key).expect_err("does not fit"))
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
