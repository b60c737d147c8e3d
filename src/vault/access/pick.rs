//! One thing out of several, as a person calls it.

use crate::vault::error::{Kind, VaultError};

/// The one with this id, or else the only one with this name.
///
/// # Errors
/// [`VaultError::NotFound`], or [`VaultError::Ambiguous`] where several orgs have one of that name.
pub(in crate::vault) fn pick<T>(
    mut found: Vec<T>,
    kind: Kind,
    id_or_name: &str,
    names: impl Fn(&T) -> (&str, &str),
) -> Result<T, VaultError> {
    // An id counts before a name.
    match found.iter().position(|one| names(one).0 == id_or_name) {
        Some(index) => return Ok(found.swap_remove(index)),
        None => found.retain(|one| names(one).1 == id_or_name),
    }
    if found.len() > 1 {
        return Err(VaultError::Ambiguous { kind, name: id_or_name.to_owned() });
    }
    found.pop().ok_or_else(|| VaultError::NotFound { kind, id: id_or_name.to_owned() })
}
