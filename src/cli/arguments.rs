//! Arguments of several commands, read before anything is opened, with errors that name the flag.

use super::error::CliError;
use super::output::visible;
use crate::domain::name::Name;
use crate::domain::scope::{Scope, Scopes};

/// The `--name` of a thing that is made.
pub fn parse_name(given: &str) -> Result<Name, CliError> {
    // On one line, whatever was given.
    let refused = |reason| CliError::new(format!("--name: `{}` {reason}", visible(given)), "give it another name");
    Name::parse(given).map_err(refused)
}

/// All of `--scope`.
pub fn parse_scopes(given: &[String]) -> Result<Scopes, CliError> {
    let scopes = given.iter().map(|scope| {
        Scope::parse(scope).map_err(|reason| {
            let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            CliError::new(
                format!("--scope: `{}` {reason}", visible(scope)),
                format!("the scopes are {}", known.join(", ")),
            )
        })
    });
    Scopes::new(scopes.collect::<Result<Vec<_>, _>>()?)
        .map_err(|reason| CliError::new(format!("--scope {reason}"), "give at least one"))
}
