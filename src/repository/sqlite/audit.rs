//! The audit trail in SQLite.

use super::error::store_error;
use super::transaction::SqliteTx;
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

const INSERT_ENTRY: &str = "INSERT INTO audit_entry (org_id, number, published, kind, entry, leaf, seal)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;";
const INSERT_NODE: &str = "INSERT INTO audit_node (org_id, place, hash) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;";
const WRITE_HEAD: &str = "INSERT INTO audit_head (org_id, size, forgotten, seal) VALUES (?, ?, ?, ?)
    ON CONFLICT (org_id) DO UPDATE SET size = excluded.size, forgotten = excluded.forgotten, seal = excluded.seal;";

#[async_trait]
impl AuditRead for SqliteTx {
    async fn audit_head_find(&mut self, org: &OrgId) -> Result<Option<AuditHead>, StoreError> {
        let row: Option<Found<AuditHeadRow>> =
            sqlx::query_as("SELECT org_id, size, forgotten, seal FROM audit_head WHERE org_id = ?1")
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
        let rows: Vec<Placed<Key, AuditHeadRow>> = sqlx::query_as(
            "SELECT CAST(org_id AS BLOB), org_id, size, forgotten, seal FROM audit_head
             WHERE org_id >= CAST(?1 AS TEXT) AND typeof(org_id) = 'text' ORDER BY org_id LIMIT ?2",
        )
        .bind(from.unwrap_or_default().0)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.read_page(rows, limit).await
    }

    async fn audit_entry_least(&mut self, org: &OrgId) -> Result<Option<i64>, StoreError> {
        sqlx::query_scalar("SELECT min(number) FROM audit_entry WHERE org_id = ?1")
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
             WHERE org_id = ?1 AND number < ?2 AND published >= ?3 AND published < ?4
                   AND (?5 = '[]' OR kind IN (SELECT value FROM json_each(?5)))
             ORDER BY number DESC LIMIT ?6"
        } else {
            "SELECT org_id, number, published, kind, entry, leaf, seal FROM audit_entry
             WHERE org_id = ?1 AND number >= ?2 AND published >= ?3 AND published < ?4
                   AND (?5 = '[]' OR kind IN (SELECT value FROM json_each(?5)))
             ORDER BY number ASC LIMIT ?6"
        };
        let usual = if query.is_descending { i64::MAX } else { 0 };
        let rows: Vec<Found<AuditEntryRow>> = sqlx::query_as(sql)
            .bind(org.as_str())
            .bind(query.from.map_or(usual, u64::cast_signed))
            .bind(query.since.map_or(i64::MIN, Timestamp::unix))
            .bind(query.until.map_or(i64::MAX, Timestamp::unix))
            .bind(serde_json::json!(query.kinds).to_string())
            .bind(query.limit)
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
        let rows: Vec<Placed<AuditCursor, AuditEntryRow>> = sqlx::query_as(
            "SELECT CAST(org_id AS BLOB), number, org_id, number, published, kind, entry, leaf, seal FROM audit_entry
             WHERE (org_id, number) >= (CAST(?1 AS TEXT), ?2) AND typeof(org_id) = 'text' AND typeof(number) = 'integer'
             ORDER BY org_id, number LIMIT ?3",
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
        if let Some(known) = self.trails().and_then(|trails| trails.nodes(org, places)) {
            return Ok(known);
        }
        let places = serde_json::json!(places).to_string();
        let rows: Vec<Found<AuditNodeRow>> = sqlx::query_as(
            "SELECT org_id, place, hash FROM audit_node WHERE org_id = ? AND place IN (SELECT value FROM json_each(?))",
        )
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
        let rows: Vec<Placed<AuditCursor, AuditNodeRow>> = sqlx::query_as(
            "SELECT CAST(org_id AS BLOB), place, org_id, place, hash FROM audit_node
             WHERE (org_id, place) >= (CAST(?1 AS TEXT), ?2) AND typeof(org_id) = 'text' AND typeof(place) = 'integer'
             ORDER BY org_id, place LIMIT ?3",
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
            sqlx::query_as("SELECT org_id, public_key, sealed_seed, created, seal FROM audit_key WHERE org_id = ?1")
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
        let rows: Vec<Placed<Key, AuditKeyRow>> = sqlx::query_as(
            "SELECT CAST(org_id AS BLOB), org_id, public_key, sealed_seed, created, seal FROM audit_key
             WHERE org_id >= CAST(?1 AS TEXT) AND typeof(org_id) = 'text' ORDER BY org_id LIMIT ?2",
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
impl AuditWrite for SqliteTx {
    async fn audit_head_hold(&mut self, org: &OrgId) -> Result<AuditHead, StoreError> {
        if let Some(known) = self.trails().and_then(|trails| trails.head(org)) {
            return Ok(known);
        }
        self.audit_head_find(org)
            .await?
            .ok_or_else(|| StoreError::Missing { table: AuditHeadRow::TABLE, row: org.as_str().to_owned() })
    }

    async fn audit_head_write(&mut self, head: &AuditHead) -> Result<(), StoreError> {
        if let Some(trails) = self.trails() {
            trails.forget();
        }
        let row = AuditHeadRow::from(head);
        let seal = self.seals().of(&row);
        let write = sqlx::query(WRITE_HEAD).bind(row.org_id).bind(row.size).bind(row.forgotten).bind(seal);
        self.write(write).await
    }

    async fn audit_append(
        &mut self,
        entries: &[AuditEntry],
        nodes: &[AuditNode],
        head: &AuditHead,
    ) -> Result<(), StoreError> {
        // All at once: each statement by itself is a way to the connection's thread and back.
        let sql = [INSERT_ENTRY.repeat(entries.len()), INSERT_NODE.repeat(nodes.len()), WRITE_HEAD.to_owned()].concat();
        let mut append = sqlx::query(AssertSqlSafe(sql)).persistent(entries.len() == 1);
        for row in entries.iter().map(AuditEntryRow::from) {
            let seal = self.seals().of(&row);
            append = append.bind(row.org_id).bind(row.number).bind(row.published).bind(row.kind).bind(row.entry);
            append = append.bind(row.leaf).bind(seal);
        }
        for (place, hash) in nodes {
            append = append.bind(head.org_id.as_str()).bind(place.cast_signed()).bind(hash.as_slice());
        }
        let row = AuditHeadRow::from(head);
        let seal = self.seals().of(&row);
        let append = append.bind(row.org_id).bind(row.size).bind(row.forgotten).bind(seal);
        let written = self.execute(append).await?;
        if written != (entries.len() + nodes.len() + 1) as u64 {
            return Err(not_appended(self, entries, nodes, head).await?);
        }
        if let Some(trails) = self.trails() {
            trails.appended(head, nodes);
        }
        Ok(())
    }

    async fn audit_entry_insert(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        let row = AuditEntryRow::from(entry);
        let seal = self.seals().of(&row);
        let insert = sqlx::query(INSERT_ENTRY)
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
        for (place, hash) in nodes {
            let insert = sqlx::query(INSERT_NODE).bind(org.as_str()).bind(place.cast_signed()).bind(hash.as_slice());
            if self.execute(insert).await? == 0 {
                return Err(not_inserted(self, "audit_node", "place", org, place.cast_signed()).await?);
            }
        }
        Ok(())
    }

    async fn audit_entry_forget(&mut self, org: &OrgId, before: u64) -> Result<(), StoreError> {
        let update =
            sqlx::query("UPDATE audit_entry SET entry = NULL WHERE org_id = ?1 AND number < ?2 AND entry IS NOT NULL");
        self.execute(update.bind(org.as_str()).bind(before.cast_signed())).await.map(drop)
    }

    async fn audit_key_insert(&mut self, key: &AuditKey) -> Result<bool, StoreError> {
        let row = AuditKeyRow::from(key);
        let seal = self.seals().of(&row);
        let insert = sqlx::query(
            "INSERT INTO audit_key (org_id, public_key, sealed_seed, created, seal) VALUES (?1, ?2, ?3, ?4, ?5)
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

/// Why not all of what was to be appended is there: a row of another hand has the place of one.
async fn not_appended(
    tx: &mut SqliteTx,
    entries: &[AuditEntry],
    nodes: &[AuditNode],
    head: &AuditHead,
) -> Result<StoreError, StoreError> {
    let org = &head.org_id;
    for entry in entries {
        let number = entry.number.cast_signed();
        let leaf: Option<Vec<u8>> = sqlx::query_scalar("SELECT leaf FROM audit_entry WHERE org_id = ? AND number = ?")
            .bind(org.as_str())
            .bind(number)
            .fetch_optional(tx.connection()?)
            .await
            .map_err(store_error)?;
        if leaf.is_some_and(|leaf| leaf != entry.leaf) {
            return Ok(StoreError::Taken { table: "audit_entry", row: format!("{org}/{number}") });
        }
    }
    let places: Vec<_> = nodes.iter().map(|(place, _)| *place).collect();
    let there = tx.audit_node_list(org, &places).await?;
    Ok(match nodes.iter().find(|node| !there.contains(node)) {
        Some((place, _)) if there.iter().any(|(taken, _)| taken == place) => {
            StoreError::Taken { table: "audit_node", row: format!("{org}/{place}") }
        }
        _ => StoreError::Unwritten,
    })
}

/// Why a row was not written: one is there that is of another hand, or something of that stands before the table.
async fn not_inserted(
    tx: &mut SqliteTx,
    table: &'static str,
    column: &'static str,
    org: &OrgId,
    number: i64,
) -> Result<StoreError, StoreError> {
    // Names of ours, nothing else.
    let look = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE org_id = ?1 AND {column} >= ?2)");
    let is_there: bool = sqlx::query_scalar(AssertSqlSafe(look))
        .bind(org.as_str())
        .bind(number)
        .fetch_one(tx.connection()?)
        .await
        .map_err(store_error)?;
    Ok(if is_there { StoreError::Taken { table, row: format!("{org}/{number}") } } else { StoreError::Unwritten })
}
