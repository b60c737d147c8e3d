//! Lists of which something is damaged: the rest is shown all the same.

use super::error::CliError;
use crate::vault::error::VaultError;

/// What can be shown, and why the rest cannot.
pub fn split<T>(listed: Vec<Result<T, VaultError>>) -> (Vec<T>, Vec<VaultError>) {
    let (sound, damaged): (Vec<_>, Vec<_>) = listed.into_iter().partition(Result::is_ok);
    (sound.into_iter().flatten().collect(), damaged.into_iter().filter_map(Result::err).collect())
}

/// After the list: names all that is not in it, and how to remove it.
pub fn refuse(damaged: Vec<VaultError>) -> Result<(), CliError> {
    let all = damaged.into_iter().map(CliError::from).reduce(|all, one| {
        CliError::new(format!("{}; {}", all.message, one.message), format!("{}; {}", all.hint, one.hint))
    });
    all.map_or(Ok(()), Err)
}
