//! Has a device tell its streams over ONVIF.

use std::net::Ipv4Addr;
use std::sync::Arc;

use oxvif::soap::SoapError;
use oxvif::transport::TransportError;
use oxvif::types::{Resolution, VideoEncoding};
use oxvif::{OnvifError, OnvifSession};
use url::Url;

use crate::credentials::{Credentials, without_credentials};
use crate::device::{Fault, Stream};
use crate::nearby::{self, Elsewhere};
use crate::networks::Networks;
use crate::text::tidy;
use crate::transport::ToDevice;

/// A recorder has a few dozen; more would only be scrolled past.
const MAX_STREAMS: usize = 64;

/// What a device tells.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) manufacturer: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) streams: Vec<Stream>,
    /// What was left out of them.
    pub(crate) fault: Option<Fault>,
}

/// Why it tells nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Untold {
    /// It wants a sign-in, or another one.
    SignIn,
    /// Something else.
    Fault(Fault),
}

/// Asks the device at this address for itself and its streams.
pub(crate) async fn ask(
    service: &Url,
    address: Ipv4Addr,
    networks: &Networks,
    credentials: Option<&Credentials>,
) -> Result<Told, Untold> {
    let transport = ToDevice::new(address, networks.clone(), credentials).map_err(|_| {
        Untold::Fault(Fault::new("internal", "this machine's certificates cannot be read"))
    })?;
    let transport = Arc::new(transport);
    let asking = Asking { transport: Arc::clone(&transport), address, networks };
    asking.ask(service, credentials).await.map_err(|error| untold(&error, transport.take_fault()))
}

struct Asking<'a> {
    transport: Arc<ToDevice>,
    address: Ipv4Addr,
    networks: &'a Networks,
}

impl Asking<'_> {
    async fn ask(
        &self,
        service: &Url,
        credentials: Option<&Credentials>,
    ) -> Result<Told, OnvifError> {
        let mut builder = OnvifSession::builder(service.as_str())
            .with_transport(self.transport.clone())
            .with_clock_sync();
        if let Some(credentials) = credentials {
            builder = builder.with_credentials(credentials.user(), credentials.password());
        }
        let session = builder.build().await?;
        let info = match session.get_device_info().await {
            Ok(info) => Some(info),
            Err(error) if wants_sign_in(&error) => return Err(error),
            Err(_) => None,
        };
        let (mut streams, mut fault) = (Vec::new(), None);
        for profile in profiles(&session).await? {
            match self.stream(&session, profile).await? {
                Ok(stream) => streams.extend(stream),
                Err(elsewhere) => {
                    fault = Some(Fault::new(
                        "address_elsewhere",
                        format!("a stream is left out: {elsewhere}"),
                    ));
                }
            }
        }
        // The largest picture first: that is the main stream, whatever the order of the profiles.
        streams.sort_by_key(|stream: &Stream| {
            std::cmp::Reverse(
                u64::from(stream.width.unwrap_or(0)) * u64::from(stream.height.unwrap_or(0)),
            )
        });
        Ok(Told {
            manufacturer: info.as_ref().and_then(|info| tidy(&info.manufacturer)),
            model: info.as_ref().and_then(|info| tidy(&info.model)),
            streams,
            fault,
        })
    }

    /// A profile's stream. One that cannot be told is left out, but not for want of a sign-in.
    async fn stream(
        &self,
        session: &OnvifSession,
        profile: Profile,
    ) -> Result<Result<Option<Stream>, Elsewhere>, OnvifError> {
        let told = if profile.media2 {
            session.get_stream_uri_media2(&profile.token).await
        } else {
            session.get_stream_uri(&profile.token).await.map(|told| told.uri)
        };
        let url = match told {
            Ok(url) => url,
            Err(error) if wants_sign_in(&error) => return Err(error),
            Err(error) => {
                tracing::debug!(address = %self.address, "a profile without a stream: {error}");
                return Ok(Ok(None));
            }
        };
        let url = match stream_url(&url, self.address, self.networks) {
            Ok(Some(url)) => url,
            Ok(None) => return Ok(Ok(None)),
            Err(elsewhere) => return Ok(Err(elsewhere)),
        };
        let (codec, size, fps) = profile.encoder.unwrap_or_default();
        let name = tidy(&profile.name).or_else(|| tidy(&profile.token)).unwrap_or_default();
        let (width, height) = (size.map(|s| s.0), size.map(|s| s.1));
        Ok(Ok(Some(Stream { name, url, codec, width, height, fps })))
    }
}

/// Codec, size and rate.
type Encoder = (Option<String>, Option<(u32, u32)>, Option<f64>);

struct Profile {
    token: String,
    name: String,
    media2: bool,
    encoder: Option<Encoder>,
}

/// Its profiles that have video. Media2 tells of H.265, too; older cameras have Media only.
async fn profiles(session: &OnvifSession) -> Result<Vec<Profile>, OnvifError> {
    if session.capabilities().media2.url.is_some() {
        match profiles_of_media2(session).await {
            Ok(profiles) if !profiles.is_empty() => return Ok(profiles),
            Err(error) if wants_sign_in(&error) => return Err(error),
            _ => {}
        }
    }
    let profiles = session.get_profiles().await?;
    let encoders = session.get_video_encoder_configurations().await.unwrap_or_default();
    let video = profiles.into_iter().filter(|profile| profile.video_encoder_token.is_some());
    let described = video.map(|profile| {
        let encoder =
            encoders.iter().find(|e| Some(&e.token) == profile.video_encoder_token.as_ref());
        let encoder = encoder.map(|e| {
            let fps = e.rate_control.as_ref().map(|rate| f64::from(rate.frame_rate_limit));
            (codec(&e.encoding), size(e.resolution), fps.filter(|fps| *fps > 0.0))
        });
        Profile { token: profile.token, name: profile.name, media2: false, encoder }
    });
    Ok(described.take(MAX_STREAMS).collect())
}

async fn profiles_of_media2(session: &OnvifSession) -> Result<Vec<Profile>, OnvifError> {
    let profiles = session.get_profiles_media2().await?;
    let encoders = session.get_video_encoder_configurations_media2().await.unwrap_or_default();
    let described = profiles.into_iter().map(|profile| {
        let encoder =
            encoders.iter().find(|e| Some(&e.token) == profile.video_encoder_token.as_ref());
        let encoder = encoder.map(|e| {
            let fps = e.rate_control.as_ref().map(|rate| f64::from(rate.frame_rate_limit));
            (codec(&e.encoding), size(e.resolution), fps.filter(|fps| *fps > 0.0))
        });
        Profile { token: profile.token, name: profile.name, media2: true, encoder }
    });
    Ok(described.take(MAX_STREAMS).collect())
}

fn codec(encoding: &VideoEncoding) -> Option<String> {
    match encoding {
        VideoEncoding::H264 => Some("h264".into()),
        VideoEncoding::H265 => Some("h265".into()),
        VideoEncoding::Jpeg => Some("mjpeg".into()),
        VideoEncoding::Other(name) => tidy(&name.to_ascii_lowercase()),
    }
}

fn size(resolution: Resolution) -> Option<(u32, u32)> {
    (resolution.width > 0 && resolution.height > 0).then_some((resolution.width, resolution.height))
}

/// A URL that Fanlight could open, without the user that some cameras put into it.
fn stream_url(
    text: &str,
    address: Ipv4Addr,
    networks: &Networks,
) -> Result<Option<Url>, Elsewhere> {
    let Ok(url) = Url::parse(text.trim()) else { return Ok(None) };
    if !matches!(url.scheme(), "rtsp" | "rtsps" | "http" | "https") || !url.has_host() {
        return Ok(None);
    }
    nearby::stream(&url, address, networks).map(|url| Some(without_credentials(&url)))
}

/// Whether the device wants a sign-in, or did not take the one it got. Cameras say so in many ways.
fn wants_sign_in(error: &OnvifError) -> bool {
    match error {
        OnvifError::Transport(TransportError::HttpStatus { status, .. }) => {
            matches!(status, 401 | 403)
        }
        OnvifError::Soap(SoapError::Fault { code, subcode, reason, .. }) => {
            let told = [Some(code), subcode.as_ref(), Some(reason)];
            told.into_iter().flatten().any(|text| {
                let text: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
                let text = text.to_ascii_lowercase();
                [
                    "notauthorized",
                    "unauthorized",
                    "failedauthentication",
                    "authenticationfailed",
                    "authorityfailure",
                ]
                .iter()
                .any(|mark| text.contains(mark))
            })
        }
        _ => false,
    }
}

fn untold(error: &OnvifError, fault: Option<Fault>) -> Untold {
    if let Some(fault) = fault {
        return Untold::Fault(fault);
    }
    if wants_sign_in(error) {
        return Untold::SignIn;
    }
    tracing::debug!("ONVIF: {error}");
    Untold::Fault(Fault::new(
        "not_onvif",
        "it answers, but not as ONVIF has it; add it by its RTSP address instead",
    ))
}

#[cfg(test)]
mod lying_devices;

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn fault(code: &str, subcode: Option<&str>, reason: &str) -> OnvifError {
        let (code, reason) = (code.to_owned(), reason.to_owned());
        SoapError::Fault { code, reason, subcode: subcode.map(str::to_owned), detail: None }.into()
    }

    #[rstest]
    #[case(fault("s:Sender", Some("ter:NotAuthorized"), "no"), true)]
    #[case(fault("env:Sender", None, "Sender not Authorized"), true)]
    #[case(fault("wsse:FailedAuthentication", None, "x"), true)]
    #[case(fault("s:Receiver", Some("ter:ActionNotSupported"), "x"), false)]
    #[case(TransportError::HttpStatus { status: 401, body: String::new() }.into(), true)]
    #[case(TransportError::HttpStatus { status: 404, body: "unauthorized".into() }.into(), false)]
    fn cameras_refuse_in_many_words(#[case] error: OnvifError, #[case] expected: bool) {
        assert_eq!(wants_sign_in(&error), expected);
    }
}
