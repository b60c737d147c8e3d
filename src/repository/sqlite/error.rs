//! Turns what SQLite says into what the vault understands.

use crate::repository::error::{Conflict, StoreError};

/// Primary result codes (<https://sqlite.org/rescode.html>); the low byte of every extended code.
mod code {
    pub const PERM: i32 = 3;
    pub const BUSY: i32 = 5;
    pub const LOCKED: i32 = 6;
    pub const READONLY: i32 = 8;
    pub const IOERR: i32 = 10;
    pub const CORRUPT: i32 = 11;
    pub const FULL: i32 = 13;
    pub const CANTOPEN: i32 = 14;
    pub const NOTADB: i32 = 26;
}

/// What a failed statement means where no constraint of interest can be the cause.
pub fn store_error(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut => StoreError::Busy(error.into()),
        sqlx::Error::PoolClosed => StoreError::Closed,
        sqlx::Error::Io(_) => StoreError::Unavailable(error.into()),
        // By itself: sqlx would say the same twice.
        sqlx::Error::Database(database) => {
            let extended = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
            match extended & 0xFF {
                code::BUSY | code::LOCKED => StoreError::Busy(database.into()),
                code::FULL => StoreError::Full(database.into()),
                code::CORRUPT => StoreError::Damaged(database.into()),
                code::PERM | code::READONLY | code::IOERR | code::CANTOPEN | code::NOTADB => {
                    StoreError::Unavailable(database.into())
                }
                _ => StoreError::Other(database.into()),
            }
        }
        // A value that is not of the type of its column, or a text that is none.
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Damaged(error.into()),
        error => StoreError::Other(error.into()),
    }
}

/// As [`store_error`], where the write may break one of these constraints. Each is named by what SQLite's message
/// ends in: `UNIQUE constraint failed: hook_key.org_id, hook_key.name`.
pub fn conflict_or(error: sqlx::Error, constraints: &[(&str, Conflict)]) -> StoreError {
    let found = error.as_database_error().and_then(|database| {
        let message = database.message();
        constraints.iter().find(|(ending, _)| message.ends_with(ending))
    });
    match found {
        Some((_, conflict)) => StoreError::Conflict(*conflict),
        None => store_error(error),
    }
}
