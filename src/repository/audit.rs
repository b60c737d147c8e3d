//! The audit trail in the store. Every method fails with an error of the engine, or one of damage for a row that does not parse or whose seal
//! does not fit.

use super::error::StoreError;
use super::page::{Key, Page};
use crate::domain::audit::{AuditEntry, AuditHead};
use crate::domain::clock::Timestamp;
use crate::domain::id::OrgId;
use crate::domain::sealed::{Place, Sealed};
use async_trait::async_trait;

/// A node of the tree: its place, and its hash.
pub type AuditNode = (u64, [u8; 32]);

/// Where a page of the entries of all orgs ended: org and number, as they are in the database. The same for nodes and their places.
pub type AuditCursor = (Vec<u8>, i64);

/// A node with its org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAuditNode {
    pub org_id: OrgId,
    pub place: u64,
    pub hash: [u8; 32],
}

/// What signs the checkpoints of an org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditKey {
    pub org_id: OrgId,
    /// Ed25519 (RFC 8032, clause 5.1.5).
    pub public_key: [u8; 32],
    pub sealed_seed: Sealed,
    pub created: Timestamp,
}

impl AuditKey {
    /// The place that the seed is bound to.
    #[must_use]
    pub fn place<'a>(org: &'a str) -> Place<'a> {
        Place { org, table: "audit_key", row: org, column: "sealed_seed" }
    }
}

/// Which entries are looked for.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Numbers from this one on, where they ascend; below it, where they descend.
    pub from: Option<u64>,
    pub is_descending: bool,
    pub since: Option<Timestamp>,
    /// Exclusive.
    pub until: Option<Timestamp>,
    /// Of one of these kinds; none means any.
    pub kinds: Vec<String>,
    pub limit: u32,
}

#[async_trait]
pub trait AuditRead: Send {
    /// `None` where the trail has lost it, or the org is of a version before there were trails.
    async fn audit_head_find(&mut self, org: &OrgId) -> Result<Option<AuditHead>, StoreError>;
    async fn audit_head_page(
        &mut self,
        from: Option<Key>,
        limit: u32,
    ) -> Result<Page<Result<AuditHead, StoreError>, Key>, StoreError>;
    /// The least number that an entry has; that of the first one is 0, so one below it is of another hand.
    async fn audit_entry_least(&mut self, org: &OrgId) -> Result<Option<i64>, StoreError>;
    /// In the order that is asked for.
    async fn audit_entry_list(
        &mut self,
        org: &OrgId,
        query: &AuditQuery,
    ) -> Result<Vec<Result<AuditEntry, StoreError>>, StoreError>;
    async fn audit_entry_page(
        &mut self,
        from: Option<AuditCursor>,
        limit: u32,
    ) -> Result<Page<Result<AuditEntry, StoreError>, AuditCursor>, StoreError>;
    /// Those of these nodes that are there.
    async fn audit_node_list(&mut self, org: &OrgId, places: &[u64]) -> Result<Vec<AuditNode>, StoreError>;
    async fn audit_node_page(
        &mut self,
        from: Option<AuditCursor>,
        limit: u32,
    ) -> Result<Page<Result<StoredAuditNode, StoreError>, AuditCursor>, StoreError>;
    async fn audit_key_find(&mut self, org: &OrgId) -> Result<Option<AuditKey>, StoreError>;
    async fn audit_key_page(
        &mut self,
        from: Option<Key>,
        limit: u32,
    ) -> Result<Page<Result<AuditKey, StoreError>, Key>, StoreError>;
}

#[async_trait]
pub trait AuditWrite: AuditRead {
    /// The head of an org's trail; nobody else appends to it until the transaction is over. An org has it from its first moment on
    /// (`org_insert`), so one that is gone is damage.
    async fn audit_head_hold(&mut self, org: &OrgId) -> Result<AuditHead, StoreError>;
    async fn audit_head_write(&mut self, head: &AuditHead) -> Result<(), StoreError>;
    /// Entries of one org, the nodes that come with them, and the head that there is then, which was [held](Self::audit_head_hold) before.
    /// `Taken` where there is an entry of such a number, or a node of such a place.
    async fn audit_append(
        &mut self,
        entries: &[AuditEntry],
        nodes: &[AuditNode],
        head: &AuditHead,
    ) -> Result<(), StoreError>;
    /// `Taken` where there is one of its number.
    async fn audit_entry_insert(&mut self, entry: &AuditEntry) -> Result<(), StoreError>;
    /// As of an entry.
    async fn audit_node_insert(&mut self, org: &OrgId, nodes: &[AuditNode]) -> Result<(), StoreError>;
    /// Takes their texts from the entries before this number.
    async fn audit_entry_forget(&mut self, org: &OrgId, before: u64) -> Result<(), StoreError>;
    /// Where there is one already, it stays. Returns whether there was none.
    async fn audit_key_insert(&mut self, key: &AuditKey) -> Result<bool, StoreError>;
}
