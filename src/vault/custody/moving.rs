//! Copies a vault from one store to another.

use super::copying::{self, CompareError, CopyError, Counts, Walk};
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Outcome, Target};
use crate::domain::chain::Chain;
use crate::repository::error::{Conflict, StoreError};
use crate::repository::store::{ReadTx, Serial, Store, WriteTx};
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;

#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error("the target is the vault itself")]
    Same,
    #[error("there is a vault in the target already")]
    NotEmpty,
    #[error("the vault cannot be read")]
    Source(#[source] VaultError),
    #[error("the target cannot be written")]
    Target(#[source] VaultError),
    #[error("the target refuses the {kind} number {number}: {conflict}")]
    Refused { kind: &'static str, number: u64, conflict: Conflict },
    #[error("the target does not hold every {kind} as it was written")]
    Differs { kind: &'static str },
}

impl From<CopyError<StoreError>> for MoveError {
    fn from(error: CopyError<StoreError>) -> Self {
        match error {
            CopyError::Source(error) => Self::Source(error.into()),
            CopyError::Target(error) => target(error),
            CopyError::Refused { kind, number, conflict } => Self::Refused { kind, number, conflict },
        }
    }
}

impl From<CompareError> for MoveError {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Source(error) => Self::Source(error.into()),
            CompareError::Target(error) => target(error),
            CompareError::Differs { kind } => Self::Differs { kind },
        }
    }
}

/// Copies everything into an empty store, and compares all of it there with what it was made from before it counts. All or nothing:
/// without an `Ok` the target is as it was. Nobody else can write to either of the two meanwhile. The trails of both tell of it.
///
/// # Errors
/// [`MoveError`].
pub async fn move_vault(from: &Registry, to: &dyn Store, actor: &Actor) -> Result<Counts, MoveError> {
    // Where both are the same one, the locks would wait for each other.
    let mut look = to.read().await.map_err(target)?;
    refuse_filled(&mut *look).await?;
    drop(look);
    // All that it changes is its trail, in the end.
    let mut source = from.store.write(actor, Serial::Vault).await.map_err(|error| MoveError::Source(error.into()))?;
    let mut copy = to.write(actor, Serial::Vault).await.map_err(target)?;
    refuse_filled(&mut *copy).await?;
    let moved = copy_all(&mut *source, &mut *copy).await?;
    let event = Event::new(EventKind::VaultMoved, moved.iter().map(kind_target));
    tell(from, &mut *copy, actor, event.clone()).await?;
    // In the vault itself, and before the copy counts: nobody has one of which its trail says nothing.
    tell_source(from, source, event.clone()).await?;
    if let Err(error) = copy.commit(from.clock.now()).await {
        tell_failed(from, actor, event).await;
        return Err(target(error));
    }
    Ok(moved)
}

/// Tells the trail of the vault that was copied, in that of its default org, and ends the transaction.
async fn tell_source(from: &Registry, mut source: Box<dyn WriteTx>, event: Event) -> Result<(), MoveError> {
    let told = async {
        match source.org_find_default().await? {
            Some(org) => from.commit(source, Record::Of(&org.id, vec![event])).await,
            None => Ok(()),
        }
    };
    told.await.map_err(MoveError::Source)
}

/// Tells it also that there is no copy after all. Where that fails it tells of one too many, which is no harm.
async fn tell_failed(from: &Registry, actor: &Actor, event: Event) {
    let event = event.ending(Outcome::Failure("the target was not written".to_owned()));
    let told = async {
        tell_source(
            from,
            from.store.write(actor, Serial::No).await.map_err(VaultError::from).map_err(MoveError::Source)?,
            event,
        )
        .await
    };
    if let Err(error) = told.await {
        tracing::warn!(error = %Chain(&error), "the audit trail does not tell that the move has failed");
    }
}

/// Copies everything, and compares.
pub(super) async fn copy_all(source: &mut dyn ReadTx, copy: &mut dyn WriteTx) -> Result<Counts, MoveError> {
    let moved = copying::fill(&mut Walk::of(source), copy).await?;
    if moved.is_empty() {
        return Err(MoveError::Source(VaultError::Empty));
    }
    copying::compare(source, copy).await?;
    Ok(moved)
}

/// Tells the trail of the copy, in that of its default org.
pub(super) async fn tell(
    from: &Registry,
    copy: &mut dyn WriteTx,
    actor: &Actor,
    event: Event,
) -> Result<(), MoveError> {
    if let Some(org) = copy.org_find_default().await.map_err(target)? {
        from.audit_append(copy, &org.id, &[(actor.clone(), event)]).await.map_err(target)?;
    }
    Ok(())
}

/// How many there were of a kind, as the trail tells it.
pub(super) fn kind_target((kind, count): &(&'static str, u64)) -> Target {
    Target::of("Kind", kind, None).with("count", count)
}

pub(super) fn target(error: StoreError) -> MoveError {
    MoveError::Target(error.into())
}

async fn refuse_filled(target_view: &mut dyn ReadTx) -> Result<(), MoveError> {
    if copying::is_filled(target_view).await.map_err(target)? { Err(MoveError::NotEmpty) } else { Ok(()) }
}
