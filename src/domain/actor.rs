//! Who does something, and from where: every write names one.

use super::caller::Credential;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// The one on whose behalf the vault writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who called the API, by what they showed.
    Client { credential: Credential, request: Arc<RequestFacts> },
    /// Somebody at a shell, by the system's name of the user.
    Operator { user: String },
    /// The vault itself: what is due from time to time, and what a first start makes.
    Vault,
}

/// What is known of a request. Nothing in it is a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFacts {
    /// As in `X-Okta-Request-Id`.
    pub id: String,
    /// Of the other end of the connection.
    pub address: Option<IpAddr>,
    /// What the client calls itself, cut where it is long.
    pub user_agent: Option<String>,
    pub method: String,
    /// Without the query.
    pub path: String,
}

impl Actor {
    /// A client, by its credential.
    #[must_use]
    pub fn client(credential: &Credential, request: &Arc<RequestFacts>) -> Self {
        Self::Client { credential: credential.clone(), request: request.clone() }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client { credential, .. } => credential.fmt(f),
            Self::Operator { user } => write!(f, "operator {}", user.escape_debug()),
            Self::Vault => f.write_str("the vault"),
        }
    }
}
