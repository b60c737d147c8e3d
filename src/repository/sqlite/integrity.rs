//! Whether the file is sound: SQLite's own checks, and the schema beside the one that the migrations make.

use super::error::store_error;
use super::{migrate, numbers, rules};
use crate::repository::error::StoreError;
use crate::repository::store::Finding;
use sqlx::{Connection as _, SqliteConnection};
use std::collections::BTreeSet;

/// As many findings as SQLite lists by itself.
const MOST: usize = 100;

/// What of the schema can be compared: kind, name, table and text of a table, an index or a trigger.
type Object = (String, String, String, Option<String>);

/// Says what is wrong. Reads the whole file, in one view of it.
///
/// # Errors
/// [`StoreError`] where it cannot be looked at for another reason than damage.
pub async fn examine(connection: &mut SqliteConnection) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    let expected = expected().await?;
    for found in [
        schema(connection, &expected).await,
        references(connection).await,
        rules::checks(connection, &tables(&expected)).await,
        numbers::examine(connection).await,
        structure(connection).await,
    ] {
        match found {
            Ok(found) => findings.extend(found),
            // Not the file's fault.
            Err(
                error @ (StoreError::Busy(_) | StoreError::Full(_) | StoreError::Unavailable(_) | StoreError::Closed),
            ) => return Err(error),
            Err(error) => findings.push(Finding::Damaged(error.finding())),
        }
    }
    findings.truncate(MOST);
    Ok(findings)
}

const OBJECTS: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema";

/// What the migrations make.
async fn expected() -> Result<Vec<Object>, StoreError> {
    let mut fresh = SqliteConnection::connect("sqlite::memory:").await.map_err(store_error)?;
    migrate::apply(&mut fresh).await.map_err(|error| StoreError::Other(error.into()))?;
    sqlx::query_as(OBJECTS).fetch_all(&mut fresh).await.map_err(store_error)
}

/// Names and texts of the tables among them.
fn tables(objects: &[Object]) -> Vec<(&str, &str)> {
    objects
        .iter()
        .filter(|object| object.0 == "table")
        .filter_map(|object| Some((&*object.1, object.3.as_deref()?)))
        .collect()
}

/// What the migrations make and is not there, or not as they make it. Other programs may add what is theirs, but nothing that runs when
/// the vault writes.
async fn schema(connection: &mut SqliteConnection, expected: &[Object]) -> Result<Vec<Finding>, StoreError> {
    let found: Vec<Object> = sqlx::query_as(OBJECTS).fetch_all(&mut *connection).await.map_err(store_error)?;
    let found: BTreeSet<_> = found.into_iter().collect();
    let missing = expected.iter().filter(|object| !found.contains(*object));
    let missing =
        missing.map(|(kind, name, ..)| Finding::Broken(format!("the {kind} {name} is not as the migrations make it")));
    let strange = found.iter().filter(|object| object.0 == "trigger" && !expected.contains(object));
    let strange = strange.map(|(_, name, table, _)| Finding::Planted {
        what: format!("trigger {name} of {table}"),
        removal: format!("DROP TRIGGER \"{}\"", name.replace('"', "\"\"")),
    });
    Ok(missing.chain(strange).collect())
}

/// Rows that refer to rows that are not there.
async fn references(connection: &mut SqliteConnection) -> Result<Vec<Finding>, StoreError> {
    let broken: Vec<(String, String)> =
        sqlx::query_as("SELECT DISTINCT \"table\", parent FROM pragma_foreign_key_check")
            .fetch_all(&mut *connection)
            .await
            .map_err(store_error)?;
    Ok(broken
        .into_iter()
        .map(|(child, parent)| Finding::Broken(format!("{child} refers to rows of {parent} that are missing")))
        .collect())
}

/// Pages, cells, types, and that each index has what its table has; checks are looked at by themselves.
async fn structure(connection: &mut SqliteConnection) -> Result<Vec<Finding>, StoreError> {
    // Bytes: what it quotes may be damaged as well.
    let lines: Vec<Vec<u8>> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut *connection).await.map_err(store_error)?;
    let lines = lines
        .iter()
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .filter(|line| line != "ok" && !line.starts_with("CHECK constraint failed in "));
    Ok(lines.map(|line| if is_of_rule(&line) { Finding::Broken(line) } else { Finding::Damaged(line) }).collect())
}

/// Whether SQLite says that a value is none of its column, rather than that a page or an index is not as it should be.
fn is_of_rule(line: &str) -> bool {
    line.contains(" value in ")
}
