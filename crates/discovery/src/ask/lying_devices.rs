//! Devices that lie, dawdle or flood, on loopback: nothing goes elsewhere, and all of it ends.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::{Told, Untold, ask};
use crate::credentials::Credentials;
use crate::networks::{Network, Networks};

const PASSWORD: &str = "canary-pw";

/// An ONVIF device that answers each request as it is told to, and remembers what it was sent.
struct Device {
    service: Url,
    heard: Arc<Mutex<String>>,
}

impl Device {
    /// `answer` makes a whole HTTP response from the request.
    async fn new(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::new(Mutex::new(String::new()));
        let (memory, answer) = (Arc::clone(&heard), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&memory), Arc::clone(&answer)));
            }
        });
        let service = format!("http://127.0.0.1:{port}/onvif/device_service");
        Self { service: Url::parse(&service).expect("a URL"), heard }
    }

    async fn ask(&self) -> Result<Told, Untold> {
        let credentials = Credentials::new("admin", PASSWORD);
        let networks = Networks::of([Network::loopback()]);
        ask(&self.service, Ipv4Addr::LOCALHOST, &networks, Some(&credentials)).await
    }

    async fn fault(&self) -> &'static str {
        match self.ask().await {
            Err(Untold::Fault(fault)) => fault.code,
            other => panic!("{other:?}"),
        }
    }

    fn heard(&self) -> String {
        self.heard.lock().expect("no panic").clone()
    }
}

async fn serve(
    mut connection: TcpStream,
    memory: Arc<Mutex<String>>,
    answer: Arc<impl Fn(&str) -> String>,
) {
    let mut request = Vec::new();
    let mut part = [0; 8192];
    while !is_whole(&request) {
        match connection.read(&mut part).await {
            Ok(size) if size > 0 => request.extend_from_slice(&part[..size]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    memory.lock().expect("no panic").push_str(&request);
    let _ = connection.write_all(answer(&request).as_bytes()).await;
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn ok(body: &str) -> String {
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>{body}</s:Body></s:Envelope>"
    );
    format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{envelope}",
        envelope.len()
    )
}

/// What an honest device answers, with its media service and its stream at these addresses.
fn honest(request: &str, media: &str, stream: &str) -> String {
    let asked = |what: &str| request.contains(&format!("{what}\""));
    let body = if asked("GetSystemDateAndTime") {
        "<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime><Time><Hour>1</Hour><Minute>2</Minute><Second>3</Second></Time>\
         <Date><Year>2024</Year><Month>5</Month><Day>6</Day></Date></UTCDateTime></SystemDateAndTime></GetSystemDateAndTimeResponse>".to_owned()
    } else if asked("GetCapabilities") {
        format!(
            "<GetCapabilitiesResponse><Capabilities><Media><XAddr>{media}</XAddr></Media></Capabilities></GetCapabilitiesResponse>"
        )
    } else if asked("GetDeviceInformation") {
        "<GetDeviceInformationResponse><Manufacturer>Acme</Manufacturer><Model>Eye\u{7}</Model></GetDeviceInformationResponse>".to_owned()
    } else if asked("GetProfiles") {
        "<GetProfilesResponse><Profiles token=\"p\"><Name>Main</Name><VideoEncoderConfiguration token=\"e\"/></Profiles></GetProfilesResponse>".to_owned()
    } else if asked("GetStreamUri") {
        format!(
            "<GetStreamUriResponse><MediaUri><Uri>{stream}</Uri></MediaUri></GetStreamUriResponse>"
        )
    } else {
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>".to_owned()
    };
    ok(&body)
}

/// Where the request came to, as the device could have it in its settings: under this host name.
fn media(request: &str, host: &str) -> String {
    let mut lines = request.lines().map(str::to_ascii_lowercase);
    let port = lines.find_map(|line| line.strip_prefix("host: 127.0.0.1:").map(str::to_owned));
    format!("http://{host}:{}/media", port.expect("a port"))
}

#[tokio::test]
async fn an_honest_one_is_understood_and_never_sees_the_password() {
    let stream = "rtsp://user:pw@cam.example:8554/1?a=b";
    let device = Device::new(move |r| honest(r, &media(r, "cam.example"), stream)).await;
    let told = device.ask().await.expect("told");
    assert_eq!((told.manufacturer.as_deref(), told.model.as_deref()), (Some("Acme"), Some("Eye")));
    let [stream] = &told.streams[..] else { panic!("{told:?}") };
    assert_eq!(
        (stream.name.as_str(), stream.url.as_str()),
        ("Main", "rtsp://127.0.0.1:8554/1?a=b")
    );
    let heard = device.heard();
    assert!(heard.contains("UsernameToken") && heard.contains("PasswordDigest"), "{heard}");
    assert!(!heard.contains(PASSWORD), "{heard}");
}

#[tokio::test]
async fn one_that_sends_us_elsewhere_is_not_followed() {
    let device = Device::new(|r| honest(r, "http://192.0.2.7/media", "")).await;
    assert_eq!(device.fault().await, "address_elsewhere");
    let away = "HTTP/1.1 307 Away\r\nLocation: http://192.0.2.7/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let device = Device::new(|_| away.to_owned()).await;
    assert_eq!(device.fault().await, "redirected");
}

#[tokio::test]
async fn one_whose_stream_is_elsewhere_offers_none() {
    let device = Device::new(|r| honest(r, &media(r, "127.0.0.1"), "rtsp://192.0.2.7/1")).await;
    let told = device.ask().await.expect("told");
    assert!(told.streams.is_empty());
    assert_eq!(told.fault.expect("said").code, "address_elsewhere");
}

#[tokio::test]
async fn one_that_asks_for_the_password_in_the_clear_does_not_get_it() {
    let basic = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"cam\"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let device = Device::new(|_| basic.to_owned()).await;
    assert_eq!(device.fault().await, "sign_in_unsafe");
    let heard = device.heard();
    // admin:canary-pw in base64
    assert!(!heard.contains(PASSWORD) && !heard.contains("YWRtaW46Y2FuYXJ5LXB3"), "{heard}");
}

#[tokio::test]
async fn one_that_floods_is_cut_off() {
    let device = Device::new(|_| ok(&"<a/>".repeat(1 << 20))).await;
    assert_eq!(device.fault().await, "answer_too_large");
}

#[tokio::test]
async fn one_that_nests_without_end_harms_nothing() {
    let device = Device::new(|_| ok(&"<a>".repeat(200_000))).await;
    assert_eq!(device.fault().await, "not_onvif");
}

#[tokio::test]
async fn one_that_dawdles_is_left() {
    let begun = Instant::now();
    // It promises more than it sends.
    let device = Device::new(|_| "HTTP/1.1 200 OK\r\nContent-Length: 10".to_owned()).await;
    let heard = device.fault().await;
    assert!(["camera_timeout", "camera_unreachable"].contains(&heard), "{heard}");
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
}
