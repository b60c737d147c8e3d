//! Which addresses the vault may call: by default public ones over https, and nothing else.
//!
//! Two checks, both of which must pass. The URL is checked when a hook is written and again before each call; every address
//! that a name resolves to is checked between the look-up and the connection, so that it does not matter what the name
//! resolved to a moment before.

use super::http_url::HttpUrl;
use super::invalid::Invalid;
use super::org::Domain;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::Host;

/// Hosts and networks that are open besides the public internet. Plain http is open to these alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboundPolicy {
    hosts: BTreeSet<String>,
    networks: Vec<IpNet>,
}

/// Why a call does not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    #[error("the address {0} is not a public one")]
    Address(IpAddr),
    #[error("the address does not begin with https://")]
    PlainHttp,
}

impl From<NotAllowed> for Invalid {
    fn from(reason: NotAllowed) -> Self {
        match reason {
            NotAllowed::Address(ip) => Self::AddressNotAllowed(ip),
            NotAllowed::PlainHttp => Self::PlainHttp,
        }
    }
}

impl OutboundPolicy {
    /// Host names, addresses and networks in CIDR notation, separated by commas or white space.
    ///
    /// # Errors
    /// [`Invalid::HookAllow`] where a part is none of these.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut policy = Self::default();
        for part in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty()) {
            if let Ok(network) = part.parse::<IpNet>() {
                policy.networks.push(canonical(network));
            } else if let Ok(ip) = part.parse::<IpAddr>() {
                policy.networks.push(IpNet::from(ip.to_canonical()));
            } else if let Some(host) = host_name(part).filter(|host| !is_numeric(host)) {
                policy.hosts.insert(host);
            } else {
                return Err(Invalid::HookAllow);
            }
        }
        Ok(policy)
    }

    /// The same, and the machine itself.
    #[must_use]
    pub fn with_loopback(mut self) -> Self {
        self.networks.extend([IpNet::V4(LOOPBACK_V4), IpNet::V6(LOOPBACK_V6)]);
        self
    }

    /// The same, and the host of this URL, whatever its address is.
    #[must_use]
    pub fn with_host_of(mut self, url: &HttpUrl) -> Self {
        match url.as_url().host() {
            Some(Host::Domain(name)) => self.hosts.extend(host_name(name)),
            Some(Host::Ipv4(ip)) => self.networks.push(IpNet::from(IpAddr::from(ip))),
            Some(Host::Ipv6(ip)) => self.networks.push(IpNet::from(IpAddr::from(ip).to_canonical())),
            None => {}
        }
        self
    }

    /// What can be told before any look-up: the scheme, and a host that is an address.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn check_url(&self, url: &HttpUrl) -> Result<(), NotAllowed> {
        match url.as_url().host() {
            Some(Host::Ipv4(ip)) => self.check_literal(url, ip.into()),
            Some(Host::Ipv6(ip)) => self.check_literal(url, ip.into()),
            Some(Host::Domain(name)) if url.is_https() || self.names(name) => Ok(()),
            // RFC 6761, clause 6.3: it is this machine, whatever a name server says.
            Some(Host::Domain(name)) if is_localhost(name) && self.opens(Ipv4Addr::LOCALHOST.into()) => Ok(()),
            Some(Host::Domain(_)) | None => Err(NotAllowed::PlainHttp),
        }
    }

    fn check_literal(&self, url: &HttpUrl, ip: IpAddr) -> Result<(), NotAllowed> {
        if self.opens(ip) {
            Ok(())
        } else if !is_public(ip) {
            Err(NotAllowed::Address(ip.to_canonical()))
        } else if url.is_https() {
            Ok(())
        } else {
            Err(NotAllowed::PlainHttp)
        }
    }

    /// An address that a host name resolved to.
    ///
    /// # Errors
    /// [`NotAllowed::Address`].
    pub fn check_address(&self, host: &str, ip: IpAddr) -> Result<(), NotAllowed> {
        let allowed = self.names(host) || self.opens(ip) || (is_public(ip) && !is_localhost(host));
        if allowed { Ok(()) } else { Err(NotAllowed::Address(ip.to_canonical())) }
    }

    fn names(&self, host: &str) -> bool {
        host_name(host).is_some_and(|host| self.hosts.contains(&host))
    }

    fn opens(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.networks.iter().any(|network| network.contains(&ip))
    }
}

/// In lower case, without a dot at the end.
fn host_name(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    // An underscore is no part of a host name, but of names that people use inside.
    Domain::parse(&text.replace('_', "a")).is_ok().then_some(text)
}

/// Whether a URL would take this host for an IPv4 address, perhaps a wrong one (WHATWG URL, "ends in a number").
fn is_numeric(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x")
}

/// A network of IPv4 addresses inside IPv6 ones as what it is.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED_PREFIX: u8 = 96;
    if let IpNet::V6(network) = network
        && let Some(ip) = network.network().to_ipv4_mapped()
        && let Some(prefix) = network.prefix_len().checked_sub(MAPPED_PREFIX)
        && let Ok(network) = Ipv4Net::new(ip, prefix)
    {
        return IpNet::V4(network);
    }
    network.trunc()
}

/// Whether a host is this machine, and nothing else.
#[must_use]
pub fn is_loopback(host: &Host<&str>) -> bool {
    match *host {
        Host::Domain(name) => is_localhost(name),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.to_canonical().is_loopback(),
    }
}

/// Whether a name is this machine's own (RFC 6761, clause 6.3).
fn is_localhost(host: &str) -> bool {
    host_name(host).is_some_and(|host| host == "localhost" || host.ends_with(".localhost"))
}

const LOOPBACK_V4: Ipv4Net = v4([127, 0, 0, 0], 8);
const LOOPBACK_V6: Ipv6Net = v6([0, 0, 0, 0, 0, 0, 0, 1], 128);

/// Not globally reachable, or not only (IANA's IPv4 special-purpose registry, RFC 6890), and Azure's metadata service.
const SPECIAL_V4: [Ipv4Net; 17] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    LOOPBACK_V4,
    v4([168, 63, 129, 16], 32),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
    v4([255, 255, 255, 255], 32),
];

/// The only IPv6 addresses that are given out (RFC 4291, clause 2.4) …
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// … but for these, two of which carry an IPv4 address inside (Teredo, 6to4).
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// Whether an address belongs to the public internet. An IPv4 address inside an IPv6 one counts as itself.
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !SPECIAL_V4.iter().any(|network| network.contains(&ip)),
        IpAddr::V6(ip) => GLOBAL_V6.contains(&ip) && !SPECIAL_V6.iter().any(|network| network.contains(&ip)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &str, url: &str) -> Result<(), NotAllowed> {
        OutboundPolicy::parse(policy).unwrap().check_url(&HttpUrl::parse(url).unwrap())
    }

    #[test]
    fn public_addresses_are_open_over_https_alone() {
        for open in ["https://example.com/", "https://8.8.8.8/", "https://[2606:4700::1111]:8443/"] {
            assert_eq!(check("", open), Ok(()), "{open}");
        }
        for closed in ["http://example.com/", "http://8.8.8.8/", "http://localhost/"] {
            assert_eq!(check("", closed), Err(NotAllowed::PlainHttp), "{closed}");
        }
    }

    #[test]
    fn what_is_named_is_open_over_both_and_its_neighbours_are_not() {
        let policy = "hooks.corp, 10.1.0.0/16 ::1";
        for open in
            ["http://hooks.corp/", "https://Hooks.Corp./", "http://10.1.2.3/", "https://[::1]/", "http://[::1]/"]
        {
            assert_eq!(check(policy, open), Ok(()), "{open}");
        }
        assert_eq!(check(policy, "http://other.corp/"), Err(NotAllowed::PlainHttp));
        let neighbour: IpAddr = "10.2.0.1".parse().unwrap();
        assert_eq!(check(policy, "https://10.2.0.1/"), Err(NotAllowed::Address(neighbour)));
        let policy = OutboundPolicy::parse(policy).unwrap();
        assert_eq!(policy.check_address("hooks.corp", neighbour), Ok(()));
        assert_eq!(policy.check_address("other.corp", neighbour), Err(NotAllowed::Address(neighbour)));
        assert_eq!(policy.check_address("other.corp", "10.1.9.9".parse().unwrap()), Ok(()));
        assert!(policy.check_address("localhost", "8.8.8.8".parse().unwrap()).is_err());
    }

    #[test]
    fn a_part_that_is_neither_host_nor_network_is_refused() {
        for wrong in
            ["10.0.0.0/33", "https://a", "a:80", "*", "a/8", "-a", "10.0.0", "10.1.0.256", "2130706433", "0x7f.0x1"]
        {
            assert_eq!(OutboundPolicy::parse(wrong), Err(Invalid::HookAllow), "{wrong}");
        }
        assert_eq!(OutboundPolicy::parse(" , "), Ok(OutboundPolicy::default()));
        let mapped = OutboundPolicy::parse("::ffff:10.1.0.0/112 ::ffff:10.2.0.1");
        assert_eq!(mapped, OutboundPolicy::parse("10.1.0.0/16 10.2.0.1/32"));
    }
}
