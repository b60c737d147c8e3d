//! Rows that cannot be read are removed by their id, since nothing else can be done with them.

use crate::domain::id::{OrgId, PrefixedId};
use crate::repository::store::ReadTx;
use crate::vault::error::VaultError;

/// Whether what failed is the row with this id, or the id is of no form that the vault gives to one: such a row another hand has written.
pub(super) fn is_removable<Id: PrefixedId>(error: &VaultError, table: &str, id: &str) -> bool {
    match error {
        error if error.damaged_row() == Some((table, id)) => true,
        // Where another row is damaged, too, that one is named in its place.
        VaultError::NotFound { .. } | VaultError::Damaged(_) => Id::parse(id).is_err(),
        _ => false,
    }
}

/// The org in whose trail the end of such a row is told: the one that it names, if that is there, or else the default one.
pub(super) async fn org_of(tx: &mut (impl ReadTx + ?Sized), named: &str) -> Result<OrgId, VaultError> {
    if let Ok(id) = OrgId::parse(named)
        && let Ok(Some(org)) = tx.org_find(&id).await
    {
        return Ok(org.id);
    }
    Ok(tx.org_find_default().await?.ok_or(VaultError::Empty)?.id)
}
