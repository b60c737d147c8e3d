//! Service apps: programs that get access tokens for themselves, with a key of their own (RFC 6749, clause 4.4).

use super::clock::Timestamp;
use super::id::{ClientKid, OrgId, ServiceAppId};
use super::name::Name;
use super::scope::Scopes;
use super::verifying_key::VerifyingKey;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceApp {
    /// The client id.
    pub id: ServiceAppId,
    pub org_id: OrgId,
    pub name: Name,
    /// What it may ask for.
    pub scopes: Scopes,
    /// Whether its tokens are bound to a key of the client's (RFC 9449).
    pub dpop_bound: bool,
    /// An inactive one gets no tokens, and those that it has do not work.
    pub active: bool,
    pub created: Timestamp,
    pub last_updated: Timestamp,
    /// How often it was activated again: a token of before does not count.
    pub activations: u32,
}

/// A public key that an app's assertions are verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppKey {
    pub kid: ClientKid,
    pub key: VerifyingKey,
    pub created: Timestamp,
}
