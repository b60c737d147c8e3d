//! Whether what a row keeps sealed still opens, and a private key belongs to the public one beside it.

use super::comparison::compare;
use super::damage::Damaged;
use crate::crypto::envelope::Envelope;
use crate::domain::hook_key::SealedHookKey;
use crate::domain::hook_key_version::HookKeyVersion;
use crate::domain::id::PrefixedId as _;
use crate::domain::inline_hook::StoredInlineHook;
use crate::domain::signing_key::SealedSigningKey;
use crate::repository::audit::AuditKey;
use crate::repository::error::StoreError;

pub(super) fn damage_of_key(key: Result<SealedHookKey, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match key {
        Ok(key) => {
            let reason = compare(&key, envelope).err()?;
            Some(Damaged::Key { id: key.key.id, name: key.key.name, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

pub(super) fn damage_of_version(version: Result<HookKeyVersion, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match version {
        Ok(version) => {
            let reason = compare(&version.sealed()?, envelope).err()?;
            Some(Damaged::NextKey { id: version.hook_key_id, key_id: version.key_id, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

pub(super) fn damage_of_signing_key(key: Result<SealedSigningKey, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match key {
        Ok(key) => {
            let reason = compare(&key, envelope).err()?;
            Some(Damaged::SigningKey { id: key.key.key_id, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

pub(super) fn damage_of_hook(stored: Result<StoredInlineHook, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match stored {
        Ok(StoredInlineHook { hook, sealed_secret }) => {
            let reason = envelope.open(hook.secret_place(), &sealed_secret?).err()?;
            Some(Damaged::Hook { id: hook.id, name: hook.name, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

pub(super) fn damage_of_audit_key(key: Result<AuditKey, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match key {
        Ok(AuditKey { org_id, sealed_seed, .. }) => {
            let reason = envelope.open(AuditKey::place(org_id.as_str()), &sealed_seed).err()?;
            Some(Damaged::AuditKey { org: org_id, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}
