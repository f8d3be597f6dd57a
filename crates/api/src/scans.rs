//! Scans of the network: start, show, cancel one, sign in to what it found and add it.
//! How it is done is `fanlight_discovery`'s affair.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use fanlight_discovery::{Credentials, Networks, NotReady, Running, Scan, Scans, Wish};
use fanlight_engine::{CameraId, CameraUrl, Engine, Error};
use http::StatusCode;
use secrecy::ExposeSecret as _;

use crate::extract::Body;
use crate::problem::Problem;
use crate::wire::{
    self, AddFound, AddFoundRequest, AddedFound, DeviceSignIn, RefusedFound, ScanReport,
    ScanRequest, StartRequest,
};
use crate::{Answer, Context, invalid, streams};

/// Cameras take less.
const MAX_SIGN_IN: usize = 256;
/// As many devices as a scan keeps.
const MAX_DEVICES: usize = 512;

/// The scans of this server, ended with it.
pub(crate) fn of(engine: &Engine) -> Arc<Scans> {
    let scans = Arc::new(Scans::default());
    let (ending, engine) = (Arc::clone(&scans), engine.clone());
    tokio::spawn(async move {
        engine.ended().await;
        ending.end();
    });
    scans
}

/// Starts a scan of this machine's own private networks.
///
/// It calls for ONVIF devices and listens for mDNS; with `sweep` it also knocks at every address for
/// RTSP. Devices that speak ONVIF are asked for their streams.
#[utoipa::path(
    post, path = "/api/scans", operation_id = "startScan", tag = "scans",
    request_body = ScanRequest,
    responses(
        (status = 201, body = ScanReport, description = "It is running"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "`scans_off`: this server does not search the network"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`scan_running`: one at a time"),
    ),
)]
pub(crate) async fn start(
    State(context): State<Context>,
    Body(request): Body<ScanRequest>,
) -> Answer<(StatusCode, Json<ScanReport>)> {
    if !context.scans_allowed {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "scans_off",
            "searching the network is switched off (FANLIGHT_SCANS); add cameras by their address",
        ));
    }
    let credentials = match (request.username, request.password) {
        (None, None) => None,
        (Some(user), password) => Some(credentials(user, password.unwrap_or_default())?),
        (None, Some(_)) => return Err(invalid("a password without a username").into()),
    };
    let networks = Networks::own().map_err(|error| {
        let why = format!("this machine does not tell its networks: {error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", why)
    })?;
    let wish = Wish { sweep: request.sweep, credentials };
    let scan = context.scans.start(networks, wish).map_err(|running: Running| {
        Problem::new(StatusCode::CONFLICT, "scan_running", running.to_string())
    })?;
    Ok((StatusCode::CREATED, Json(wire::scan(&scan, &context.engine))))
}

fn credentials(user: String, password: String) -> Result<Credentials, Error> {
    if user.is_empty() || user.len() > MAX_SIGN_IN || password.len() > MAX_SIGN_IN {
        return Err(invalid("a username has 1 to 256 bytes, a password at most 256"));
    }
    Ok(Credentials::new(user, password))
}

/// Lists the last scans.
#[utoipa::path(
    get, path = "/api/scans", operation_id = "listScans", tag = "scans",
    responses((status = 200, body = wire::Scans, description = "The newest first")),
)]
pub(crate) async fn list(State(context): State<Context>) -> Json<wire::Scans> {
    let scans = context.scans.list();
    Json(wire::Scans {
        scans: scans.iter().map(|scan| wire::scan(scan, &context.engine)).collect(),
    })
}

/// Tells how a scan is and what it found.
#[utoipa::path(
    get, path = "/api/scans/{id}", operation_id = "showScan", tag = "scans",
    params(("id" = String, Path, description = "The scan's id")),
    responses(
        (status = 200, body = ScanReport, description = "The scan"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`scan_not_found`"),
    ),
)]
pub(crate) async fn show(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Answer<Json<ScanReport>> {
    Ok(Json(wire::scan(&*named(&context, &id)?, &context.engine)))
}

/// Cancels a scan; what it found stays.
#[utoipa::path(
    delete, path = "/api/scans/{id}", operation_id = "cancelScan", tag = "scans",
    params(("id" = String, Path, description = "The scan's id")),
    responses(
        (status = 200, body = ScanReport, description = "The scan, which does nothing any more"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`scan_not_found`"),
    ),
)]
pub(crate) async fn cancel(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Answer<Json<ScanReport>> {
    let scan = named(&context, &id)?;
    scan.cancel();
    Ok(Json(wire::scan(&scan, &context.engine)))
}

/// Signs in to devices that a scan found, and asks them for their streams.
///
/// The answer does not wait for theirs: they are `asking` until their streams are known. Those without
/// ONVIF stay as they are. The password goes to the devices as a digest only.
#[utoipa::path(
    post, path = "/api/scans/{id}/sign-in", operation_id = "signInToDevices", tag = "scans",
    params(("id" = String, Path, description = "The scan's id")),
    request_body = DeviceSignIn,
    responses(
        (status = 200, body = ScanReport, description = "The scan"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`scan_not_found`, `device_not_found`"),
    ),
)]
pub(crate) async fn sign_in(
    State(context): State<Context>,
    Path(id): Path<String>,
    Body(request): Body<DeviceSignIn>,
) -> Answer<Json<ScanReport>> {
    let credentials = credentials(request.username, request.password)?;
    if request.addresses.is_empty() || request.addresses.len() > MAX_DEVICES {
        return Err(invalid("addresses: name 1 to 512 devices").into());
    }
    let addresses = request.addresses.iter().map(|text| address(text));
    let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
    let scan = named(&context, &id)?;
    scan.sign_in(&addresses, credentials)
        .map_err(|why| Problem::new(StatusCode::NOT_FOUND, "device_not_found", why.to_string()))?;
    Ok(Json(wire::scan(&scan, &context.engine)))
}

/// Adds devices that a scan found as cameras.
///
/// The user and the password that a device took are put into the URLs here.
#[utoipa::path(
    post, path = "/api/scans/{id}/add", operation_id = "addFound", tag = "scans",
    params(("id" = String, Path, description = "The scan's id")),
    request_body = AddFoundRequest,
    responses(
        (status = 200, body = AddedFound, description = "What became of each"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`scan_not_found`"),
    ),
)]
pub(crate) async fn add(
    State(context): State<Context>,
    Path(id): Path<String>,
    Body(request): Body<AddFoundRequest>,
) -> Answer<Json<AddedFound>> {
    if request.cameras.is_empty() || request.cameras.len() > MAX_DEVICES {
        return Err(invalid("cameras: name 1 to 512 devices").into());
    }
    let scan = named(&context, &id)?;
    let mut answer = AddedFound::default();
    for camera in request.cameras {
        let (address, stream_id) = (camera.address.clone(), camera.stream_id.clone());
        match add_one(&context, &scan, camera).await {
            Ok(()) => answer.added.push(stream_id),
            Err(Refusal(code, error)) => answer.refused.push(RefusedFound { address, code, error }),
        }
    }
    Ok(Json(answer))
}

/// A code and why.
struct Refusal(&'static str, String);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error.kind().code(), error.message().to_owned())
    }
}

impl From<NotReady> for Refusal {
    fn from(why: NotReady) -> Self {
        let code = match why {
            NotReady::NoDevice => "device_not_found",
            NotReady::NoStreams => "device_not_ready",
            NotReady::NoSuchStream => "no_such_stream",
        };
        Self(code, why.to_string())
    }
}

async fn add_one(context: &Context, scan: &Scan, camera: AddFound) -> Result<(), Refusal> {
    let address = address(&camera.address)?;
    let id = CameraId::parse(&camera.stream_id)?;
    let url = |stream| -> Result<CameraUrl, Refusal> {
        Ok(CameraUrl::parse(scan.stream_url(address, stream)?.expose_secret())?)
    };
    let substream = camera.sub.map(url).transpose()?;
    let request =
        StartRequest { name: camera.name, ..StartRequest::of(url(camera.main)?.expose()) };
    let mut config = streams::config(id, request)?;
    config.substream = substream;
    context.engine.add(config).await?;
    Ok(())
}

fn address(text: &str) -> Result<Ipv4Addr, Error> {
    text.parse().map_err(|_| invalid("an address is one of IPv4, as a scan names its devices"))
}

fn named(context: &Context, id: &str) -> Answer<Arc<Scan>> {
    context.scans.get(id).ok_or_else(|| {
        let why = "there is no such scan; the last few are kept, until the server ends";
        Problem::new(StatusCode::NOT_FOUND, "scan_not_found", why)
    })
}
