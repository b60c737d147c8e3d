//! Public keys of others: what their signatures are verified with.

use super::hook_key::PublicKey;
use super::invalid::Invalid;

/// The algorithms of assertions, proofs and access tokens (RFC 7518, clause 3.1; wire.md §5).
pub const JWS_ALGORITHMS: [&str; 6] = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/// A public key for one of [`JWS_ALGORITHMS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyingKey {
    Rsa(PublicKey),
    /// A point of a curve; both coordinates have the length of the curve's field (RFC 7518, clause 6.2.1).
    Ec {
        curve: Curve,
        x: Vec<u8>,
        y: Vec<u8>,
    },
}

/// The curves of NIST that JWA names (RFC 7518, clause 6.2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// # Errors
    /// [`Invalid::Curve`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|curve| curve.as_str() == text).ok_or(Invalid::Curve)
    }

    /// Of a coordinate, in bytes.
    #[must_use]
    pub const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl VerifyingKey {
    /// What a person calls it: `RSA 2048`, `P-256`.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Rsa(key) => format!("RSA {}", key.bits()),
            Self::Ec { curve, .. } => curve.as_str().to_owned(),
        }
    }
}
