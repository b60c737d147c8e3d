//! Migrations: `refinery` decides which are due, sqlx runs them.
//!
//! The whole run is one `BEGIN IMMEDIATE`: two processes that start at once migrate one after the other, and a failure
//! leaves the database as it was.

use super::error::store_error;
use crate::repository::error::OpenError;
use crate::repository::store::Migration as Named;
use refinery::{Migration, Runner};
use refinery_core::traits::r#async::{AsyncMigrate, AsyncQuery, AsyncTransaction};
use sqlx::{AssertSqlSafe, SqliteConnection, SqlitePool};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

mod embedded {
    refinery::embed_migrations!("migrations/sqlite");
}

/// The migrations that are due, oldest first.
pub async fn pending(readers: &SqlitePool) -> Result<Vec<Named>, OpenError> {
    let mut tx = readers.begin().await.map_err(store_error)?;
    let begun: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history')")
            .fetch_one(&mut *tx)
            .await
            .map_err(store_error)?;
    let applied: Vec<(i32, String)> = if begun {
        sqlx::query_as("SELECT version, checksum FROM refinery_schema_history")
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error)?
    } else {
        Vec::new()
    };
    let runner = embedded::migrations::runner();
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

/// Runs what is due, and returns it.
pub async fn run(readers: &SqlitePool, writer: &SqlitePool) -> Result<Vec<Named>, OpenError> {
    // Most starts need no writer, and a file that cannot be read says so itself.
    if pending(readers).await?.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
    let applied = apply(&mut tx).await?;
    tx.commit().await.map_err(store_error)?;
    Ok(applied)
}

/// Applies what is due on this connection, within its transaction if it has one.
pub async fn apply(connection: &mut SqliteConnection) -> Result<Vec<Named>, OpenError> {
    let runner: Runner = embedded::migrations::runner();
    let report = runner.run_async(&mut Connection(connection)).await.map_err(|error| {
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
                "see the cause above; the version before can still use it",
            )
            .because(error),
        }
    })?;
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
}

fn unknown() -> OpenError {
    OpenError::new(
        "the database cannot be migrated: it was written by a newer hookvault, or its migrations were changed",
        "run the hookvault version that wrote it, or a newer one",
    )
}

/// What refinery drives: a connection inside the transaction of the whole run.
struct Connection<'a>(&'a mut SqliteConnection);

impl AsyncTransaction for Connection<'_> {
    type Error = sqlx::Error;

    async fn execute<'a, T: Iterator<Item = &'a str> + Send + 'a>(
        &'a mut self,
        queries: T,
    ) -> Result<usize, sqlx::Error> {
        let mut count = 0;
        for query in queries {
            // Our own migrations and refinery's own statements.
            sqlx::raw_sql(AssertSqlSafe(query.to_owned())).execute(&mut *self.0).await?;
            count += 1;
        }
        Ok(count)
    }
}

impl AsyncQuery<Vec<Migration>> for Connection<'_> {
    async fn query<'a>(&'a mut self, query: &'a str) -> Result<Vec<Migration>, sqlx::Error> {
        let rows: Vec<(i32, String, String, String)> =
            sqlx::query_as(AssertSqlSafe(query.to_owned())).fetch_all(&mut *self.0).await?;
        rows.into_iter()
            .map(|(version, name, applied_on, checksum)| {
                let applied_on = OffsetDateTime::parse(&applied_on, &Rfc3339).map_err(decode)?;
                Ok(Migration::applied(version, name, applied_on, checksum.parse().map_err(decode)?))
            })
            .collect()
    }
}

impl AsyncMigrate for Connection<'_> {}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
