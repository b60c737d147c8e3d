//! What others can keep or check of a trail: its signed head, and the proof of one entry.

use super::broken::Whole;
use super::lost_key::told_audit_key;
use super::record::Record;
pub use crate::crypto::checkpoint::CheckpointError;
use crate::crypto::checkpoint::{self, CheckpointKey};
use crate::crypto::merkle;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::repository::audit::{AuditKey, AuditQuery};
use crate::repository::error::StoreError;
use crate::repository::store::Serial;
use crate::vault::error::{Kind, VaultError};
use crate::vault::handle::{Registry, Vault};
use std::collections::HashMap;

/// A head of a trail whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: [u8; 32],
}

/// A signed head, and what verifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    pub size: u64,
    pub root: [u8; 32],
    /// The note (c2sp.org/signed-note).
    pub note: String,
    pub verifier_key: String,
}

/// That an entry is in the tree of a checkpoint (RFC 6962, clause 2.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub number: u64,
    /// `None` where the text is forgotten.
    pub text: Option<String>,
    pub leaf: [u8; 32],
    pub path: Vec<[u8; 32]>,
    pub checkpoint: SignedCheckpoint,
}

impl Checkpoint {
    /// Reads a note that is signed with this key.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open(note: &[u8], verifier_key: &str) -> Result<Self, CheckpointError> {
        let (origin, size, root) = checkpoint::open(note, verifier_key)?;
        Ok(Self { origin, size, root })
    }

    #[must_use]
    pub fn is_of(&self, org: &OrgId) -> bool {
        self.origin == origin(org)
    }
}

/// What the trail of an org is called.
#[must_use]
pub fn origin(org: &OrgId) -> String {
    format!("hookvault/{}", org.as_str())
}

/// What verifies what this key of an org signs.
pub(super) fn verifier_key_of(org: &OrgId, key: &AuditKey) -> String {
    checkpoint::verifier_key(&origin(org), key.public_key)
}

impl Registry {
    /// What verifies the checkpoints of an org; `None` before the first one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn audit_verifier_key(&self, org: &OrgId) -> Result<Option<String>, VaultError> {
        let key = self.store.read().await?.audit_key_find(org).await?;
        Ok(key.map(|key| verifier_key_of(org, &key)))
    }
}

impl Vault {
    /// The head of the trail as it is now, signed. The key for that is made with the first one, and anew after the loss of it was accepted.
    ///
    /// # Errors
    /// [`VaultError::TrailBroken`]: what is not as it was written is not signed. [`VaultError::KeyUnusable`], or one of the store.
    pub async fn audit_checkpoint(&self, actor: &Actor, org: &OrgId) -> Result<SignedCheckpoint, VaultError> {
        let key = self.audit_key(actor, org).await?;
        let whole = self.audit_whole(org).await?;
        self.audit_sign(org, &key, whole.size, whole.root)
    }

    /// The proof of an entry, in the tree as it is now.
    ///
    /// # Errors
    /// As [`Self::audit_checkpoint`], and [`VaultError::NotFound`].
    pub async fn audit_prove(&self, actor: &Actor, org: &OrgId, number: u64) -> Result<Proof, VaultError> {
        let key = self.audit_key(actor, org).await?;
        let whole = self.audit_whole(org).await?;
        let mut view = self.registry.store.read().await?;
        let query = AuditQuery { from: Some(number), limit: 1, ..AuditQuery::default() };
        let found = view.audit_entry_list(org, &query).await?.into_iter().next().transpose()?;
        let entry = found
            .filter(|entry| entry.number == number && number < whole.size)
            .ok_or_else(|| VaultError::NotFound { kind: Kind::AuditEntry, id: number.to_string() })?;
        let nodes = view.audit_node_list(org, &merkle::needed_to_prove(whole.size, number)).await?;
        drop(view);
        let nodes: HashMap<_, _> = nodes.into_iter().collect();
        let path =
            merkle::prove(whole.size, number, |place| nodes.get(&place).copied()).map_err(|_| node_missing(org))?;
        let checkpoint = self.audit_sign(org, &key, whole.size, whole.root)?;
        Ok(Proof { number, text: entry.text, leaf: entry.leaf, path, checkpoint })
    }

    /// The trail, read from its first entry on: nodes of the tree carry no seal, so no root is taken from them unseen.
    async fn audit_whole(&self, org: &OrgId) -> Result<Whole, VaultError> {
        let verdict = self.registry.audit_verify(org, None).await?;
        verdict.map_err(|broken| VaultError::TrailBroken { org: org.clone(), broken })
    }

    fn audit_sign(
        &self,
        org: &OrgId,
        key: &AuditKey,
        size: u64,
        root: [u8; 32],
    ) -> Result<SignedCheckpoint, VaultError> {
        let seed =
            self.envelope.open(AuditKey::place(org.as_str()), &key.sealed_seed).map_err(VaultError::KeyUnusable)?;
        let signer = CheckpointKey::from_seed(&seed)?;
        let origin = origin(org);
        Ok(SignedCheckpoint {
            size,
            root,
            note: signer.sign(&origin, size, root)?,
            verifier_key: verifier_key_of(org, key),
        })
    }

    async fn audit_key(&self, actor: &Actor, org: &OrgId) -> Result<AuditKey, VaultError> {
        let mut view = self.registry.store.read().await?;
        if let Some(key) = view.audit_key_find(org).await? {
            return Ok(key);
        }
        // One that is gone is not made anew in silence: nobody would notice that checkpoints have another signature.
        if told_audit_key(&mut *view, org).await?.is_some() {
            return Err(StoreError::Missing { table: "audit_key", row: org.to_string() }.into());
        }
        drop(view);
        let seed = checkpoint::new_seed(&self.registry.random);
        let public_key = CheckpointKey::from_seed(seed.as_slice())?.public_key()?;
        let mut tx = self.registry.store.write(actor, Serial::No).await?;
        let key = AuditKey {
            org_id: org.clone(),
            public_key,
            sealed_seed: self.envelope.seal(AuditKey::place(org.as_str()), seed.as_slice()),
            created: self.registry.clock.now(),
        };
        if tx.audit_key_insert(&key).await? {
            let target = Target::of("AuditKey", &verifier_key_of(org, &key), None);
            let record = Record::Of(org, vec![Event::new(EventKind::AuditKeyCreated, [target])]);
            self.commit(tx, record).await?;
            return Ok(key);
        }
        // Another process was faster.
        drop(tx);
        self.registry.store.read().await?.audit_key_find(org).await?.ok_or(VaultError::Empty)
    }
}

fn node_missing(org: &OrgId) -> VaultError {
    StoreError::Corrupt { table: "audit_node", column: "hash".into(), row: org.to_string(), source: None }.into()
}
