//! What another hand has put at the tables of the vault, and what would run when it writes. The migrations make no triggers and no rules.

use super::error::store_error;
use super::query::query_as;
use crate::repository::error::StoreError;
use crate::repository::row::TABLES;
use crate::repository::store::Finding;
use sqlx::{FromRow, PgConnection};

/// Tables that have no rows of a vault.
pub const BESIDE: [&str; 2] = ["pending_erasure", "refinery_schema_history"];

/// What it is, and what removes it.
const PLANTED: &str = "
    SELECT 'trigger ' || tgname || ' of ' || relname AS what, format('DROP TRIGGER %I ON %I', tgname, relname) AS removal
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = current_schema()::regnamespace AND relname = ANY ($1) AND NOT tgisinternal
    UNION ALL
    SELECT 'rule ' || rulename || ' of ' || tablename, format('DROP RULE %I ON %I', rulename, tablename)
    FROM pg_rules WHERE schemaname = current_schema() AND tablename = ANY ($1)
    ORDER BY what";

/// A trigger or a rule.
#[derive(FromRow)]
pub struct Planted {
    /// As in `rule r of t`.
    pub what: String,
    /// The statement that removes it.
    pub removal: String,
}

impl From<Planted> for Finding {
    fn from(Planted { what, removal }: Planted) -> Self {
        Self::Planted { what, removal }
    }
}

/// All of them.
pub async fn planted(connection: &mut PgConnection) -> Result<Vec<Planted>, StoreError> {
    let tables: Vec<_> = TABLES.into_iter().chain(BESIDE).map(str::to_owned).collect();
    query_as(PLANTED).bind(tables).fetch_all(connection).await.map_err(store_error)
}
