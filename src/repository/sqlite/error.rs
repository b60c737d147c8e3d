//! Turns what SQLite says into what the vault understands.

use crate::repository::error::StoreError;
use crate::repository::row::found::reason;

/// Primary result codes (<https://sqlite.org/rescode.html>); the low byte of every extended code.
mod code {
    pub const ERROR: i32 = 1;
    pub const PERM: i32 = 3;
    pub const BUSY: i32 = 5;
    pub const LOCKED: i32 = 6;
    pub const READONLY: i32 = 8;
    pub const IOERR: i32 = 10;
    pub const CORRUPT: i32 = 11;
    pub const FULL: i32 = 13;
    pub const CANTOPEN: i32 = 14;
    pub const NOTADB: i32 = 26;
    /// The extended code for an index into the journal that cannot be made as large as it should be: for want of room.
    pub const IOERR_SHMSIZE: i32 = 4874;
}

/// How a message begins where something of what the migrations have made is not there any more; it has no code of its own.
const MISSING: [&str; 2] = ["no such table: ", "no such column: "];

/// What a failed statement means where no rule of ours is the cause.
pub fn store_error(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut => StoreError::Busy(error.into()),
        sqlx::Error::PoolClosed => StoreError::Closed,
        sqlx::Error::Io(_) => StoreError::Unavailable(error.into()),
        // By itself: sqlx would say the same twice.
        sqlx::Error::Database(database) => {
            let extended = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
            match extended & 0xFF {
                _ if extended == code::IOERR_SHMSIZE => StoreError::Full(database.into()),
                code::BUSY | code::LOCKED => StoreError::Busy(database.into()),
                code::FULL => StoreError::Full(database.into()),
                code::CORRUPT => StoreError::Damaged(database.into()),
                code::ERROR if MISSING.iter().any(|missing| database.message().starts_with(missing)) => {
                    StoreError::Damaged(database.into())
                }
                code::PERM | code::READONLY | code::IOERR | code::CANTOPEN | code::NOTADB => {
                    StoreError::Unavailable(database.into())
                }
                _ => StoreError::Other(database.into()),
            }
        }
        // A value that is not of the type of its column, or a text that is none.
        sqlx::Error::ColumnDecode { source, .. } | sqlx::Error::Decode(source) => {
            StoreError::Damaged(format!("a value {}", reason(&*source)).into())
        }
        error => StoreError::Other(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{Connection as _, SqliteConnection};

    #[tokio::test]
    async fn a_full_database_is_told_apart_from_a_wrong_statement() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::raw_sql("CREATE TABLE a (b BLOB); PRAGMA max_page_count = 3").execute(&mut connection).await.unwrap();
        let full = sqlx::raw_sql("INSERT INTO a VALUES (zeroblob(100000))").execute(&mut connection).await.unwrap_err();
        assert!(matches!(store_error(full), StoreError::Full(_)));
        let wrong = sqlx::raw_sql("SELECT nothing(1)").execute(&mut connection).await.unwrap_err();
        assert!(matches!(store_error(wrong), StoreError::Other(_)));
    }

    #[tokio::test]
    async fn a_table_or_a_column_that_is_missing_is_damage() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::raw_sql("CREATE TABLE a (b BLOB)").execute(&mut connection).await.unwrap();
        for gone in ["SELECT c FROM a", "SELECT b FROM c", "DELETE FROM c"] {
            let error = sqlx::raw_sql(gone).execute(&mut connection).await.unwrap_err();
            assert!(matches!(store_error(error), StoreError::Damaged(_)), "{gone}");
        }
    }
}
