//! The address under which clients reach the vault, where it differs from the one it listens on.

use super::invalid::Invalid;
use super::org::Domain;
use std::fmt;
use url::Url;

/// An origin: scheme, host and port (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    https: bool,
    authority: String,
}

impl PublicUrl {
    /// # Errors
    /// [`Invalid::PublicUrl`] where it is not an http or https URL, or more than an origin.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(Invalid::PublicUrl)?;
        let https = scheme.eq_ignore_ascii_case("https");
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~[]:".contains(&b);
        let is_authority = authority.bytes().all(allowed) && !authority.ends_with(':') && Url::parse(text).is_ok();
        if !is_authority || !(https || scheme.eq_ignore_ascii_case("http")) {
            return Err(Invalid::PublicUrl);
        }
        // A port that the scheme implies is not written (RFC 6454, clause 6.2).
        let implied = if https { ":443" } else { ":80" };
        let authority = authority.strip_suffix(implied).unwrap_or(authority);
        Ok(Self { https, authority: authority.to_ascii_lowercase() })
    }

    /// The same scheme and port under another name.
    #[must_use]
    pub fn with_domain(&self, domain: &Domain) -> Self {
        // The colons of an IPv6 address stand before its bracket.
        let port = self.authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        let port = port.map(|(_, port)| format!(":{port}")).unwrap_or_default();
        Self { https: self.https, authority: format!("{domain}{port}") }
    }

    /// Its name, where its host is one.
    #[must_use]
    pub fn domain(&self) -> Option<Domain> {
        Domain::of_host(&self.authority)
    }

    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}

/// Whether an address is the other one and a port.
#[must_use]
pub fn is_with_port(address: &str, other: &str) -> bool {
    let port = address.strip_prefix(other).and_then(|rest| rest.strip_prefix(':'));
    port.is_some_and(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_org_is_under_its_domain_and_the_same_port() {
        let domain = Domain::parse("staging.example.com").unwrap();
        for (url, other) in [
            ("https://keys.example.com", "https://staging.example.com"),
            ("https://keys.example.com:8443", "https://staging.example.com:8443"),
            ("http://[::1]:8080", "http://staging.example.com:8080"),
            ("http://[::1]", "http://staging.example.com"),
        ] {
            assert_eq!(PublicUrl::parse(url).unwrap().with_domain(&domain).to_string(), other);
        }
    }

    #[test]
    fn a_port_is_all_that_may_follow() {
        assert!(is_with_port("http://127.0.0.1:8080", "http://127.0.0.1"));
        for other in
            ["http://127.0.0.1", "http://127.0.0.1:", "http://127.0.0.1:8080/", "http://127.0.0.100:80", "http://b:1"]
        {
            assert!(!is_with_port(other, "http://127.0.0.1"), "{other}");
        }
    }

    #[test]
    fn a_public_url_is_an_origin_and_nothing_more() {
        assert_eq!(PublicUrl::parse("https://Keys.example.com/").unwrap().to_string(), "https://keys.example.com");
        assert_eq!(PublicUrl::parse("https://keys.example.com:443").unwrap().to_string(), "https://keys.example.com");
        assert_eq!(PublicUrl::parse("http://[::1]:8080").unwrap().to_string(), "http://[::1]:8080");
        assert_eq!(PublicUrl::parse("HTTPS://keys.example.com").unwrap().to_string(), "https://keys.example.com");
        for wrong in [
            "",
            "keys.example.com",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://a?b",
            "https://u:p@a",
            "http://:80",
            "https://a:",
            "https://a:b",
            "https://a:1:2",
            "https://a:65536",
            "https://[::1",
            "https://]",
        ] {
            assert_eq!(PublicUrl::parse(wrong), Err(Invalid::PublicUrl), "{wrong}");
        }
    }
}
