//! The address under which a client reaches an org.

use super::Shared;
use crate::domain::org::Org;
use crate::domain::public_url::PublicUrl;

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
