//! Migrations: `refinery` decides which are due, sqlx runs them.
//!
//! The whole run is one transaction behind one lock: servers that start at once migrate one after the other, and a failure leaves
//! the database as it was.

use super::error::store_error;
use super::query::{query, query_as, query_scalar};
use crate::repository::error::OpenError;
use crate::repository::migration;
use crate::repository::store::Migration as Named;
use refinery::Migration;
use refinery_core::traits::r#async::{AsyncMigrate, AsyncQuery, AsyncTransaction};
use sqlx::{AssertSqlSafe, PgConnection};

mod embedded {
    refinery::embed_migrations!("migrations/postgres");
}

/// A number that no other program has a reason to choose: `hookvlt` in ASCII.
const LOCK: i64 = 0x0068_6f6f_6b76_6c74;

/// Whether migrations have ever run in this database.
pub async fn is_begun(connection: &mut PgConnection) -> Result<bool, OpenError> {
    Ok(query_scalar("SELECT to_regclass('refinery_schema_history') IS NOT NULL")
        .fetch_one(connection)
        .await
        .map_err(store_error)?)
}

/// The migrations that are due, oldest first, in a transaction that only looks.
pub async fn pending(connection: &mut PgConnection) -> Result<Vec<Named>, OpenError> {
    let applied: Vec<(i32, String)> = if is_begun(connection).await? {
        query_as("SELECT version, checksum FROM refinery_schema_history")
            .fetch_all(connection)
            .await
            .map_err(store_error)?
    } else {
        Vec::new()
    };
    migration::pending(&embedded::migrations::runner(), &applied)
}

/// Runs what is due, within the transaction of this connection, after whoever else does so. Returns it.
pub async fn run(connection: &mut PgConnection) -> Result<Vec<Named>, OpenError> {
    query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *connection).await.map_err(store_error)?;
    let report =
        embedded::migrations::runner().run_async(&mut Connection(connection)).await.map_err(migration::failure)?;
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
}

/// What refinery drives: a connection inside the transaction of the whole run.
struct Connection<'a>(&'a mut PgConnection);

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
            sqlx::query_as(AssertSqlSafe(query.to_owned())).persistent(false).fetch_all(&mut *self.0).await?;
        rows.into_iter().map(|row| migration::applied(row).map_err(sqlx::Error::Decode)).collect()
    }
}

impl AsyncMigrate for Connection<'_> {}
