//! One thing out of several, as a person calls it.

use crate::repository::error::StoreError;
use crate::vault::error::{Kind, VaultError};

/// How many of one name are read: two say that it is not the only one.
pub(in crate::vault) const SEVERAL: u32 = 2;

/// The only one of those with this name.
///
/// # Errors
/// [`VaultError::NotFound`], or [`VaultError::Ambiguous`] where several orgs have one of that name.
pub(in crate::vault) fn only<T>(mut named: Vec<T>, kind: Kind, name: &str) -> Result<T, VaultError> {
    if named.len() > 1 {
        return Err(VaultError::Ambiguous { kind, name: name.to_owned() });
    }
    named.pop().ok_or_else(|| VaultError::NotFound { kind, id: name.to_owned() })
}

/// Why nothing of this name is found: there is none, unless one of all there are is damaged, which may be the one.
pub(in crate::vault) fn absent<T>(all: Vec<Result<T, StoreError>>, kind: Kind, name: &str) -> VaultError {
    let damaged = all.into_iter().find_map(Result::err);
    damaged.map_or_else(|| VaultError::NotFound { kind, id: name.to_owned() }, VaultError::from)
}
