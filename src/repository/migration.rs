//! What migrations of every engine share: which are due, and what is said where they cannot run.

use super::error::OpenError;
use super::store::Migration as Named;
use refinery::{Migration, Runner};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The migrations that are due, oldest first.
///
/// # Arguments
/// `applied`: version and checksum of those that have run.
///
/// # Errors
/// [`OpenError`] where one of them is none of ours.
pub fn pending(runner: &Runner, applied: &[(i32, String)]) -> Result<Vec<Named>, OpenError> {
    let ours = runner.get_migrations();
    let known = |(version, checksum): &(i32, String)| {
        ours.iter().any(|own| own.version() == *version && own.checksum().to_string() == *checksum)
    };
    if !applied.iter().all(known) {
        return Err(unknown());
    }
    let mut pending: Vec<_> =
        ours.iter().filter(|own| !applied.iter().any(|(version, _)| own.version() == *version)).collect();
    pending.sort_by_key(|own| own.version());
    Ok(pending.into_iter().map(ToString::to_string).collect())
}

/// A row of refinery's own record.
///
/// # Errors
/// What of it does not parse.
pub fn applied(
    (version, name, applied_on, checksum): (i32, String, String, String),
) -> Result<Migration, Box<dyn std::error::Error + Send + Sync>> {
    let applied_on = OffsetDateTime::parse(&applied_on, &Rfc3339)?;
    Ok(Migration::applied(version, name, applied_on, checksum.parse()?))
}

/// Why a run has failed.
pub fn failure(error: refinery::Error) -> OpenError {
    use refinery::error::Kind;
    match error.kind() {
        Kind::DivergentVersion(..) | Kind::MissingVersion(..) => unknown(),
        Kind::Connection(..)
        | Kind::InvalidName
        | Kind::InvalidVersion
        | Kind::RepeatedVersion(..)
        | Kind::InvalidMigrationPath(..)
        | Kind::ConfigError(..)
        | Kind::InvalidMigrationFile(..) => OpenError::new(
            "the database cannot be migrated: a migration failed; the database is as it was before",
            "see the cause above; a new PostgreSQL database must hold nothing else and belong to who connects; the version before can \
             still use one that is older",
        )
        // As a text: its sources are in it, and would be told again.
        .because(error.to_string()),
    }
}

fn unknown() -> OpenError {
    OpenError::new(
        "the database cannot be migrated: it was written by a newer hookvault, or its migrations were changed",
        "run the hookvault version that wrote it, or a newer one",
    )
}
