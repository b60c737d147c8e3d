//! Reads columns into values of the domain. What does not parse is damage, never "not found".

use crate::domain::clock::Timestamp;
use crate::domain::invalid::Invalid;
use crate::repository::error::StoreError;

/// Names the row that is being read.
pub struct Row<'a> {
    pub table: &'static str,
    pub id: &'a str,
}

impl Row<'_> {
    /// The error of a column that does not parse.
    pub fn corrupt(&self, column: &'static str, cause: Invalid) -> StoreError {
        StoreError::Corrupt { table: self.table, column, row: self.id.to_owned(), source: Some(cause.into()) }
    }

    /// The error of a column whose JSON does not parse.
    pub fn corrupt_json(&self, column: &'static str, cause: serde_json::Error) -> StoreError {
        StoreError::Corrupt { table: self.table, column, row: self.id.to_owned(), source: Some(cause.into()) }
    }

    pub fn value<T>(&self, column: &'static str, parsed: Result<T, Invalid>) -> Result<T, StoreError> {
        parsed.map_err(|cause| self.corrupt(column, cause))
    }

    pub fn time(&self, column: &'static str, seconds: i64) -> Result<Timestamp, StoreError> {
        self.value(column, Timestamp::from_unix(seconds))
    }
}
