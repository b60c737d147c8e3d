//! The audit trail in PostgreSQL.

use super::error::store_error;
use super::query::{query, query_as, query_scalar};
use super::transaction::PostgresTx;
use crate::domain::audit::{AuditEntry, AuditHead};
use crate::domain::clock::Timestamp;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::repository::audit::{AuditCursor, AuditKey, AuditNode, AuditQuery, AuditRead, AuditWrite, StoredAuditNode};
use crate::repository::error::StoreError;
use crate::repository::page::{Key, Page};
use crate::repository::row::audit::{AuditEntryRow, AuditHeadRow, AuditKeyRow, AuditNodeRow};
use crate::repository::row::found::{Found, Named as _, Placed};

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

#[async_trait]
impl AuditRead for PostgresTx {
    async fn audit_head_find(&mut self, org: &OrgId) -> Result<Option<AuditHead>, StoreError> {
        let row: Option<Found<AuditHeadRow>> =
            query_as("SELECT org_id, size, forgotten, seal FROM audit_head WHERE org_id = $1")
                .bind(org.as_str())
                .fetch_optional(self.connection()?)
                .await
                .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn audit_head_page(
        &mut self,
        from: Option<Key>,
        limit: u32,
    ) -> Result<Page<Result<AuditHead, StoreError>, Key>, StoreError> {
        let rows: Vec<Placed<Key, AuditHeadRow>> = query_as(
            "SELECT convert_to(org_id, 'UTF8'), org_id, size, forgotten, seal FROM audit_head
             WHERE org_id >= convert_from($1, 'UTF8') ORDER BY org_id LIMIT $2",
        )
        .bind(from.unwrap_or_default().0)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.read_page(rows, limit).await
    }

    async fn audit_entry_least(&mut self, org: &OrgId) -> Result<Option<i64>, StoreError> {
        query_scalar("SELECT min(number) FROM audit_entry WHERE org_id = $1")
            .bind(org.as_str())
            .fetch_one(self.connection()?)
            .await
            .map_err(store_error)
    }

    async fn audit_entry_list(
        &mut self,
        org: &OrgId,
        query: &AuditQuery,
    ) -> Result<Vec<Result<AuditEntry, StoreError>>, StoreError> {
        let sql = if query.is_descending {
            "SELECT org_id, number, published, kind, entry, leaf, seal FROM audit_entry
             WHERE org_id = $1 AND number < $2 AND published >= $3 AND published < $4
                   AND (cardinality($5::text[]) = 0 OR kind = ANY ($5))
             ORDER BY number DESC LIMIT $6"
        } else {
            "SELECT org_id, number, published, kind, entry, leaf, seal FROM audit_entry
             WHERE org_id = $1 AND number >= $2 AND published >= $3 AND published < $4
                   AND (cardinality($5::text[]) = 0 OR kind = ANY ($5))
             ORDER BY number ASC LIMIT $6"
        };
        let usual = if query.is_descending { i64::MAX } else { 0 };
        let rows: Vec<Found<AuditEntryRow>> = query_as(sql)
            .bind(org.as_str())
            .bind(query.from.map_or(usual, u64::cast_signed))
            .bind(query.since.map_or(i64::MIN, Timestamp::unix))
            .bind(query.until.map_or(i64::MAX, Timestamp::unix))
            .bind(query.kinds.clone())
            .bind(i64::from(query.limit))
            .fetch_all(self.connection()?)
            .await
            .map_err(store_error)?;
        Ok(self.seals_for(&rows).await?.read_each(rows))
    }

    async fn audit_entry_page(
        &mut self,
        from: Option<AuditCursor>,
        limit: u32,
    ) -> Result<Page<Result<AuditEntry, StoreError>, AuditCursor>, StoreError> {
        let (org, number) = from.unwrap_or((Vec::new(), i64::MIN));
        let rows: Vec<Placed<AuditCursor, AuditEntryRow>> = query_as(
            "SELECT convert_to(org_id, 'UTF8'), number, org_id, number, published, kind, entry, leaf, seal FROM audit_entry
             WHERE (org_id, number) >= (convert_from($1, 'UTF8'), $2)
             ORDER BY org_id, number LIMIT $3",
        )
        .bind(org)
        .bind(number)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.read_page(rows, limit).await
    }

    async fn audit_node_list(&mut self, org: &OrgId, places: &[u64]) -> Result<Vec<AuditNode>, StoreError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<i64> = places.iter().map(|place| place.cast_signed()).collect();
        let rows: Vec<Found<AuditNodeRow>> =
            query_as("SELECT org_id, place, hash FROM audit_node WHERE org_id = $1 AND place = ANY ($2)")
                .bind(org.as_str())
                .bind(places)
                .fetch_all(self.connection()?)
                .await
                .map_err(store_error)?;
        rows.into_iter().map(|row| row.parsed().map(|StoredAuditNode { place, hash, .. }| (place, hash))).collect()
    }

    async fn audit_node_page(
        &mut self,
        from: Option<AuditCursor>,
        limit: u32,
    ) -> Result<Page<Result<StoredAuditNode, StoreError>, AuditCursor>, StoreError> {
        let (org, place) = from.unwrap_or((Vec::new(), i64::MIN));
        let rows: Vec<Placed<AuditCursor, AuditNodeRow>> = query_as(
            "SELECT convert_to(org_id, 'UTF8'), place, org_id, place, hash FROM audit_node
             WHERE (org_id, place) >= (convert_from($1, 'UTF8'), $2)
             ORDER BY org_id, place LIMIT $3",
        )
        .bind(org)
        .bind(place)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        let placed = |row: Placed<AuditCursor, AuditNodeRow>| (row.place, row.row.parsed());
        Ok(Page::new(rows.into_iter().map(placed).collect(), limit))
    }

    async fn audit_key_find(&mut self, org: &OrgId) -> Result<Option<AuditKey>, StoreError> {
        let row: Option<Found<AuditKeyRow>> =
            query_as("SELECT org_id, public_key, sealed_seed, created, seal FROM audit_key WHERE org_id = $1")
                .bind(org.as_str())
                .fetch_optional(self.connection()?)
                .await
                .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn audit_key_page(
        &mut self,
        from: Option<Key>,
        limit: u32,
    ) -> Result<Page<Result<AuditKey, StoreError>, Key>, StoreError> {
        let rows: Vec<Placed<Key, AuditKeyRow>> = query_as(
            "SELECT convert_to(org_id, 'UTF8'), org_id, public_key, sealed_seed, created, seal FROM audit_key
             WHERE org_id >= convert_from($1, 'UTF8') ORDER BY org_id LIMIT $2",
        )
        .bind(from.unwrap_or_default().0)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.read_page(rows, limit).await
    }
}

#[async_trait]
impl AuditWrite for PostgresTx {
    async fn audit_head_hold(&mut self, org: &OrgId) -> Result<AuditHead, StoreError> {
        let row: Option<Found<AuditHeadRow>> =
            query_as("SELECT org_id, size, forgotten, seal FROM audit_head WHERE org_id = $1 FOR UPDATE")
                .bind(org.as_str())
                .fetch_optional(self.connection()?)
                .await
                .map_err(store_error)?;
        self.seals_for(&row)
            .await?
            .read_one(row)?
            .ok_or_else(|| StoreError::Missing { table: AuditHeadRow::TABLE, row: org.as_str().to_owned() })
    }

    async fn audit_head_write(&mut self, head: &AuditHead) -> Result<(), StoreError> {
        let row = AuditHeadRow::from(head);
        let seal = self.seals().of(&row);
        let write = query(
            "INSERT INTO audit_head (org_id, size, forgotten, seal) VALUES ($1, $2, $3, $4)
             ON CONFLICT (org_id) DO UPDATE SET size = excluded.size, forgotten = excluded.forgotten, seal = excluded.seal",
        );
        self.write(write.bind(row.org_id).bind(row.size).bind(row.forgotten).bind(seal)).await
    }

    async fn audit_append(
        &mut self,
        entries: &[AuditEntry],
        nodes: &[AuditNode],
        head: &AuditHead,
    ) -> Result<(), StoreError> {
        for entry in entries {
            self.audit_entry_insert(entry).await?;
        }
        self.audit_node_insert(&head.org_id, nodes).await?;
        self.audit_head_write(head).await
    }

    async fn audit_entry_insert(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        let row = AuditEntryRow::from(entry);
        let seal = self.seals().of(&row);
        let insert = query(
            "INSERT INTO audit_entry (org_id, number, published, kind, entry, leaf, seal) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT DO NOTHING",
        )
        .bind(row.org_id)
        .bind(row.number)
        .bind(row.published)
        .bind(row.kind)
        .bind(row.entry)
        .bind(row.leaf)
        .bind(seal);
        if self.execute(insert).await? == 0 {
            return Err(not_inserted(self, "audit_entry", "number", &entry.org_id, row.number).await?);
        }
        Ok(())
    }

    async fn audit_node_insert(&mut self, org: &OrgId, nodes: &[AuditNode]) -> Result<(), StoreError> {
        let (places, hashes): (Vec<i64>, Vec<Vec<u8>>) =
            nodes.iter().map(|(place, hash)| (place.cast_signed(), hash.to_vec())).unzip();
        let insert = query(
            "INSERT INTO audit_node (org_id, place, hash)
             SELECT $1, place, hash FROM unnest($2::bigint[], $3::bytea[]) AS node (place, hash)
             ON CONFLICT DO NOTHING",
        );
        let inserted = self.execute(insert.bind(org.as_str()).bind(places.clone()).bind(hashes)).await?;
        match places.first() {
            Some(first) if inserted < nodes.len() as u64 => {
                Err(not_inserted(self, "audit_node", "place", org, *first).await?)
            }
            _ => Ok(()),
        }
    }

    async fn audit_entry_forget(&mut self, org: &OrgId, before: u64) -> Result<(), StoreError> {
        let update =
            query("UPDATE audit_entry SET entry = NULL WHERE org_id = $1 AND number < $2 AND entry IS NOT NULL");
        self.execute(update.bind(org.as_str()).bind(before.cast_signed())).await.map(drop)
    }

    async fn audit_key_insert(&mut self, key: &AuditKey) -> Result<bool, StoreError> {
        let row = AuditKeyRow::from(key);
        let seal = self.seals().of(&row);
        let insert = query(
            "INSERT INTO audit_key (org_id, public_key, sealed_seed, created, seal) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
        )
        .bind(row.org_id)
        .bind(row.public_key)
        .bind(row.sealed_seed)
        .bind(row.created)
        .bind(seal);
        Ok(self.execute(insert).await? > 0)
    }
}

/// Why a row was not written: one is there that is of another hand, or something of that stands before the table.
async fn not_inserted(
    tx: &mut PostgresTx,
    table: &'static str,
    column: &'static str,
    org: &OrgId,
    number: i64,
) -> Result<StoreError, StoreError> {
    // Names of ours, nothing else.
    let look = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE org_id = $1 AND {column} >= $2)");
    let is_there: bool = sqlx::query_scalar(AssertSqlSafe(look))
        .persistent(false)
        .bind(org.as_str())
        .bind(number)
        .fetch_one(tx.connection()?)
        .await
        .map_err(store_error)?;
    Ok(if is_there { StoreError::Taken { table, row: format!("{org}/{number}") } } else { StoreError::Unwritten })
}
