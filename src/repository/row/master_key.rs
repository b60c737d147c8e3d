//! The record of the master key as a row.

use super::Row;
use crate::domain::sealed::{MasterKeyId, Sealed};
use crate::repository::error::StoreError;
use crate::repository::master_key::MasterKeyRecord;

#[derive(sqlx::FromRow)]
pub struct MasterKeyRow {
    pub id: Vec<u8>,
    pub probe: Vec<u8>,
    pub created: i64,
}

impl TryFrom<MasterKeyRow> for MasterKeyRecord {
    type Error = StoreError;

    fn try_from(found: MasterKeyRow) -> Result<Self, StoreError> {
        let row = Row { table: "master_key", id: "1" };
        let id = <[u8; MasterKeyId::LENGTH]>::try_from(found.id).map_err(|_| StoreError::Corrupt {
            table: "master_key",
            column: "id",
            row: "1".to_owned(),
            source: None,
        })?;
        Ok(Self {
            id: MasterKeyId::from_bytes(id),
            probe: Sealed::from_bytes(found.probe),
            created: row.time("created", found.created)?,
        })
    }
}
