//! The record of the master key in SQLite.

use super::SqliteTx;
use super::error::{conflict_or, store_error};
use super::row::Row;
use crate::domain::sealed::{MasterKeyId, Sealed};
use crate::repository::error::{Conflict, StoreError};
use crate::repository::master_key::{MasterKeyRead, MasterKeyRecord, MasterKeyWrite};
use async_trait::async_trait;

#[derive(sqlx::FromRow)]
struct MasterKeyRow {
    id: Vec<u8>,
    probe: Vec<u8>,
    created: i64,
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

#[async_trait]
impl MasterKeyRead for SqliteTx {
    async fn master_key_find(&mut self) -> Result<Option<MasterKeyRecord>, StoreError> {
        let row: Option<MasterKeyRow> = sqlx::query_as("SELECT id, probe, created FROM master_key")
            .fetch_optional(&mut *self.0)
            .await
            .map_err(store_error)?;
        row.map(MasterKeyRecord::try_from).transpose()
    }
}

#[async_trait]
impl MasterKeyWrite for SqliteTx {
    async fn master_key_insert(&mut self, record: &MasterKeyRecord) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO master_key (only, id, probe, created) VALUES (1, ?, ?, ?)")
            .bind(record.id.as_bytes().as_slice())
            .bind(record.probe.as_bytes())
            .bind(record.created.unix())
            .execute(&mut *self.0)
            .await
            .map_err(|error| conflict_or(error, &[("master_key.only", Conflict::MasterKey)]))?;
        Ok(())
    }
}
