//! When a server looks at everything, and what it tells of that.

use crate::domain::chain::Chain;
use crate::vault::Vault;
use crate::vault::custody::examination::Examination;
use crate::vault::error::VaultError;
use std::time::Duration;
use tokio::sync::watch;

/// How often the server looks at everything.
const LOOK: Duration = Duration::from_hours(24);

/// How soon it looks again while damage is known, so that who has mended it need not start the server again.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// So many times what the last look took goes by before such a look: it takes no more than a small part of the machine.
const REST: u32 = 10;

/// How often the server looks at the orgs, where something was written since: which one answers depends on all of them.
const LOOK_AT_ORGS: Duration = Duration::from_mins(1);

/// How often the server asks whether a look is due.
const ASKING: Duration = Duration::from_secs(1);

/// The last look.
struct Looked {
    /// By the clock of the vault, like all times here.
    ended: Duration,
    took: Duration,
}

impl Looked {
    fn is_due(&self, now: Duration, is_damaged: bool) -> bool {
        let pause = if is_damaged { LOOK_AGAIN.max(self.took * REST).min(LOOK) } else { LOOK };
        now >= self.ended + pause
    }
}

/// Looks for damage while requests are served: at the start, once a day, and soon again while damage is known; and tells the log.
pub async fn look_for_damage(vault: Vault, mut stopping: watch::Receiver<bool>) {
    let mut told = Vec::new();
    loop {
        let began = vault.clock().elapsed();
        match vault.examine().await {
            Ok(examination) => told = tell(&examination, &told),
            // The app has stopped meanwhile.
            Err(VaultError::Unavailable(error)) if error.is_closed() => return,
            Err(VaultError::Task(stopped)) if stopped.is_cancelled() => return,
            Err(error) => {
                vault.observe(&error);
                tracing::error!(error = %Chain(&error), "the database cannot be looked at");
            }
        }
        // What was found of an org decides which one answers.
        look_at_orgs_now(&vault).await;
        let ended = vault.clock().elapsed();
        let looked = Looked { ended, took: ended.saturating_sub(began) };
        while !looked.is_due(vault.clock().elapsed(), vault.is_damage_known()) {
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(ASKING) => {}
            }
        }
    }
}

/// Looks at the orgs once a minute while requests are served.
pub async fn look_at_orgs(vault: Vault, mut stopping: watch::Receiver<bool>) {
    let mut looked = vault.clock().elapsed();
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(ASKING) => {}
        }
        let now = vault.clock().elapsed();
        if now >= looked + LOOK_AT_ORGS {
            looked = now;
            look_at_orgs_now(&vault).await;
        }
    }
}

/// The same once.
pub async fn look_at_orgs_now(vault: &Vault) {
    match vault.look_at_orgs().await {
        // The app has stopped meanwhile.
        Err(VaultError::Unavailable(error)) if error.is_closed() => {}
        Err(error) => tracing::error!(error = %error, "the orgs cannot be looked at"),
        Ok(()) => {}
    }
}

/// Tells of what was found, unless that is what was told last: damage that stays is no news each minute. Returns what was found.
fn tell(examination: &Examination, told: &[String]) -> Vec<String> {
    let found: Vec<_> = examination.damaged.iter().map(ToString::to_string).collect();
    if found.is_empty() || found != told {
        for damaged in &found {
            tracing::error!(damaged = %damaged, "the database is damaged");
        }
        tracing::info!(sound = examination.sound, damaged = found.len(), "looked at the whole database");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_due_daily_and_while_damage_is_known_as_soon_as_it_costs_little() {
        let due = |took, is_damaged| {
            let looked = Looked { ended: Duration::from_secs(7), took: Duration::from_secs(took) };
            let is_due = |pause: u64| looked.is_due(Duration::from_secs(7 + pause), is_damaged);
            [59, 60, 299, 300, 86_399, 86_400].map(is_due)
        };
        assert_eq!(due(0, false), [false, false, false, false, false, true]);
        assert_eq!(due(0, true), [false, true, true, true, true, true]);
        assert_eq!(due(30, true), [false, false, false, true, true, true], "ten times as long as it took");
        assert_eq!(due(86_400, true), [false, false, false, false, false, true], "daily all the same");
    }
}
