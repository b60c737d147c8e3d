//! Who changes something: every write names one.

use super::caller::Credential;
use std::fmt;

/// The one on whose behalf the vault writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who called the API, by what they showed.
    Client(Credential),
    /// Somebody at a shell, by the system's name of the user.
    Operator { user: String },
    /// The vault itself: what is due from time to time, and what a first start makes.
    Vault,
}

impl From<&Credential> for Actor {
    fn from(credential: &Credential) -> Self {
        Self::Client(credential.clone())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(credential) => credential.fmt(f),
            Self::Operator { user } => write!(f, "operator {}", user.escape_debug()),
            Self::Vault => f.write_str("the vault"),
        }
    }
}
