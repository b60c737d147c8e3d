//! From names to addresses, with the policy in between.

use crate::domain::outbound::{NotAllowed, OutboundPolicy};
use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Where addresses of names come from. Tests pass a table.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// # Errors
    /// Where there is no such name, or nobody to ask.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the machine.
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// No address was found.
#[derive(Debug, thiserror::Error)]
#[error("the host name cannot be resolved")]
pub(super) struct Unresolvable(#[source] pub(super) io::Error);

/// Hands the HTTP client those addresses alone that it may connect to.
pub(super) struct Guard {
    pub(super) policy: Arc<OutboundPolicy>,
    pub(super) resolver: Arc<dyn Resolver>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, resolver) = (self.policy.clone(), self.resolver.clone());
        Box::pin(async move {
            let host = name.as_str();
            let found = resolver.resolve(host).await.map_err(Unresolvable)?;
            let mut refused: Option<NotAllowed> = None;
            let mut allowed = Vec::new();
            for ip in found {
                match policy.check_address(host, ip) {
                    // The client puts the URL's port in place of the 0.
                    Ok(()) => allowed.push(SocketAddr::new(ip, 0)),
                    Err(reason) => refused = Some(reason),
                }
            }
            match refused {
                Some(reason) if allowed.is_empty() => Err(reason.into()),
                None if allowed.is_empty() => Err(Unresolvable(io::Error::other("it has no address")).into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
