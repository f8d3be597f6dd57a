//! Where a scan may look: the private IPv4 networks this machine has an address in.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;

/// The largest network that is swept whole: 1022 addresses. Homes and offices have /24.
const WIDEST_SWEEP: u8 = 22;
/// What is swept of a larger one.
const NARROWED: u8 = 24;
/// The most addresses one sweep knocks at; at the bounded rate that is half a minute.
const MAX_SWEPT: usize = 2048;

/// Something about a scan that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Stable, for programs.
    pub code: &'static str,
    /// A sentence for a person.
    pub message: String,
}

impl Note {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// A network by our own address in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    own: Ipv4Addr,
    /// 1 to 32.
    prefix: u8,
}

impl Network {
    /// The network of this address of ours, if it is a private one (RFC 1918) or link-local.
    pub fn private(own: Ipv4Addr, prefix: u8) -> Option<Self> {
        let network = Self { own, prefix };
        let whole =
            |wide: Ipv4Addr, bits| prefix >= bits && Self { own: wide, prefix: bits }.contains(own);
        let is_private = whole(Ipv4Addr::new(10, 0, 0, 0), 8)
            || whole(Ipv4Addr::new(172, 16, 0, 0), 12)
            || whole(Ipv4Addr::new(192, 168, 0, 0), 16)
            || whole(Ipv4Addr::new(169, 254, 0, 0), 16);
        (is_private && prefix <= 32).then_some(network)
    }

    /// This machine alone, for tests: nothing leaves it.
    pub fn loopback() -> Self {
        Self { own: Ipv4Addr::LOCALHOST, prefix: 8 }
    }

    fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0)
    }

    fn base(self) -> u32 {
        self.own.to_bits() & self.mask()
    }

    /// Whether the address is in it.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        address.to_bits() & self.mask() == self.base()
    }

    /// Our own address in it.
    pub fn own(self) -> Ipv4Addr {
        self.own
    }

    /// The part of it that is swept.
    fn swept(self) -> Self {
        if self.prefix < WIDEST_SWEEP { Self { prefix: NARROWED, ..self } } else { self }
    }

    /// The addresses that others can have in it.
    fn hosts(self) -> impl Iterator<Item = Ipv4Addr> {
        let (first, last) = (self.base(), self.base() | !self.mask());
        // The first address names the network and the last one all of it, where it has more than two.
        let ends = u32::from(self.prefix < 31);
        (first + ends..=last - ends).map(Ipv4Addr::from_bits).filter(move |host| *host != self.own)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from_bits(self.base()), self.prefix)
    }
}

/// All networks of a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// The private networks of this machine, as they are now.
    ///
    /// # Errors
    /// Those of the system, when it does not tell its addresses.
    pub fn own() -> io::Result<Self> {
        let interfaces = if_addrs::get_if_addrs()?;
        Ok(Self::of(interfaces.into_iter().filter(if_addrs::Interface::is_oper_up).filter_map(
            |interface| match interface.addr {
                if_addrs::IfAddr::V4(v4) if !v4.ip.is_loopback() => {
                    Network::private(v4.ip, v4.prefixlen)
                }
                _ => None,
            },
        )))
    }

    /// These networks, each once.
    pub fn of(networks: impl IntoIterator<Item = Network>) -> Self {
        let mut own: Vec<Network> = Vec::new();
        for network in networks {
            if !own.iter().any(|known| known.to_string() == network.to_string()) {
                own.push(network);
            }
        }
        Self(own)
    }

    /// Whether the address is in one of them.
    pub fn contain(&self, address: Ipv4Addr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Network> {
        self.0.iter().copied()
    }

    /// The addresses that a sweep knocks at, and what it leaves out.
    pub(crate) fn sweep(&self) -> (Vec<Ipv4Addr>, Vec<Note>) {
        let (mut hosts, mut notes) = (Vec::new(), Vec::new());
        for network in &self.0 {
            let swept = network.swept();
            if swept != *network {
                notes.push(Note::new(
                    "network_narrowed",
                    format!("{network} is large; only {swept}, around this machine's own address, is searched address by address"),
                ));
            }
            for host in swept.hosts() {
                if !hosts.contains(&host) {
                    hosts.push(host);
                }
            }
        }
        if hosts.len() > MAX_SWEPT {
            hosts.truncate(MAX_SWEPT);
            notes.push(Note::new(
                "sweep_shortened",
                format!("this machine is in many networks; the first {MAX_SWEPT} addresses are searched one by one"),
            ));
        }
        (hosts, notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn network(text: &str) -> Option<Network> {
        let (own, prefix) = text.split_once('/').expect("a prefix");
        Network::private(own.parse().expect("an address"), prefix.parse().expect("a number"))
    }

    #[rstest]
    #[case("192.168.1.20/24", Some("192.168.1.0/24"))]
    #[case("10.1.2.3/8", Some("10.0.0.0/8"))]
    #[case("172.17.0.1/16", Some("172.17.0.0/16"))]
    #[case("172.31.255.1/20", Some("172.31.240.0/20"))]
    #[case("169.254.7.7/16", Some("169.254.0.0/16"))]
    #[case("192.168.1.20/32", Some("192.168.1.20/32"))]
    #[case::public("192.0.2.7/24", None)]
    #[case::carrier("100.64.1.1/24", None)]
    #[case::beyond_private("172.32.0.1/16", None)]
    #[case::more_than_private("10.0.0.1/7", None)]
    #[case::more_than_private("192.168.0.1/8", None)]
    #[case::loopback("127.0.0.1/8", None)]
    #[case::all("10.0.0.1/0", None)]
    fn only_private_networks(#[case] own: &str, #[case] expected: Option<&str>) {
        assert_eq!(network(own).map(|n| n.to_string()).as_deref(), expected);
    }

    #[rstest]
    #[case("192.168.1.20/24", 253, "192.168.1.1", "192.168.1.254", false)]
    #[case("192.168.1.1/30", 1, "192.168.1.2", "192.168.1.2", false)]
    #[case("192.168.1.0/31", 1, "192.168.1.1", "192.168.1.1", false)]
    #[case("10.0.4.1/22", 1021, "10.0.4.2", "10.0.7.254", false)]
    #[case("10.0.5.9/21", 253, "10.0.5.1", "10.0.5.254", true)]
    #[case("10.200.3.9/8", 253, "10.200.3.1", "10.200.3.254", true)]
    fn a_sweep_is_bounded(
        #[case] own: &str,
        #[case] count: usize,
        #[case] first: &str,
        #[case] last: &str,
        #[case] narrowed: bool,
    ) {
        let networks = Networks::of(network(own));
        let (hosts, notes) = networks.sweep();
        assert_eq!(hosts.len(), count);
        assert_eq!(hosts.first().map(ToString::to_string).as_deref(), Some(first));
        assert_eq!(hosts.last().map(ToString::to_string).as_deref(), Some(last));
        assert_eq!(
            notes.iter().map(|n| n.code).collect::<Vec<_>>(),
            if narrowed { vec!["network_narrowed"] } else { vec![] }
        );
    }

    #[test]
    fn an_address_alone_has_nobody_to_knock_at() {
        assert_eq!(Networks::of(network("10.0.0.1/32")).sweep(), (vec![], vec![]));
    }

    #[test]
    fn many_networks_are_swept_in_part() {
        let networks = Networks::of((0..4).filter_map(|i| network(&format!("10.{i}.0.1/22"))));
        let (hosts, notes) = networks.sweep();
        assert_eq!((hosts.len(), notes[0].code), (MAX_SWEPT, "sweep_shortened"));
    }

    #[test]
    fn two_addresses_in_a_network_are_one_network() {
        let networks = Networks::of(["10.0.0.1/24", "10.0.0.2/24"].into_iter().filter_map(network));
        assert_eq!(networks.iter().count(), 1);
        assert!(networks.contain(Ipv4Addr::new(10, 0, 0, 77)));
        assert!(!networks.contain(Ipv4Addr::new(10, 0, 1, 77)));
    }
}
