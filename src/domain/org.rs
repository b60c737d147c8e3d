//! Organizations: each has its own keys, names, cap and tokens, and answers on its own domain.

use super::clock::Timestamp;
use super::id::OrgId;
use super::invalid::Invalid;
use super::name::Name;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    pub id: OrgId,
    pub name: Name,
    pub domain: Option<Domain>,
    /// The org that answers where the host belongs to no other. There is exactly one.
    pub is_default: bool,
    pub created: Timestamp,
}

/// A host name in lower case, without a port and without a dot at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Domain(String);

impl Domain {
    /// # Errors
    /// [`Invalid::Domain`] where it is no host name (RFC 1123, clause 2.1).
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if (1..=253).contains(&text.len()) && text.split('.').all(label) {
            Ok(Self(text))
        } else {
            Err(Invalid::Domain)
        }
    }

    /// The domain that a `Host` header names: its port does not count.
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        Self::parse(name).ok()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_header_names_a_domain_whatever_its_case_and_port() {
        for host in ["keys.example.com", "Keys.Example.COM:8443", "keys.example.com."] {
            assert_eq!(Domain::of_host(host).unwrap().as_str(), "keys.example.com", "{host}");
        }
        for host in ["", "[::1]:8080", "a b", "-a.example", "exa_mple.com", "a..b"] {
            assert_eq!(Domain::of_host(host), None, "{host}");
        }
    }
}
