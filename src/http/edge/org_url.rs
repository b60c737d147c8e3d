//! The address under which a client reaches an org.

use crate::domain::org::Org;
use crate::domain::outbound::is_loopback;
use crate::domain::public_url::{PublicUrl, is_with_port};
use crate::http::edge::error::oauth::OAuthRequestError;
use crate::http::edge::host::host;
use crate::http::shared::Shared;
use actix_web::HttpRequest;
use url::Url;

/// The address that an org issues tokens under, and that assertions and proofs must be for.
///
/// Without a public URL or a domain, no name but this machine's own is believed: otherwise what a client has signed for another
/// address could be used here by whoever got it there, with that address as `Host`.
///
/// # Errors
/// [`OAuthRequestError::AddressUnknown`].
pub fn issuer_url(shared: &Shared, org: &Org, host: Option<&str>) -> Result<String, OAuthRequestError> {
    let known = shared.public_url.is_some() || org.domain.is_some() || host.is_some_and(is_this_machine);
    if known { Ok(org_url(shared, org, host)) } else { Err(OAuthRequestError::AddressUnknown) }
}

/// What a request with an access token is for.
pub struct Target {
    /// The address of the org.
    pub org: String,
    /// Whether it may have any port: the sender has left it out.
    pub any_port: bool,
    /// The address of the request as the sender knows it, without its query.
    pub url: String,
}

/// The target of a request.
///
/// A client that was told to take the vault for its proxy may leave out the port: the Go SDK, and Terraform through it, names it
/// in its token request, but no more afterwards.
///
/// # Errors
/// [`OAuthRequestError::AddressUnknown`].
pub fn target(shared: &Shared, org: &Org, request: &HttpRequest) -> Result<Target, OAuthRequestError> {
    let org = issuer_url(shared, org, host(request))?;
    let proxied = request.uri().authority().filter(|authority| authority.port().is_none());
    let named = proxied.map(|authority| format!("http://{authority}"));
    let known = named.as_ref().filter(|named| is_with_port(&org, named)).unwrap_or(&org);
    Ok(Target { url: format!("{known}{}", request.path()), any_port: named.is_some(), org })
}

/// Whether a host is a name of this machine, and in a form that can be repeated.
pub fn is_this_machine(host: &str) -> bool {
    let address = format!("http://{host}");
    let url = Url::parse(&address);
    PublicUrl::parse(&address).is_ok() && url.is_ok_and(|url| url.host().is_some_and(|host| is_loopback(&host)))
}

/// The public URL, for an org with a domain with that in it; without one, the address that the client used.
pub fn org_url(shared: &Shared, org: &Org, host: Option<&str>) -> String {
    let scheme = shared.public_url.as_ref().map_or("http", |url| url.scheme());
    // A host that is none is not repeated.
    let used = host.and_then(|host| PublicUrl::parse(&format!("{scheme}://{host}")).ok());
    match (&org.domain, &shared.public_url, used) {
        (None, Some(url), _) => url.to_string(),
        (Some(domain), Some(url), _) => url.with_domain(domain).to_string(),
        (_, None, Some(used)) => used.to_string(),
        (Some(domain), None, None) => format!("{scheme}://{domain}"),
        (None, None, None) => format!("{scheme}://localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_names_that_nobody_else_has() {
        for own in [
            "localhost",
            "LOCALHOST:8080",
            "vault.localhost",
            "127.0.0.1:1",
            "127.1.2.3",
            "[::1]:8080",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in [
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "127.0.0.1.evil.example",
            "",
            "a b",
        ] {
            assert!(!is_this_machine(other), "{other}");
        }
        // Whoever is named before the @ is not whom the request is for.
        for odd in ["localhost@evil.example", "user@localhost", "localhost:", "localhost/x"] {
            assert!(!is_this_machine(odd), "{odd}");
        }
    }
}
