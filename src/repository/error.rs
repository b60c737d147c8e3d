//! What can go wrong with a store, in words that fit any engine.

use crate::domain::clock::Timestamp;
use crate::domain::row_seal::BrokenSeal;
use crate::domain::sealed::MasterKeyId;
use std::borrow::Cow;
use std::error::Error;

type Source = Box<dyn Error + Send + Sync>;

/// The result of a write that a rule may refuse. The inner error is expected, and not a failure of the store; after it the
/// transaction is over and can only be dropped.
pub type Refusable<T> = Result<Result<T, Conflict>, StoreError>;

/// `Display` never prints the source; the log prints the chain.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The transaction was refused something before, and can only be dropped.
    #[error("the transaction is over: a rule of the database has refused a write of it")]
    Over,
    /// A row that cannot have been written by this program.
    #[error("the database is damaged: {table}.{column} of the row {} makes no sense", shown(.row))]
    Corrupt { table: &'static str, column: Cow<'static, str>, row: String, source: Option<Source> },
    /// A row that this vault has not written.
    #[error("the database is damaged: the row {} of {table} {reason}", shown(.row))]
    Forged { table: &'static str, row: String, reason: BrokenSeal },
    /// A write has written nothing, although the row is there or is a new one: something of another hand stands before the table.
    #[error(
        "the database is damaged: a write has changed nothing, as where another hand has put a trigger or a rule at a table"
    )]
    Unwritten,
    /// A row that is always there is not.
    #[error("the database is damaged: the row {} of {table} is missing", shown(.row))]
    Missing { table: &'static str, row: String },
    /// A row that is yet to come is there: of another hand, or what tells which one comes next is an older state.
    #[error("the database is damaged: the row {} of {table} is there, though it is yet to come", shown(.row))]
    Taken { table: &'static str, row: String },
    /// No new row has a number, as another hand has used up all of them.
    #[error("the database is damaged: the numbers of the rows of {table} are used up")]
    Exhausted { table: String },
    /// Rows that no walk through their table comes by.
    #[error("the database is damaged: {table} has {rows} row(s), of which a walk through all of it comes by {seen}")]
    Uncounted { table: &'static str, rows: u64, seen: u64 },
    /// The master key that seals the database now is not one that this process has.
    #[error("the database is sealed with the master key {sealed_with} of {}, which this process does not have", .since.to_wire())]
    OtherMasterKey { sealed_with: MasterKeyId, since: Timestamp },
    /// The database is in use by somebody else for too long.
    #[error("the database is busy")]
    Busy(#[source] Source),
    /// There is no room on the disk.
    #[error("the disk is full")]
    Full(#[source] Source),
    /// The database cannot be read or written.
    #[error("the database cannot be used")]
    Unavailable(#[source] Source),
    /// The storage itself is damaged.
    #[error("the database is damaged")]
    Damaged(#[source] Source),
    /// The store was closed: the vault is stopping.
    #[error("the database is closed")]
    Closed,
    #[error("the database failed")]
    Other(#[source] Source),
}

/// The name of a row, which another hand may have given it.
fn shown(row: &str) -> String {
    if row.is_empty() { "''".to_owned() } else { row.escape_debug().to_string() }
}

impl StoreError {
    /// Of a statement that writes rows that are there, or new ones.
    ///
    /// # Errors
    /// [`Self::Unwritten`], where it has written none.
    pub(super) fn unless_written(rows: u64) -> Result<(), Self> {
        if rows == 0 { Err(Self::Unwritten) } else { Ok(()) }
    }

    /// What it is, where that it is damage was said before.
    #[must_use]
    pub fn finding(&self) -> String {
        match self {
            Self::Damaged(source) | Self::Other(source) => source.to_string(),
            error => error.to_string(),
        }
    }

    /// The row that cannot be read, by its table and id, where it is one.
    #[must_use]
    pub fn damaged_row(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Corrupt { table, row, .. } | Self::Forged { table, row, .. } => Some((table, row)),
            _ => None,
        }
    }

    /// Whether the store was closed by its owner.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// A rule of the database that a write would have broken. Each is worded here, for the log and the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    #[error("another key of the org has this name")]
    HookKeyName,
    #[error("the org has all the keys that it may have")]
    HookKeyCap,
    #[error("the key has a next one already")]
    HookKeyNext,
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
    ClientKid,
    #[error("somebody else has made the next signing key")]
    SigningKeyGeneration,
    #[error("a master key is recorded already")]
    MasterKey,
}

/// What to do where there is no database, or no vault in it.
pub const NOTHING_THERE: &str = "check HOOKVAULT_DATABASE_URL; `hookvault restore` brings a backup back, `hookvault migrate` makes a new and empty database";

/// Why a database cannot be opened or migrated, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct OpenError {
    message: String,
    hint: String,
    source: Option<Source>,
    is_nothing_there: bool,
}

impl OpenError {
    /// # Arguments
    /// `message`: what happened. `hint`: what to do.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), source: None, is_nothing_there: false }
    }

    /// The same with what caused it.
    #[must_use]
    pub fn because(self, source: impl Into<Source>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The same where there is no database at all.
    #[must_use]
    pub fn as_nothing_there(self) -> Self {
        Self { is_nothing_there: true, ..self }
    }

    /// Whether there is no database where it was looked for.
    #[must_use]
    pub fn is_nothing_there(&self) -> bool {
        self.is_nothing_there
    }

    /// What caused it in one line, or what it says itself.
    #[must_use]
    pub fn cause(&self) -> String {
        self.source.as_ref().map_or_else(|| self.message.clone(), ToString::to_string)
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::Busy(_) => "another process holds the database; try again",
            StoreError::Full(_) => "make room on the disk, then try again",
            StoreError::Corrupt { .. }
            | StoreError::Forged { .. }
            | StoreError::Missing { .. }
            | StoreError::Uncounted { .. }
            | StoreError::Taken { .. }
            | StoreError::Damaged(_) => "restore the database from a backup",
            StoreError::Unwritten | StoreError::Exhausted { .. } => "`hookvault check` names it",
            StoreError::OtherMasterKey { .. } => "give the master key that it is sealed with",
            StoreError::Over | StoreError::Unavailable(_) | StoreError::Closed | StoreError::Other(_) => {
                "check that HOOKVAULT_DATABASE_URL names a hookvault database on a healthy disk, or a PostgreSQL server that runs and takes writes"
            }
        };
        let message = error.to_string();
        // The source of the error, not the error itself: that would say the same twice.
        let source = match error {
            StoreError::Busy(source)
            | StoreError::Full(source)
            | StoreError::Damaged(source)
            | StoreError::Unavailable(source)
            | StoreError::Other(source) => Some(source),
            StoreError::Corrupt { source, .. } => source,
            StoreError::Forged { .. }
            | StoreError::Unwritten
            | StoreError::Missing { .. }
            | StoreError::Uncounted { .. }
            | StoreError::Taken { .. }
            | StoreError::Exhausted { .. }
            | StoreError::OtherMasterKey { .. }
            | StoreError::Over
            | StoreError::Closed => None,
        };
        Self { message, hint: hint.to_owned(), source, is_nothing_there: false }
    }
}
