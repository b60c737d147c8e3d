//! Turns what PostgreSQL says into what the vault understands.

use crate::repository::error::StoreError;
use crate::repository::row::found::reason;

/// SQLSTATE codes and classes (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
mod code {
    /// No answer in time for a lock, or a transaction that another one has to give way to; class 40 has the rest.
    pub const LOCK_NOT_AVAILABLE: &str = "55P03";
    /// Somebody else has changed what this write refers to since it was looked at.
    pub const FOREIGN_KEY: &str = "23503";
    pub const QUERY_CANCELED: &str = "57014";
    /// The disk is full; class 53 has also memory and connections.
    pub const DISK_FULL: &str = "53100";
    /// The server has become a standby, or has been one.
    pub const READ_ONLY: &str = "25006";
    /// As a standby answers who wants to write.
    pub const NOT_SUPPORTED: &str = "0A000";
    /// Transactions that were idle for too long, as a setting of the server has it.
    pub const IDLE_IN_TRANSACTION: &str = "25P03";
    /// A sequence has no number left.
    pub const SEQUENCE_LIMIT: &str = "2200H";
    /// What the migrations have made is not there any more, or is something else.
    pub const UNDEFINED_TABLE: &str = "42P01";
    pub const UNDEFINED_COLUMN: &str = "42703";
    pub const DATATYPE_MISMATCH: &str = "42804";
    pub const DATA_CORRUPTED: &str = "XX001";
    pub const INDEX_CORRUPTED: &str = "XX002";
}

/// What a failed statement means where no rule of ours is the cause.
pub fn store_error(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut => StoreError::Busy(error.into()),
        sqlx::Error::PoolClosed => StoreError::Closed,
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => StoreError::Unavailable(error.into()),
        // By itself: sqlx would say the same twice.
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default().into_owned();
            match code.as_str() {
                code::LOCK_NOT_AVAILABLE | code::FOREIGN_KEY | code::QUERY_CANCELED => {
                    StoreError::Busy(database.into())
                }
                code::SEQUENCE_LIMIT => {
                    let sequence = database.message().split('"').nth(1).unwrap_or_default();
                    let table = sequence.strip_suffix("_seq_seq").unwrap_or(sequence);
                    StoreError::Exhausted { table: table.to_owned() }
                }
                code::DISK_FULL => StoreError::Full(database.into()),
                code::DATA_CORRUPTED
                | code::INDEX_CORRUPTED
                | code::UNDEFINED_TABLE
                | code::UNDEFINED_COLUMN
                | code::DATATYPE_MISMATCH => StoreError::Damaged(database.into()),
                code::READ_ONLY | code::NOT_SUPPORTED => StoreError::Unavailable(
                    format!("this PostgreSQL takes no writes, as a standby does: {}", database.message()).into(),
                ),
                code::IDLE_IN_TRANSACTION => StoreError::Unavailable(database.into()),
                _ => match code.get(..2) {
                    // Serialization failures and deadlocks.
                    Some("40") => StoreError::Busy(database.into()),
                    // Connections, rights, a database that is not there, resources, an operator's work, the system's input and output.
                    Some("08" | "28" | "3D" | "42" | "53" | "57" | "58") => StoreError::Unavailable(database.into()),
                    _ => StoreError::Other(database.into()),
                },
            }
        }
        // A value that is not of the type of its column, or a text that is none.
        sqlx::Error::ColumnDecode { source, .. } | sqlx::Error::Decode(source) => {
            StoreError::Damaged(format!("a value {}", reason(&*source)).into())
        }
        // A pooler or a server that speaks no PostgreSQL, or stopped in the middle of it.
        error @ sqlx::Error::Protocol(_) => StoreError::Unavailable(error.into()),
        error => StoreError::Other(error.into()),
    }
}

/// Whether a statement that was never begun may be tried on another connection: this one is gone, or leads to a server that takes no
/// writes.
pub fn is_connection_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            matches!(code.as_ref(), code::READ_ONLY | code::IDLE_IN_TRANSACTION)
                || code.starts_with("08")
                || code.starts_with("57P")
        }),
        _ => false,
    }
}
