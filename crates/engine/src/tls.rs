//! TLS to a camera: the certificate is checked as the system checks it, or against the one
//! fingerprint that the user accepted for this camera, as most cameras sign their own.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{self, CryptoProvider};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, SignatureScheme};

use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::Fingerprint;

/// Connects and shakes hands.
///
/// # Errors
/// [`ErrorKind::CameraUnreachable`], [`ErrorKind::TlsFailed`], or
/// [`ErrorKind::UntrustedCertificate`] with the fingerprint to accept.
pub(crate) async fn connect(
    host: &str,
    port: u16,
    accepted: Option<Fingerprint>,
) -> Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
        .map_err(|_| tls_failed("the host name cannot stand in a certificate"))?;
    let tcp = TcpStream::connect((host.trim_matches(['[', ']']), port))
        .await
        .map_err(|error| Error::unreachable(&error.to_string()))?;
    // Requests and keep-alives are small and waited for.
    let _ = tcp.set_nodelay(true);
    let seen = Arc::new(Mutex::new(None));
    let config = config(accepted, Arc::clone(&seen))
        .map_err(|error| tls_failed(&format!("TLS is not available: {error}")))?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|error| {
        let seen = *seen.lock().unwrap_or_else(PoisonError::into_inner);
        explain(&error, seen)
    })
}

fn tls_failed(why: &str) -> Error {
    Error::new(ErrorKind::TlsFailed, why)
}

fn explain(error: &std::io::Error, seen: Option<Fingerprint>) -> Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match (cause, seen) {
        (Some(rustls::Error::InvalidCertificate(_)), Some(shown)) => Error::new(
            ErrorKind::UntrustedCertificate { shown },
            format!(
                "this machine does not trust the camera's certificate, as most cameras sign their own; if this is your camera, accept just this one, by its SHA-256 fingerprint: {shown}"
            ),
        ),
        (Some(cause), _) => tls_failed(&format!("the encrypted connection failed: {cause}")),
        (None, _) => tls_failed(&format!("what answers there does not speak TLS: {error}")),
    }
}

fn config(
    accepted: Option<Fingerprint>,
    seen: Arc<Mutex<Option<Fingerprint>>>,
) -> std::result::Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let system = rustls_platform_verifier::Verifier::new(Arc::clone(&provider))?;
    let verifier = CameraVerifier { accepted, seen, system: Arc::new(system), provider };
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// The system's judgement, unless the user has judged this very certificate.
#[derive(Debug)]
struct CameraVerifier {
    accepted: Option<Fingerprint>,
    /// The certificate that was shown, for the error that asks to accept it.
    seen: Arc<Mutex<Option<Fingerprint>>>,
    system: Arc<dyn ServerCertVerifier>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for CameraVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let shown = Fingerprint::of(end_entity.as_ref());
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        match self.accepted {
            Some(accepted) if accepted == shown => Ok(ServerCertVerified::assertion()),
            _ => self.system.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
        }
    }

    // That the camera holds the certificate's key is checked in every case.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;

    /// A camera with a certificate of its own making; its port and the fingerprint.
    async fn camera() -> (u16, Fingerprint) {
        let made = rcgen::generate_simple_self_signed(vec!["camera".into()]).expect("made");
        let certificate = made.cert.der().clone();
        let fingerprint = Fingerprint::of(certificate.as_ref());
        let key = made.signing_key.serialize_der().try_into().expect("a key");
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("a configuration");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((tcp, _)) = listener.accept().await {
                if let Ok(mut tls) = acceptor.accept(tcp).await {
                    let _ = tls.write_all(b"hello").await;
                }
            }
        });
        (port, fingerprint)
    }

    #[tokio::test]
    async fn a_self_signed_camera_is_refused_with_the_fingerprint_to_accept() {
        let (port, fingerprint) = camera().await;
        let error = connect("127.0.0.1", port, None).await.expect_err("not trusted");
        assert_eq!(error.kind(), ErrorKind::UntrustedCertificate { shown: fingerprint });
        assert!(error.message().contains(&fingerprint.to_string()), "{error}");
    }

    #[tokio::test]
    async fn an_accepted_certificate_connects_and_another_does_not() {
        let (port, fingerprint) = camera().await;
        let mut stream = connect("127.0.0.1", port, Some(fingerprint)).await.expect("accepted");
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await.expect("read");
        assert_eq!(&hello, b"hello");
        let other = Fingerprint::of(b"another certificate");
        let error = connect("127.0.0.1", port, Some(other)).await.expect_err("another");
        assert_eq!(error.kind().certificate(), Some(fingerprint));
    }

    #[tokio::test]
    async fn what_speaks_no_tls_is_told_so() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            if let Ok((mut tcp, _)) = listener.accept().await {
                let _ = tcp.write_all(b"RTSP/1.0 400 Bad Request\r\n\r\n").await;
            }
        });
        let error = connect("127.0.0.1", port, None).await.expect_err("no TLS");
        assert_eq!(error.kind(), ErrorKind::TlsFailed);
    }
}
