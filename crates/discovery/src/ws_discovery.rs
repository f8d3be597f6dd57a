//! Calls into our networks by WS-Discovery, to which ONVIF devices answer.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use futures_util::future::join_all;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::device::{Device, Fault, SeenBy, State};
use crate::nearby;
use crate::networks::Networks;
use crate::probe_match::ProbeMatch;

const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), 3702);
/// Devices may wait half a second before they answer, and a datagram may be lost.
const LISTEN: Duration = Duration::from_secs(4);
/// When the call is repeated.
const AGAIN: Duration = Duration::from_secs(1);
/// A large site has some hundred cameras; who sends more floods.
const MAX_ANSWERS: usize = 2000;
/// An answer takes one or two KiB.
const MAX_ANSWER: usize = 16 << 10;
/// Some recorders are a Device only; a probe's types must all be there, so each is asked for alone.
const TYPES: [&str; 2] = [
    r#"<d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">dn:NetworkVideoTransmitter</d:Types>"#,
    r#"<d:Types xmlns:tds="http://www.onvif.org/ver10/device/wsdl">tds:Device</d:Types>"#,
];

/// Calls into each network, and hands over each device that answers from it.
pub(crate) async fn look(networks: &Networks, found: &(impl Fn(Device) + Sync)) {
    let each = networks.iter().map(|network| look_from(network.own(), networks, found));
    for outcome in join_all(each).await {
        if let Err(error) = outcome {
            tracing::debug!("WS-Discovery: {error}");
        }
    }
}

async fn look_from(
    own: Ipv4Addr,
    networks: &Networks,
    found: &(impl Fn(Device) + Sync),
) -> std::io::Result<()> {
    let socket = open(own)?;
    let begun = Instant::now();
    call(&socket).await?;
    let mut repeated = false;
    let mut buffer = vec![0; MAX_ANSWER];
    for _ in 0..MAX_ANSWERS {
        let until = begun + if repeated { LISTEN } else { AGAIN };
        match timeout_at(until, socket.recv_from(&mut buffer)).await {
            Ok(Ok((size, SocketAddr::V4(from)))) => {
                for device in heard(&buffer[..size], *from.ip(), networks) {
                    found(device);
                }
            }
            // Windows reports the refusal of an earlier datagram here.
            Ok(_) => {}
            Err(_) if repeated => break,
            Err(_) => {
                call(&socket).await?;
                repeated = true;
            }
        }
    }
    Ok(())
}

/// A socket that sends from this address, into its network only.
fn open(own: Ipv4Addr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.bind(&SocketAddr::from((own, 0)).into())?;
    socket.set_multicast_if_v4(&own)?;
    socket.set_multicast_ttl_v4(1)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

async fn call(socket: &UdpSocket) -> std::io::Result<()> {
    for types in TYPES {
        socket.send_to(probe(types).as_bytes(), GROUP).await?;
    }
    Ok(())
}

fn probe(types: &str) -> String {
    format!(
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" "#,
            r#"xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" "#,
            r#"xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header>"#,
            "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>",
            "<a:MessageID>uuid:{}</a:MessageID>",
            "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>",
            "</s:Header><s:Body><d:Probe>{}</d:Probe></s:Body></s:Envelope>",
        ),
        Uuid::new_v4(),
        types
    )
}

/// What a datagram says of the device that sent it.
fn heard(datagram: &[u8], from: Ipv4Addr, networks: &Networks) -> Vec<Device> {
    if !networks.contain(from) {
        return Vec::new();
    }
    let matches = ProbeMatch::parse(&String::from_utf8_lossy(datagram));
    matches.iter().map(|answer| device(answer, from, networks)).collect()
}

fn device(answer: &ProbeMatch, from: Ipv4Addr, networks: &Networks) -> Device {
    let mut device = Device::new(from, SeenBy::Onvif);
    device.name = answer.scope("name");
    device.model = answer.scope("hardware");
    device.manufacturer = answer.scope("manufacturer");
    let mut services = answer.services();
    // The one at the address we know comes first, and IPv4 before IPv6.
    services.sort_by_key(|url| match nearby::address(url) {
        Some(IpAddr::V4(ip)) if ip == from => 0,
        Some(IpAddr::V4(_)) => 1,
        _ => 2,
    });
    match services.first().map(|url| nearby::at_device(url, from, networks)) {
        Some(Ok(service)) => device.service = Some(service),
        Some(Err(elsewhere)) => {
            device.state = State::Failed;
            device.fault = Some(Fault::new("address_elsewhere", elsewhere.to_string()));
        }
        None => {
            device.state = State::Failed;
            device.fault =
                Some(Fault::new("no_service", "it names no address of its ONVIF service"));
        }
    }
    device
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::Network;
    use rstest::rstest;

    const FROM: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

    fn answer(addresses: &str) -> String {
        format!(
            "<d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter</d:Types><d:XAddrs>{addresses}</d:XAddrs></d:ProbeMatch>"
        )
    }

    fn one(addresses: &str) -> Device {
        let networks = Networks::of(Network::private(Ipv4Addr::new(10, 77, 0, 1), 24));
        heard(answer(addresses).as_bytes(), FROM, &networks).pop().expect("a device")
    }

    #[rstest]
    #[case("http://10.77.0.2/onvif/device_service", "http://10.77.0.2/onvif/device_service")]
    #[case("http://[fe80::2]/x http://10.77.0.9/y http://10.77.0.2/z", "http://10.77.0.2/z")]
    #[case("http://10.77.0.9:8000/y", "http://10.77.0.2:8000/y")]
    fn a_device_is_asked_where_it_answered_from(#[case] addresses: &str, #[case] service: &str) {
        let device = one(addresses);
        assert_eq!((device.address, device.state), (FROM, State::Found));
        assert_eq!(device.service.map(|url| url.to_string()).as_deref(), Some(service));
    }

    #[rstest]
    #[case("http://192.0.2.7/onvif/device_service", "address_elsewhere")]
    #[case("", "no_service")]
    fn a_device_that_refers_elsewhere_is_not_asked(#[case] addresses: &str, #[case] code: &str) {
        let device = one(addresses);
        assert_eq!(device.service, None);
        assert_eq!((device.state, device.fault.expect("a fault").code), (State::Failed, code));
    }

    #[test]
    fn who_is_not_in_our_networks_is_not_heard() {
        let answer = answer("http://10.77.0.2/onvif/device_service");
        let networks = Networks::of(Network::private(Ipv4Addr::new(10, 77, 0, 1), 24));
        assert!(heard(answer.as_bytes(), Ipv4Addr::new(192, 0, 2, 7), &networks).is_empty());
    }
}
