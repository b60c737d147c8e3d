//! Appends to the trail, within the transaction of what is told.

use super::entry;
use crate::crypto::merkle;
use crate::crypto::random::Purpose;
use crate::domain::actor::Actor;
use crate::domain::audit::{AuditEntry, Event, EventKind};
use crate::domain::id::OrgId;
use crate::repository::error::StoreError;
use crate::repository::store::WriteTx;
use crate::repository::version::Concern;
use crate::vault::error::VaultError;
use crate::vault::handle::{Registry, Vault};
use std::collections::HashMap;

/// What a commit tells the trail. There is no commit without one, so that no change goes untold by mistake.
pub(in crate::vault) enum Record<'a> {
    /// These events, at least one, in the trail of this org.
    Of(&'a OrgId, Vec<Event>),
    /// Nothing was changed that anybody would ask about; the text says why.
    Nothing(&'static str),
    /// Nothing was changed but which ids of tokens were used; the text says what tells of that.
    SingleUse(&'static str),
}

impl Record<'_> {
    /// What is changed by that which it tells of.
    fn concern(&self) -> Concern {
        match self {
            Self::Of(org, events) if events.iter().all(|event| is_of_keys_and_hooks(event.kind)) => Concern::org(org),
            Self::SingleUse(_) => Concern::nothing(),
            Self::Of(..) | Self::Nothing(_) => Concern::Everything,
        }
    }
}

/// Whether it tells of a hook key, a use of one or a hook, and of nothing else.
fn is_of_keys_and_hooks(kind: EventKind) -> bool {
    match kind {
        EventKind::HookKeyCreated
        | EventKind::HookKeyImported
        | EventKind::HookKeyUpdated
        | EventKind::HookKeyDeleted
        | EventKind::HookKeyUsed
        | EventKind::HookKeyRotated
        | EventKind::HookKeyPromoted
        | EventKind::HookKeyWithdrawn
        | EventKind::HookKeyScheduled
        | EventKind::KeyReferenceCreated
        | EventKind::KeyReferenceUpdated
        | EventKind::KeyReferenceDeleted
        | EventKind::InlineHookCreated
        | EventKind::InlineHookUpdated
        | EventKind::InlineHookActivated
        | EventKind::InlineHookDeactivated
        | EventKind::InlineHookDeleted
        | EventKind::InlineHookExecuted => true,
        EventKind::OrgCreated
        | EventKind::ApiTokenCreated
        | EventKind::ApiTokenUpdated
        | EventKind::ApiTokenRevoked
        | EventKind::ServiceAppCreated
        | EventKind::ServiceAppActivated
        | EventKind::ServiceAppDeactivated
        | EventKind::ServiceAppDeleted
        | EventKind::ClientKeyCreated
        | EventKind::ClientKeyDeleted
        | EventKind::SigningKeyCreated
        | EventKind::SigningKeyDeleted
        | EventKind::AccessTokenGranted
        | EventKind::AccessDenied
        | EventKind::RowsSealed
        | EventKind::MasterKeyRotationStarted
        | EventKind::MasterKeyRotated
        | EventKind::VaultMoved
        | EventKind::VaultBackedUp
        | EventKind::VaultRestored
        | EventKind::AuditForgotten
        | EventKind::AuditKeyCreated
        | EventKind::AuditHeadsCreated
        | EventKind::LossAccepted => false,
    }
}

impl Registry {
    /// Commits, with what the trail tells of it. As [`Registry::commit_unrecorded`].
    ///
    /// # Errors
    /// Those of the store; then nothing was changed.
    pub(in crate::vault) async fn commit(
        &self,
        mut tx: Box<dyn WriteTx>,
        record: Record<'_>,
    ) -> Result<(), VaultError> {
        tx.narrow(record.concern());
        match record {
            Record::Of(org, events) => {
                let actor = tx.actor().clone();
                let told: Vec<_> = events.into_iter().map(|event| (actor.clone(), event)).collect();
                self.audit_append(&mut *tx, org, &told).await?;
            }
            Record::Nothing(why) | Record::SingleUse(why) => tracing::trace!(why, "nothing to record"),
        }
        self.commit_unrecorded(tx).await
    }

    /// Last in its transaction: others of the org wait from here on until it is over.
    ///
    /// # Errors
    /// Those of the store.
    pub(in crate::vault) async fn audit_append(
        &self,
        tx: &mut dyn WriteTx,
        org: &OrgId,
        told: &[(Actor, Event)],
    ) -> Result<(), StoreError> {
        let published = self.clock.now();
        let mut head = tx.audit_head_hold(org).await?;
        let places: Vec<_> = (head.size..).take(told.len()).flat_map(merkle::needed_to_append).collect();
        let mut known: HashMap<_, _> = tx.audit_node_list(org, &places).await?.into_iter().collect();
        let (mut entries, mut nodes) = (Vec::new(), Vec::new());
        for (actor, event) in told {
            let id = uuid::Builder::from_random_bytes(self.random.bytes(Purpose::Audit)).into_uuid();
            let text = entry::text(org, actor, event, published, id);
            let leaf = merkle::leaf(text.as_bytes());
            let (first, made) =
                merkle::appended(head.size, leaf, |place| known.get(&place).copied()).map_err(|_| {
                    StoreError::Corrupt {
                        table: "audit_node",
                        column: "place".into(),
                        row: org.to_string(),
                        source: None,
                    }
                })?;
            for (place, hash) in (first..).zip(made) {
                known.insert(place, hash);
                nodes.push((place, hash));
            }
            let entry = AuditEntry {
                org_id: org.clone(),
                number: head.size,
                published,
                kind: event.kind.as_str().to_owned(),
                text: Some(text),
                leaf,
            };
            entries.push(entry);
            head.size += 1;
        }
        tx.audit_append(&entries, &nodes, &head).await
    }
}

impl Vault {
    /// As [`Registry::commit`].
    pub(in crate::vault) async fn commit(&self, tx: Box<dyn WriteTx>, record: Record<'_>) -> Result<(), VaultError> {
        self.registry.commit(tx, record).await
    }
}
