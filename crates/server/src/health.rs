//! `fanlight-server health`: whether the server with these options answers. For supervisors that run a
//! command, such as a container's health check. It needs no token and reads none.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use crate::config;
use crate::options::Options;

/// How long the server may take to answer. Supervisors give up somewhat later, and less clearly.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longer than any answer to `GET /livez`.
const LONGEST: u64 = 4096;

/// Asks, says what came of it, and says by its exit code whether the server lives.
pub(crate) fn run() -> ExitCode {
    match ask_one_with(config::load().map(|loaded| loaded.options)) {
        Ok(address) => {
            println!("Fanlight lives on {address}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn ask_one_with(options: anyhow::Result<Options>) -> anyhow::Result<SocketAddr> {
    let options = options?;
    let address = reached_at(options.host, options.port)?;
    let tls = options.certificate_files()?.is_some();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the system gives no threads")?.block_on(ask(address, tls))?;
    Ok(address)
}

/// Where this machine reaches a server with these options.
fn reached_at(host: IpAddr, port: u16) -> anyhow::Result<SocketAddr> {
    ensure!(port != 0, "port 0 is a free port that only the server knows; give it one with --port");
    let host = match host {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    Ok(SocketAddr::new(host, port))
}

/// Whether a Fanlight lives there.
///
/// # Errors
/// Why not: nothing listens, nothing answers in time, or what answers is something else.
pub(crate) async fn ask(address: SocketAddr, tls: bool) -> anyhow::Result<()> {
    let Ok(answer) = timeout(PATIENCE, answer_of(address, tls)).await else {
        bail!("{address} does not answer within {} s", PATIENCE.as_secs());
    };
    let answer = answer.with_context(|| format!("{address} does not answer"))?;
    let first = answer.lines().next().unwrap_or("nothing");
    ensure!(answer.contains(r#""status":"live""#), "{address} is no Fanlight: it answers {first}");
    Ok(())
}

async fn answer_of(address: SocketAddr, tls: bool) -> io::Result<String> {
    let tcp = TcpStream::connect(address).await?;
    if !tls {
        return talk(tcp, address).await;
    }
    let connector = TlsConnector::from(Arc::new(any_certificate().map_err(io::Error::other)?));
    talk(connector.connect(address.ip().into(), tcp).await?, address).await
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    address: SocketAddr,
) -> io::Result<String> {
    let request = format!("GET /livez HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn any_certificate() -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    Ok(ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        .with_no_client_auth())
}

/// Takes every certificate: it is this server's own, made for the name that others reach it by, and
/// who is asked hears no secret.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn it_is_asked_where_this_machine_reaches_it() {
        let asked = |host: &str, port| {
            reached_at(host.parse().expect("an address"), port).map(|address| address.to_string())
        };
        for (host, expected) in [
            ("0.0.0.0", "127.0.0.1:8080"),
            ("::", "[::1]:8080"),
            ("127.0.0.1", "127.0.0.1:8080"),
            ("192.0.2.7", "192.0.2.7:8080"),
        ] {
            assert_eq!(asked(host, 8080).expect("an address"), expected, "{host}");
        }
        let error = asked("127.0.0.1", 0).expect_err("unknown").to_string();
        assert!(error.contains("--port"), "{error}");
    }

    /// What is said of a server that does with its one client as told.
    async fn said_of(serve: impl AsyncFnOnce(TcpStream)) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let serving = async {
            let (stream, _) = listener.accept().await.expect("a client");
            serve(stream).await;
        };
        let (asked, ()) = tokio::join!(ask(address, false), serving);
        match asked {
            Ok(()) => "it lives".to_owned(),
            Err(error) => format!("{error:#}"),
        }
    }

    async fn answer(mut stream: TcpStream, text: &str) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut request).await.expect("a request");
        }
        stream.write_all(text.as_bytes()).await.expect("an answer");
    }

    #[tokio::test]
    async fn another_program_on_the_port_is_no_fanlight() {
        let live = "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"live\"}";
        assert_eq!(said_of(async |stream| answer(stream, live).await).await, "it lives");
        let other = said_of(async |stream| answer(stream, "SSH-2.0-OpenSSH_9.2\r\n").await).await;
        assert!(other.contains("no Fanlight: it answers SSH-2.0"), "{other}");
        let silent = said_of(async |stream| answer(stream, "").await).await;
        assert!(silent.contains("it answers nothing") || silent.contains("does not"), "{silent}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_hangs_is_not_waited_for() {
        let hung = said_of(async |stream| {
            tokio::time::sleep(PATIENCE * 2).await;
            drop(stream);
        });
        let hung = hung.await;
        assert!(hung.ends_with("does not answer within 3 s"), "{hung}");
    }
}
