//! The address under which a client reaches an org.

use super::Shared;
use crate::domain::org::Org;
use crate::domain::public_url::PublicUrl;

/// An org with a domain is reached under it; the default org under the public URL; without one, under the address that
/// the client used.
pub fn org_url(shared: &Shared, org: &Org, host: Option<&str>) -> String {
    let scheme = shared.public_url.as_ref().map_or("http", |url| url.scheme());
    // A host that is none is not repeated.
    let used = host.and_then(|host| PublicUrl::parse(&format!("{scheme}://{host}")).ok());
    match (&org.domain, &shared.public_url, used) {
        (None, Some(url), _) => url.to_string(),
        (_, _, Some(used)) => used.to_string(),
        (Some(domain), _, None) => format!("{scheme}://{domain}"),
        (None, None, None) => format!("{scheme}://localhost"),
    }
}
