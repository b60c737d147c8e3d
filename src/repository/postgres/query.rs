//! Statements without a name: a pooler in transaction mode gives each transaction another session, which would not know the name, or
//! know another statement by it. That costs each statement one more exchange with the server.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::{Query, QueryAs, QueryScalar};
use sqlx::{FromRow, Postgres};

pub fn query(sql: &'static str) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(sql).persistent(false)
}

pub fn query_as<T: for<'r> FromRow<'r, PgRow>>(sql: &'static str) -> QueryAs<'static, Postgres, T, PgArguments> {
    sqlx::query_as(sql).persistent(false)
}

pub fn query_scalar<T>(sql: &'static str) -> QueryScalar<'static, Postgres, T, PgArguments>
where
    (T,): for<'r> FromRow<'r, PgRow>,
{
    sqlx::query_scalar(sql).persistent(false)
}
