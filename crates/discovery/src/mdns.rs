//! Listens for cameras that announce themselves by mDNS.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures_util::future::join_all;
use mdns_sd::{IfKind, ResolvedService, ServiceDaemon, ServiceEvent};
use tokio::time::{Instant, timeout_at};

use crate::device::{Device, SeenBy};
use crate::networks::Networks;
use crate::text::tidy;

/// As long as WS-Discovery takes.
const LISTEN: Duration = Duration::from_secs(4);
/// A type's events; who sends more floods.
const MAX_EVENTS: usize = 2000;
const RTSP: &str = "_rtsp._tcp.local.";
/// What cameras announce.
const TYPES: [&str; 4] =
    [RTSP, "_onvif._tcp.local.", "_axis-video._tcp.local.", "_psia._tcp.local."];

/// The thread that speaks mDNS, ended on drop.
struct Listening(ServiceDaemon);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.0.shutdown();
    }
}

/// Asks in each network, and hands over each camera that answers from it.
pub(crate) async fn look(networks: &Networks, found: &(impl Fn(Device) + Sync)) {
    if let Err(error) = listen(networks, found).await {
        tracing::debug!("mDNS: {error}");
    }
}

async fn listen(networks: &Networks, found: &(impl Fn(Device) + Sync)) -> mdns_sd::Result<()> {
    let listening = Listening(ServiceDaemon::new()?);
    listening.0.disable_interface(IfKind::All)?;
    for network in networks.iter() {
        listening.0.enable_interface(IfKind::Addr(network.own().into()))?;
    }
    let until = Instant::now() + LISTEN;
    let browsed = TYPES.map(|kind| listening.0.browse(kind));
    let each = browsed.into_iter().flatten().map(|events| async move {
        for _ in 0..MAX_EVENTS {
            match timeout_at(until, events.recv_async()).await {
                Ok(Ok(ServiceEvent::ServiceResolved(service))) => {
                    devices(&service, networks).for_each(found);
                }
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => break,
            }
        }
    });
    join_all(each).await;
    Ok(())
}

/// The addresses of a service that are in our networks.
fn devices(service: &ResolvedService, networks: &Networks) -> impl Iterator<Item = Device> {
    let addresses: Vec<Ipv4Addr> = service
        .addresses
        .iter()
        .filter_map(|address| match address.to_ip_addr() {
            IpAddr::V4(ip) if networks.contain(ip) => Some(ip),
            _ => None,
        })
        .collect();
    let name = service.fullname.strip_suffix(&service.ty_domain).unwrap_or(&service.fullname);
    let name = tidy(name.trim_end_matches('.'));
    let port = (service.ty_domain == RTSP).then_some(service.port);
    addresses.into_iter().map(move |address| {
        let mut device = Device::new(address, SeenBy::Mdns);
        device.name.clone_from(&name);
        device.port = port;
        device
    })
}
