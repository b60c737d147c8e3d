//! Tells the audit trail of a backup: who has it has all that the vault keeps, sealed or not.

use super::making::Destination;
use super::proof::Proof;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::repository::store::Serial;
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;

impl Registry {
    /// Tells the trail of the default org that a backup was made. Once it is proved, so that the trail tells of none that there is not;
    /// where this fails there is a backup all the same: the day on which nothing can be written is one on which it is needed.
    ///
    /// # Errors
    /// Those of the store; then the trail does not tell of it.
    pub async fn backup_tell(&self, actor: &Actor, made: &Proof, to: &Destination<'_>) -> Result<(), VaultError> {
        let mut tx = self.store.write(actor, Serial::No).await?;
        let Some(org) = tx.org_find_default().await? else { return Ok(()) };
        let name = to.path.file_name().map(|name| name.to_string_lossy());
        let backup = Target::of("Backup", &made.head.id, name.as_deref())
            .with("made", made.head.made.to_wire())
            .with("encrypted", !to.recipients.is_empty());
        self.commit(tx, Record::Of(&org.id, vec![Event::new(EventKind::VaultBackedUp, [backup])])).await
    }
}
