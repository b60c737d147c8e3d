//! Rules that rows break. SQLite takes no notice of checks where it opens a file that it may not write to, and its own look passes them
//! over there; so each is asked for here, as the migrations have it.

use super::error::store_error;
use crate::repository::error::StoreError;
use crate::repository::store::Finding;
use sqlx::{AssertSqlSafe, SqliteConnection};

/// Before the expression of a check.
const CHECK: &str = "CHECK (";

/// Says which checks of these tables are broken, and by how many rows.
///
/// # Arguments
/// `made`: names and texts of the tables, as the migrations make them.
///
/// # Errors
/// Those of the engine.
pub async fn checks(connection: &mut SqliteConnection, made: &[(&str, &str)]) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for (table, sql) in made {
        for check in checks_of(sql) {
            // Both are of our own migrations.
            let look = AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE NOT ({check})"));
            let broken: Result<i64, _> =
                sqlx::query_scalar(look).fetch_one(&mut *connection).await.map_err(store_error);
            match broken {
                Ok(0) => {}
                Ok(rows) => {
                    findings.push(Finding::Broken(format!("{rows} row(s) of {table} break its rule CHECK ({check})")));
                }
                // The table is not as the migrations make it, which is said of it elsewhere.
                Err(StoreError::Other(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(findings)
}

/// The expressions of the checks in the text of a table.
fn checks_of(sql: &str) -> Vec<&str> {
    sql.match_indices(CHECK).filter_map(|(at, _)| in_brackets(&sql[at + CHECK.len()..])).collect()
}

/// What stands before the bracket that closes.
fn in_brackets(rest: &str) -> Option<&str> {
    let (mut depth, mut is_text) = (1, false);
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'\'' => is_text = !is_text,
            b'(' if !is_text => depth += 1,
            b')' if !is_text => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&rest[..at]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expression_of_a_check_ends_with_its_own_bracket() {
        let sql = "CREATE TABLE a (b TEXT CHECK (b IN ('(', 'x')), c INTEGER CONSTRAINT d CHECK (c > (1 + 2)) , CHECK (b)) STRICT";
        assert_eq!(checks_of(sql), ["b IN ('(', 'x')", "c > (1 + 2)", "b"]);
    }
}
