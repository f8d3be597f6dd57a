//! The API over TLS.

mod rig;

use std::sync::Arc;
use std::time::Duration;

use rig::{Api, PORT};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_util::sync::CancellationToken;

const REQUEST: &str = "GET /livez HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn it_answers_over_tls_and_plain_http_gets_nothing() {
    assert_eq!(PORT, 8080, "as the request says");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let certificate = made.cert.der().clone();
    // There are two in this program's libraries, so each use names its own.
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("fit")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("fits");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let cancelled = CancellationToken::new();
    let api = Api::new();
    let serving = tokio::spawn(fanlight_api::serve_tls(
        listener,
        Arc::new(config),
        api.router.clone(),
        10,
        cancelled.clone(),
    ));

    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("trusted");
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("fit")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.expect("connects");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.expect("TLS");
    stream.write_all(REQUEST.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.ends_with(r#"{"status":"live"}"#), "{answer}");

    let mut plain = TcpStream::connect(address).await.expect("connects");
    plain.write_all(REQUEST.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), plain.read_to_end(&mut answer))
        .await
        .expect("is cut off at once");
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "{answer:?}");
    cancelled.cancel();
    serving.await.expect("ends");
}
