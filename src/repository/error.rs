//! What can go wrong with a store, in words that fit any engine.

use std::error::Error;

type Source = Box<dyn Error + Send + Sync>;

/// `Display` never prints the source; the log prints the chain.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A constraint of the database refused the write; nothing was changed.
    #[error("{0}")]
    Conflict(Conflict),
    /// A row that cannot have been written by this program.
    #[error("the database is damaged: {table}.{column} of the row {row} makes no sense")]
    Corrupt { table: &'static str, column: &'static str, row: String, source: Option<Source> },
    /// The database is in use by somebody else for too long.
    #[error("the database is busy")]
    Busy(#[source] Source),
    /// There is no room on the disk.
    #[error("the disk is full")]
    Full(#[source] Source),
    /// The file cannot be read or written.
    #[error("the database file cannot be used")]
    Unavailable(#[source] Source),
    /// The file itself is damaged.
    #[error("the database file is damaged")]
    Damaged(#[source] Source),
    /// The store was closed: the vault is stopping.
    #[error("the database is closed")]
    Closed,
    #[error("the database failed")]
    Other(#[source] Source),
}

impl StoreError {
    /// Whether the store was closed by its owner.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// A rule of the database that a write would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    #[error("another key of the org has this name")]
    HookKeyName,
    #[error("the org has all the keys that it may have")]
    HookKeyCap,
    #[error("the key is in use")]
    HookKeyUsed,
    #[error("the key has all the uses that other programs may register")]
    KeyReferenceCap,
    #[error("there is no such key")]
    HookKeyMissing,
    #[error("another inline hook of the org has this name")]
    InlineHookName,
    #[error("the org has all the inline hooks that it may have")]
    InlineHookCap,
    #[error("another org has this name")]
    OrgName,
    #[error("another org has this domain")]
    OrgDomain,
    #[error("there is a default org already")]
    OrgDefault,
    #[error("another token of the org has this name")]
    ApiTokenName,
    #[error("another service app of the org has this name")]
    ServiceAppName,
    #[error("another key of the service app has this kid")]
    ServiceAppKeyId,
    #[error("somebody else has made the next signing key")]
    SigningKeyGeneration,
    #[error("the token was used before")]
    UsedTokenId,
    #[error("a master key is recorded already")]
    MasterKey,
}
