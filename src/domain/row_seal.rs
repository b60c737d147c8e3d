//! Seals of rows: what shows that a row was written by this vault and by nobody else.
//!
//! A seal is a MAC over all that a row decides and where it stands. Whoever can write to the database but has no master key can make
//! none, and none fits another row. What a seal cannot show is that a row was removed, or that all of the database is an older one.

use super::master_key::MasterKeys;
use super::sealed::MasterKeyId;

/// Makes and checks seals.
pub trait RowSealer: Send + Sync {
    /// The seal of a row with this content, in which its table comes first.
    fn seal(&self, content: &[u8]) -> Vec<u8>;

    /// # Arguments
    /// `seal`: what stands in the row, if anything does.
    ///
    /// # Errors
    /// [`BrokenSeal`].
    fn check(&self, content: &[u8], seal: Option<&[u8]>) -> Result<(), BrokenSeal>;

    /// How the master key stands that a seal says it was made with. Nothing is checked.
    fn standing(&self, seal: &[u8]) -> Standing;

    /// Goes along with the master keys that the database tells of.
    ///
    /// # Errors
    /// The id of the one that seals now, where it is not known and cannot be learnt.
    fn follow(&self, told: &MasterKeys) -> Result<(), MasterKeyId>;
}

/// How a master key stands to those that a process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It seals what is written now.
    Current,
    /// It checks what is there, or is none at all.
    Known,
    /// It may be learnt from the database.
    Unknown,
}

/// Why a row does not count. `Display` completes "the row …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenSeal {
    #[error("has no seal")]
    Missing,
    #[error("has a seal in no known form")]
    Malformed,
    #[error("was sealed with the master key {0}, not with the one in use")]
    OtherKey(MasterKeyId),
    #[error("was altered, moved or inserted by another hand: its seal does not fit")]
    Forged,
}
