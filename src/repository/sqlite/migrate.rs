//! Migrations: `refinery` decides which are due, sqlx runs them.
//!
//! The whole run is one `BEGIN IMMEDIATE`: two processes that start at once migrate one after the other, and a failure
//! leaves the database as it was.

use super::error::store_error;
use crate::repository::error::OpenError;
use crate::repository::migration;
use crate::repository::store::Migration as Named;
use refinery::{Migration, Runner};
use refinery_core::traits::r#async::{AsyncMigrate, AsyncQuery, AsyncTransaction};
use sqlx::{AssertSqlSafe, SqliteConnection, SqlitePool};

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
    migration::pending(&embedded::migrations::runner(), &applied)
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
    let report = runner.run_async(&mut Connection(connection)).await.map_err(migration::failure)?;
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
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
        rows.into_iter().map(|row| migration::applied(row).map_err(sqlx::Error::Decode)).collect()
    }
}

impl AsyncMigrate for Connection<'_> {}
