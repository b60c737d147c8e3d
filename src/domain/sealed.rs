//! Encrypted bytes, and the place in the database that they belong to.

use super::invalid::Invalid;
use std::fmt;

/// What the envelope made: version, key id, nonce, ciphertext and tag. Nothing in it is secret without the master
/// key; it stays out of logs all the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Where a sealed value lives. It is authenticated with the value, so that a value moved elsewhere does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub org: &'a str,
    pub table: &'a str,
    pub row: &'a str,
    pub column: &'a str,
}

/// The first 8 bytes of a hash of the master key: names it in messages and in front of every sealed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MasterKeyId([u8; Self::LENGTH]);

impl MasterKeyId {
    /// In bytes.
    pub const LENGTH: usize = 8;

    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Reads what `Display` writes: 16 digits of base 16 in lower case.
    ///
    /// # Errors
    /// [`Invalid::Id`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let number = u64::from_str_radix(text, 16).map_err(|_| Invalid::Id)?;
        let id = Self(number.to_be_bytes());
        if id.to_string() == text { Ok(id) } else { Err(Invalid::Id) }
    }
}

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
