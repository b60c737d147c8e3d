//! Rows as every engine reads them, and how they become values of the domain. What does not parse is damage, never "not found".

pub mod api_token;
pub mod audit;
pub mod found;
pub mod hook_key;
pub mod hook_key_version;
pub mod inline_hook;
pub mod key_reference;
pub mod master_key;
pub mod org;
pub mod seal;
pub mod service_app;
pub mod signing_key;
pub mod used_token_id;

use crate::domain::clock::Timestamp;
use crate::domain::invalid::Invalid;
use crate::repository::error::StoreError;
use std::error::Error;

/// Every table of what a vault keeps; none comes before one that refers to it.
pub const TABLES: [&str; 16] = [
    "audit_key",
    "audit_node",
    "audit_entry",
    "audit_head",
    "used_token_id",
    "signing_key",
    "service_app_key",
    "service_app",
    "api_token",
    "hook_key_reference",
    "inline_hook",
    "hook_key_version",
    "hook_key",
    "org",
    "master_key_rotation",
    "master_key",
];

/// Names the row that is being read.
pub struct Row<'a> {
    pub table: &'static str,
    pub id: &'a str,
}

impl Row<'_> {
    /// The error of a column that does not parse.
    pub fn corrupt(&self, column: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            column: column.into(),
            row: self.id.to_owned(),
            source: Some(cause.into()),
        }
    }

    pub fn value<T>(&self, column: &'static str, parsed: Result<T, Invalid>) -> Result<T, StoreError> {
        parsed.map_err(|cause| self.corrupt(column, cause))
    }

    pub fn count(&self, column: &'static str, number: i64) -> Result<u32, StoreError> {
        u32::try_from(number).map_err(|cause| self.corrupt(column, cause))
    }

    pub fn large(&self, column: &'static str, number: i64) -> Result<u64, StoreError> {
        u64::try_from(number).map_err(|cause| self.corrupt(column, cause))
    }

    pub fn hash(&self, column: &'static str, bytes: &[u8]) -> Result<[u8; 32], StoreError> {
        bytes.try_into().map_err(|cause| self.corrupt(column, cause))
    }

    pub fn time(&self, column: &'static str, seconds: i64) -> Result<Timestamp, StoreError> {
        self.value(column, Timestamp::from_unix(seconds))
    }
}
