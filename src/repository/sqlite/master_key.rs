//! The records of the master keys in SQLite, and how a transaction goes along with them.

use super::error::store_error;
use super::transaction::SqliteTx;
use crate::domain::master_key::{MasterKeyRecord, MasterKeyRotation, MasterKeys};
use crate::domain::sealed::{MasterKeyId, Sealed};
use crate::repository::error::{Refusable, StoreError};
use crate::repository::master_key::{MasterKeyRead, MasterKeyWrite};
use crate::repository::page::Page;
use crate::repository::row::found::{Found, Placed};
use crate::repository::row::master_key::{MasterKeysRow, SEALED};
use crate::repository::row::seal::{Seals, UnderSeal};
use async_trait::async_trait;
use sqlx::AssertSqlSafe;

impl SqliteTx {
    /// For a write, which seals with the key that seals now, whichever process has rotated it.
    ///
    /// # Errors
    /// [`StoreError::OtherMasterKey`], or one of the engine.
    pub async fn follow_master_key(&mut self) -> Result<(), StoreError> {
        match self.master_keys().await? {
            Some(told) => self.seals().follow(&told),
            // The vault is about to be made.
            None => Ok(()),
        }
    }

    /// The seals for rows that were read. A key that is not known yet is learnt first, from the same state of the database.
    ///
    /// # Errors
    /// [`StoreError::OtherMasterKey`] where the vault was given another one without this process, or one of the engine.
    pub async fn seals_for<'r, R: UnderSeal + 'r>(
        &mut self,
        rows: impl IntoIterator<Item = &'r Found<R>>,
    ) -> Result<&Seals, StoreError> {
        let is_unknown = rows.into_iter().filter_map(Found::readable).any(|row| row.is_under_unknown_key(self.seals()));
        if is_unknown && let Some(told) = self.master_keys().await? {
            self.seals().follow(&told)?;
        }
        Ok(self.seals())
    }

    /// A page of a walk, from the rows of it and the one behind it.
    ///
    /// # Errors
    /// As [`Self::seals_for`].
    pub async fn read_page<P, R: UnderSeal, T: TryFrom<R, Error = StoreError>>(
        &mut self,
        rows: Vec<Placed<P, R>>,
        limit: u32,
    ) -> Result<Page<Result<T, StoreError>, P>, StoreError> {
        Ok(self.seals_for(rows.iter().map(|row| &row.row)).await?.read_page(rows, limit))
    }
}

#[async_trait]
impl MasterKeyRead for SqliteTx {
    async fn master_keys(&mut self) -> Result<Option<MasterKeys>, StoreError> {
        let row: Option<MasterKeysRow> = sqlx::query_as(
            "SELECT m.id, m.probe, m.created, r.id AS next_id, r.probe AS next_probe, r.created AS next_created,
                    r.sealed_next, r.sealed_old
             FROM master_key AS m LEFT JOIN master_key_rotation AS r ON 1",
        )
        .fetch_optional(self.connection()?)
        .await
        .map_err(store_error)?;
        row.map(MasterKeys::try_from).transpose()
    }

    async fn master_key_uses(&mut self, id: MasterKeyId) -> Result<u64, StoreError> {
        let count = |(table, column)| format!("(SELECT count(*) FROM {table} WHERE substr({column}, 2, 8) = ?1)");
        let sum = format!("SELECT {}", SEALED.map(count).join(" + "));
        // Names from the list above, nothing else.
        let uses: i64 = sqlx::query_scalar(AssertSqlSafe(sum))
            .bind(id.as_bytes().as_slice())
            .fetch_one(self.connection()?)
            .await
            .map_err(store_error)?;
        Ok(uses.unsigned_abs())
    }
}

#[async_trait]
impl MasterKeyWrite for SqliteTx {
    async fn master_key_insert(&mut self, record: &MasterKeyRecord) -> Refusable<()> {
        let query = sqlx::query("INSERT INTO master_key (only, id, probe, created) VALUES (1, ?, ?, ?)")
            .bind(record.id.as_bytes().as_slice())
            .bind(record.probe.as_bytes())
            .bind(record.created.unix());
        self.attempt(query).await
    }

    async fn master_key_replace(&mut self, record: &MasterKeyRecord) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE master_key SET id = ?, probe = ?, created = ?")
            .bind(record.id.as_bytes().as_slice())
            .bind(record.probe.as_bytes())
            .bind(record.created.unix());
        self.write(query).await
    }

    async fn master_key_rotation_insert(&mut self, rotation: &MasterKeyRotation) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO master_key_rotation (only, id, probe, created, sealed_next, sealed_old) VALUES (1, ?, ?, ?, ?, ?)",
        )
        .bind(rotation.next.id.as_bytes().as_slice())
        .bind(rotation.next.probe.as_bytes())
        .bind(rotation.next.created.unix())
        .bind(rotation.sealed_next.as_ref().map(Sealed::as_bytes))
        .bind(rotation.sealed_old.as_ref().map(Sealed::as_bytes));
        self.write(query).await
    }

    async fn master_key_rotation_delete(&mut self) -> Result<(), StoreError> {
        self.execute(sqlx::query("DELETE FROM master_key_rotation")).await?;
        self.erases();
        Ok(())
    }
}
