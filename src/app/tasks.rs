//! What a server does beside answering requests, until it stops.

use super::scheduled_backups::ScheduledBackups;
use crate::domain::chain::Chain;
use crate::vault::Vault;
use crate::vault::custody::sealing::SealingError;
use crate::vault::error::VaultError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the server looks what is due: well within the time that a next signing key is published ahead.
const MAINTENANCE: Duration = Duration::from_mins(5);

/// Does what is due, at the start and from time to time, until the server stops.
pub async fn maintain(vault: Vault, mut stopping: watch::Receiver<bool>) {
    loop {
        match vault.oauth_upkeep().await {
            // The app has stopped meanwhile.
            Err(VaultError::Unavailable(error)) if error.is_closed() => return,
            Err(error) => {
                vault.observe(&error);
                tracing::warn!(error = %Chain(&error), "the upkeep of tokens has to wait");
            }
            Ok(()) => {}
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(MAINTENANCE) => {}
        }
    }
}

/// How often the server looks whether a hook key is due for its next key.
const TURNING: Duration = Duration::from_secs(1);

/// Does what is due of rotations of hook keys, until the server stops.
pub async fn turn_hook_keys(vault: Vault, mut stopping: watch::Receiver<bool>) {
    loop {
        match vault.hook_key_upkeep().await {
            Err(VaultError::Unavailable(error)) if error.is_closed() => return,
            // Damage is told where it is met.
            Err(error) if error.is_damage() => {}
            Err(error) => tracing::warn!(error = %Chain(&error), "the rotation of hook keys has to wait"),
            Ok(()) => {}
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(TURNING) => {}
        }
    }
}

/// How often the server looks whether something deleted is still on the disk: within 5 s after the last reader of an older state it
/// is not.
const ERASURE: Duration = Duration::from_secs(2);

/// Erases what this server or another could not erase at once, until the server stops.
pub async fn erase(vault: Vault, mut stopping: watch::Receiver<bool>) {
    loop {
        match vault.erase_pending().await {
            Err(VaultError::Unavailable(error)) if error.is_closed() => return,
            Err(error) => tracing::warn!(error = %Chain(&error), "what was deleted cannot be erased now"),
            Ok(_) => {}
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(ERASURE) => {}
        }
    }
}

/// How often the audit trail is told of uses of keys and of refusals.
const TELLING: Duration = Duration::from_secs(1);

/// Writes what happened often and changed nothing, until the server stops; what is left then is written when the vault is closed.
pub async fn tell_uses(vault: Vault, mut stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(TELLING) => {}
        }
        match vault.audit_flush().await {
            Err(VaultError::Unavailable(error)) if error.is_closed() => return,
            Err(error) => tracing::warn!(error = %Chain(&error), "uses of keys have to wait for the audit trail"),
            Ok(()) => {}
        }
    }
}

/// How often the server looks which master key seals. A rotation waits longer than that before the old one opens nothing any more.
const FOLLOWING: Duration = Duration::from_secs(1);

/// Goes along with rotations of the master key, until the server stops, and tells the log.
pub async fn follow_master_key(vault: Vault, mut stopping: watch::Receiver<bool>) {
    let (mut known, mut is_rotating, mut is_lost) = (vault.master_key_id(), false, false);
    loop {
        match vault.master_keys_follow().await {
            Ok(told) => {
                let current = told.current().id;
                match &told.rotation {
                    Some(_) if !is_rotating => {
                        tracing::info!(from = %told.record.id, to = %current, "a rotation of the master key is under way");
                    }
                    None if is_rotating || current != known => {
                        tracing::info!(to = %current, "the master key was rotated");
                    }
                    Some(_) | None => {}
                }
                (known, is_rotating, is_lost) = (current, told.rotation.is_some(), false);
            }
            Err(error @ (SealingError::WrongMasterKey { .. } | SealingError::OtherRotation { .. })) => {
                if !is_lost {
                    tracing::error!(error = %Chain(&error), "the master key was rotated without this server: start it again with the new one");
                }
                is_lost = true;
            }
            Err(error @ SealingError::Untold(_)) => {
                if !is_lost {
                    tracing::error!(error = %Chain(&error), "somebody else has written to the database; `hookvault check` says what to do");
                }
                is_lost = true;
            }
            Err(SealingError::Vault(VaultError::Unavailable(error))) if error.is_closed() => return,
            // Who asks whether the vault is ready is told.
            Err(error) => tracing::debug!(error = %Chain(&error), "the master key cannot be looked at"),
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(FOLLOWING) => {}
        }
    }
}

/// How often old entries of the audit trail are looked for.
const FORGETTING: Duration = Duration::from_hours(1);

/// Forgets the texts of entries that are older than that, until the server stops.
pub async fn forget_old_entries(vault: Vault, retention: Duration, mut stopping: watch::Receiver<bool>) {
    loop {
        match vault.registry().audit_forget(retention).await {
            Err(VaultError::Unavailable(error)) if error.is_closed() => return,
            Err(error) => tracing::warn!(error = %Chain(&error), "old entries of the audit trail are still there"),
            Ok(()) => {}
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(FORGETTING) => {}
        }
    }
}

/// How often the server looks whether a backup is due; after one that failed it tries again with the next look.
const BACKUP_LOOK: Duration = Duration::from_mins(1);

/// Makes backups when they are due, until the server stops. One that is being made then is given up.
pub async fn back_up(backups: Arc<ScheduledBackups>, mut stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            _ = backups.look() => {}
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(BACKUP_LOOK) => {}
        }
    }
}
