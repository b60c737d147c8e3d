//! Arguments of several commands, read before anything is opened, with errors that name the flag.

use super::error::CliError;
use crate::domain::name::Name;
use crate::domain::scope::{Scope, Scopes};

/// The `--name` of a thing that is made.
pub fn parse_name(given: &str) -> Result<Name, CliError> {
    Name::parse(given).map_err(|reason| CliError::new(format!("--name: `{given}` {reason}"), "give it another name"))
}

/// All of `--scope`.
pub fn parse_scopes(given: &[String]) -> Result<Scopes, CliError> {
    let scopes = given.iter().map(|scope| {
        Scope::parse(scope).map_err(|reason| {
            let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            CliError::new(format!("--scope: `{scope}` {reason}"), format!("the scopes are {}", known.join(", ")))
        })
    });
    Scopes::new(scopes.collect::<Result<Vec<_>, _>>()?)
        .map_err(|reason| CliError::new(format!("--scope {reason}"), "give at least one"))
}
