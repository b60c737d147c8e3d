//! The record of the master key in PostgreSQL.

use super::error::store_error;
use super::query::{query, query_as};
use super::transaction::PostgresTx;
use crate::repository::error::{Refusable, StoreError};
use crate::repository::master_key::{MasterKeyRead, MasterKeyRecord, MasterKeyWrite};
use crate::repository::row::master_key::MasterKeyRow;
use async_trait::async_trait;

#[async_trait]
impl MasterKeyRead for PostgresTx {
    async fn master_key_find(&mut self) -> Result<Option<MasterKeyRecord>, StoreError> {
        let row: Option<MasterKeyRow> = query_as("SELECT id, probe, created FROM master_key")
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        row.map(MasterKeyRecord::try_from).transpose()
    }
}

#[async_trait]
impl MasterKeyWrite for PostgresTx {
    async fn master_key_insert(&mut self, record: &MasterKeyRecord) -> Refusable<()> {
        let query = query("INSERT INTO master_key (\"only\", id, probe, created) VALUES (1, $1, $2, $3)")
            .bind(record.id.as_bytes().as_slice())
            .bind(record.probe.as_bytes())
            .bind(record.created.unix());
        Ok(self.attempt(query).await?.map(drop))
    }

    async fn master_key_replace(&mut self, record: &MasterKeyRecord) -> Result<(), StoreError> {
        let query = query("UPDATE master_key SET id = $1, probe = $2, created = $3")
            .bind(record.id.as_bytes().as_slice())
            .bind(record.probe.as_bytes())
            .bind(record.created.unix());
        self.execute(query).await.map(drop)
    }
}
