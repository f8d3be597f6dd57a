//! HTTP to one device: nobody else, no redirects, bounded in bytes and time. Passwords travel as
//! digests only.

use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use diqwest::{DigestAuthSession, WithDigestAuth as _};
use oxvif::transport::{Transport, TransportError};
use reqwest::redirect::Policy;
use url::Url;

use crate::credentials::Credentials;
use crate::device::Fault;
use crate::nearby;
use crate::networks::Networks;

/// One request with its answer.
const REQUEST: Duration = Duration::from_secs(5);
/// A recorder with many profiles answers some hundred KiB.
const MAX_ANSWER: usize = 1 << 20;

/// Requests to one device.
pub(crate) struct ToDevice {
    client: reqwest::Client,
    digest: Option<DigestAuthSession>,
    address: Ipv4Addr,
    networks: Networks,
    /// Why the last request failed, where the device is not the one to tell.
    fault: Mutex<Option<Fault>>,
}

impl ToDevice {
    /// # Errors
    /// Those of the HTTP client, which needs the system's certificates.
    pub(crate) fn new(
        address: Ipv4Addr,
        networks: Networks,
        credentials: Option<&Credentials>,
    ) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(REQUEST)
            .user_agent("Fanlight")
            .build()?;
        let digest = credentials.map(|c| DigestAuthSession::new(c.user(), c.password()));
        Ok(Self { client, digest, address, networks, fault: Mutex::default() })
    }

    /// Why a request failed, once.
    pub(crate) fn take_fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn fail(&self, fault: Fault) -> TransportError {
        let body = fault.message.clone();
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        TransportError::HttpStatus { status: 0, body }
    }

    async fn send(&self, url: Url, action: &str, body: String) -> Result<reqwest::Response, Fault> {
        let content_type = format!("application/soap+xml; charset=utf-8; action=\"{action}\"");
        let request = self.client.post(url).header("Content-Type", content_type).body(body);
        match &self.digest {
            None => request.send().await.map_err(|error| unreachable(&error)),
            Some(digest) => request.send_digest_auth(digest).await.map_err(|error| match error {
                diqwest::error::Error::Reqwest(error) => unreachable(&error),
                // It asks for another kind of sign-in, which would give the password away.
                _ => Fault::new(
                    "sign_in_unsafe",
                    "it asks for the password in the clear; allow digest sign-in in its settings",
                ),
            }),
        }
    }
}

fn unreachable(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        Fault::new("camera_timeout", "it does not answer in time; is it busy or starting?")
    } else {
        Fault::new(
            "camera_unreachable",
            "its ONVIF service cannot be reached; is it switched on in the camera?",
        )
    }
}

#[async_trait]
impl Transport for ToDevice {
    async fn soap_post(
        &self,
        url: &str,
        action: &str,
        body: String,
    ) -> Result<String, TransportError> {
        let url = Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| {
                self.fail(Fault::new("not_onvif", "it names an address that is none"))
            })?;
        let url = nearby::at_device(&url, self.address, &self.networks).map_err(|elsewhere| {
            self.fail(Fault::new("address_elsewhere", elsewhere.to_string()))
        })?;
        let mut response = self.send(url, action, body).await.map_err(|fault| self.fail(fault))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(self.fail(Fault::new(
                "redirected",
                "it sends requests to another address, and is not followed there",
            )));
        }
        let mut answer = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|e| self.fail(unreachable(&e)))? {
            if answer.len() + part.len() > MAX_ANSWER {
                return Err(
                    self.fail(Fault::new("answer_too_large", "its answer is larger than 1 MiB"))
                );
            }
            answer.extend_from_slice(&part);
        }
        let text = String::from_utf8_lossy(&answer).into_owned();
        // SOAP tells its faults with 400 and 500.
        if matches!(status.as_u16(), 200 | 400 | 500) {
            Ok(text)
        } else {
            Err(TransportError::HttpStatus { status: status.as_u16(), body: text })
        }
    }
}
