//! Addresses that devices name: in our own networks, or refused. Pure.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use crate::networks::Networks;

/// A device named an address outside of our networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it refers to {0}, which is outside of this machine's own networks; nothing is sent there")]
pub(crate) struct Elsewhere(pub(crate) String);

/// The URL of a service of the device, at the address from which the device itself answered:
/// whatever it says, it cannot send us to somebody else.
pub(crate) fn at_device(
    url: &Url,
    device: Ipv4Addr,
    networks: &Networks,
) -> Result<Url, Elsewhere> {
    check(url, networks)?;
    Ok(rehosted(url, device))
}

/// The URL of a stream. A recorder may name cameras at other addresses of our networks; a name, which
/// could lead anywhere, or an address that means "here" is that of the device.
pub(crate) fn stream(url: &Url, device: Ipv4Addr, networks: &Networks) -> Result<Url, Elsewhere> {
    Ok(match check(url, networks)? {
        Some(_) => url.clone(),
        None => rehosted(url, device),
    })
}

/// The address in the URL, if it is one of our networks'; `None` for a name and for "here".
fn check(url: &Url, networks: &Networks) -> Result<Option<Ipv4Addr>, Elsewhere> {
    match address(url) {
        Some(IpAddr::V4(ip)) if networks.contain(ip) => Ok(Some(ip)),
        Some(ip) if ip.is_unspecified() || ip.is_loopback() => Ok(None),
        Some(ip) => Err(Elsewhere(ip.to_string())),
        None => Ok(None),
    }
}

/// The host as an address. For schemes that the URL standard does not know (rtsp among them) it
/// leaves IPv4 hosts as plain names.
pub(crate) fn address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(name) => name.parse().ok(),
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.to_ipv4_mapped().map_or(ip.into(), Into::into)),
    }
}

fn rehosted(url: &Url, device: Ipv4Addr) -> Url {
    let mut url = url.clone();
    // Fails only for URLs without a host, which `address` and the callers' schemes rule out.
    let _ = url.set_host(Some(&device.to_string()));
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::Network;
    use rstest::rstest;

    const DEVICE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

    fn networks() -> Networks {
        Networks::of(Network::private(Ipv4Addr::new(10, 77, 0, 1), 24))
    }

    #[rstest]
    #[case::itself("http://10.77.0.2:8000/onvif/media", Ok("http://10.77.0.2:8000/onvif/media"))]
    #[case::a_neighbour("http://10.77.0.9/onvif/media", Ok("http://10.77.0.2/onvif/media"))]
    #[case::a_name("http://router.example/onvif", Ok("http://10.77.0.2/onvif"))]
    #[case::here("http://0.0.0.0:80/onvif", Ok("http://10.77.0.2/onvif"))]
    #[case::loopback("http://127.0.0.1:8080/api", Ok("http://10.77.0.2:8080/api"))]
    #[case::the_world("http://192.0.2.7/onvif", Err("192.0.2.7"))]
    #[case::another_private_network("http://10.78.0.2/onvif", Err("10.78.0.2"))]
    #[case::ipv6("http://[2001:db8::1]/onvif", Err("2001:db8::1"))]
    #[case::mapped("http://[::ffff:192.0.2.7]/onvif", Err("192.0.2.7"))]
    #[case::spelled_as_a_number("http://3221225991/onvif", Err("192.0.2.7"))]
    fn a_service_is_at_the_device(#[case] url: &str, #[case] expected: Result<&str, &str>) {
        let url = Url::parse(url).expect("a URL");
        let got = at_device(&url, DEVICE, &networks()).map(|u| u.to_string());
        assert_eq!(got, expected.map(str::to_owned).map_err(|ip| Elsewhere(ip.to_owned())));
    }

    #[rstest]
    #[case::itself("rtsp://10.77.0.2/1", Ok("rtsp://10.77.0.2/1"))]
    #[case::a_neighbour("rtsp://10.77.0.9:8554/1", Ok("rtsp://10.77.0.9:8554/1"))]
    #[case::a_name("rtsp://cam.example:8554/1", Ok("rtsp://10.77.0.2:8554/1"))]
    #[case::here("rtsp://0.0.0.0/1", Ok("rtsp://10.77.0.2/1"))]
    #[case::the_world("rtsp://192.0.2.7/1", Err("192.0.2.7"))]
    fn a_stream_is_in_our_networks(#[case] url: &str, #[case] expected: Result<&str, &str>) {
        let url = Url::parse(url).expect("a URL");
        let got = stream(&url, DEVICE, &networks()).map(|u| u.to_string());
        assert_eq!(got, expected.map(str::to_owned).map_err(|ip| Elsewhere(ip.to_owned())));
    }
}
