//! Hook keys: RSA key pairs that sign calls to hooks.

use super::clock::Timestamp;
use super::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use super::invalid::Invalid;
use super::name::Name;
use super::sealed::{Place, Sealed};
use std::time::Duration;

/// How many keys an org may hold (wire.md §1). The database enforces it by itself.
pub const MAX_KEYS_PER_ORG: u32 = 50;

/// How many uses of a key other programs may register. The database enforces it by itself.
pub const MAX_REFERENCES_PER_KEY: u32 = 100;

/// A hook key as everyone with the right scope may see it. The private half is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookKey {
    pub id: HookKeyId,
    pub org_id: OrgId,
    pub key_id: KeyId,
    pub name: Name,
    pub created: Timestamp,
    pub last_updated: Timestamp,
    /// Whether a reference to the key exists.
    pub is_used: bool,
    pub public_key: PublicKey,
    /// `None` for keys from before this was kept.
    pub birth: Option<Birth>,
    /// From when on this key pair signs.
    pub signs_from: Timestamp,
    /// How often it gets another one by itself, if it does.
    pub rotate_every: Option<Duration>,
}

/// How a key came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Birth {
    pub origin: Origin,
    /// Whoever had it made or imported, as the log calls them.
    pub by: String,
    /// The version of this program.
    pub with: String,
}

/// Where a key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The vault has made it: nobody else ever had its private half.
    Made,
    /// Somebody had it before.
    Imported,
}

impl Origin {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Imported => "imported",
        }
    }

    /// # Errors
    /// [`Invalid::OneOf`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        [Self::Made, Self::Imported]
            .into_iter()
            .find(|one| one.as_str() == text)
            .ok_or(Invalid::OneOf("made, imported"))
    }
}

impl HookKey {
    /// A key for documents. Nobody has its private half.
    ///
    /// # Panics
    /// Never: the values are well-formed.
    #[must_use]
    pub fn example() -> Self {
        let moment = Timestamp::from_unix(1_761_311_167).expect("a moment in 2025");
        Self {
            id: HookKeyId::parse("HKYr9awje8zXYgZF41d7").expect("a well-formed id"),
            org_id: OrgId::parse("00o1emaHnQYHs1HLm0g4").expect("a well-formed id"),
            key_id: KeyId::parse("902775a2-49fc-4ebc-90ea-b15b9b30440b").expect("a well-formed id"),
            name: Name::parse("My hook key").expect("a well-formed name"),
            created: moment,
            last_updated: moment,
            is_used: false,
            public_key: PublicKey { modulus: (0..=255).rev().collect(), exponent: vec![1, 0, 1] },
            birth: None,
            signs_from: moment,
            rotate_every: None,
        }
    }
}

/// The public half, as unsigned big-endian integers without leading zeros (RFC 7518, clause 6.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
}

impl PublicKey {
    /// The size of the modulus.
    #[must_use]
    pub fn bits(&self) -> usize {
        let unused = self.modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        self.modulus.len() * 8 - unused
    }
}

/// The same with its private half, as it is at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedHookKey {
    pub key: HookKey,
    pub sealed_pkcs8: Sealed,
}

impl SealedHookKey {
    /// The place that the sealed key is bound to.
    #[must_use]
    pub fn place(&self) -> Place<'_> {
        place(&self.key.org_id, &self.key.id)
    }
}

/// The place that the private half of a key is bound to.
#[must_use]
pub fn place<'a>(org_id: &'a OrgId, id: &'a HookKeyId) -> Place<'a> {
    Place { org: org_id.as_str(), table: "hook_key", row: id.as_str(), column: "sealed_pkcs8" }
}

/// A use of a key by something else, which blocks the key's deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyReference {
    /// What uses the key, in words: `inline hook`.
    pub consumer_kind: Name,
    /// Unique among those that use the key.
    pub consumer_id: Name,
    pub consumer_name: Name,
    pub since: Timestamp,
    /// When the key last signed for the consumer, to the minute; `None` where it never did.
    pub last_used: Option<Timestamp>,
}

/// A use and the key that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKeyReference {
    pub org_id: OrgId,
    pub hook_key_id: HookKeyId,
    pub reference: KeyReference,
}
