//! What a server does beside answering requests, until it stops.

use crate::vault::Vault;
use crate::vault::error::VaultError;
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
                tracing::warn!(error = %error, "the upkeep of tokens has to wait");
            }
            Ok(()) => {}
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(MAINTENANCE) => {}
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
            Err(error) => tracing::warn!(error = %error, "what was deleted cannot be erased now"),
            Ok(_) => {}
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(ERASURE) => {}
        }
    }
}

/// How often the server looks at everything.
const LOOK: Duration = Duration::from_hours(24);

/// Looks for damage while requests are served, at the start and once a day, and tells the log.
pub async fn look_for_damage(vault: Vault, mut stopping: watch::Receiver<bool>) {
    loop {
        match vault.examine().await {
            Ok(examination) => {
                for damaged in &examination.damaged {
                    tracing::error!(damaged = %damaged, "the database is damaged");
                }
                let (sound, damaged) = (examination.sound, examination.damaged.len());
                tracing::info!(sound, damaged, "looked at the whole database");
            }
            // The app has stopped meanwhile.
            Err(VaultError::Unavailable(error)) if error.is_closed() => return,
            Err(VaultError::Task(stopped)) if stopped.is_cancelled() => return,
            Err(error) => tracing::error!(error = %error, "the database cannot be looked at"),
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
