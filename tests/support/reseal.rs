//! Gives rows that a test has written past the vault the seals that the vault would have given them.

use super::seal::{Column, seal};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

/// What a table's seal covers, in its order: `t`ext, `b`ytes, `n`umber, `f`lag, `l`ater text, only where it has a value, and `p`arts of a
/// later pair of numbers, both where one has a value.
const COVERED: [(&str, &str, &str); 9] = [
    ("org", "id", "t:id t:name t:domain f:is_default n:created"),
    (
        "hook_key",
        "id",
        "t:id t:org_id t:key_id t:name n:created n:last_updated b:modulus b:exponent l:origin l:born_by l:born_with \
         p:signs_from p:rotate_every",
    ),
    (
        "hook_key_version",
        "key_id",
        "t:key_id t:org_id t:hook_key_id b:modulus b:exponent n:signs_from n:grace n:until t:origin t:born_by t:born_with",
    ),
    (
        "hook_key_reference",
        "org_id hook_key_id consumer_id",
        "t:org_id t:hook_key_id t:consumer_kind t:consumer_id t:consumer_name n:since",
    ),
    (
        "inline_hook",
        "id",
        "t:id t:org_id t:status t:name t:type t:version t:uri t:headers t:auth t:auth_header t:client_id t:token_url t:scope \
         t:hook_key_id b:sealed_secret n:created n:last_updated",
    ),
    ("api_token", "id", "t:id t:org_id t:user_id t:name b:hash t:scopes n:created n:expires n:revoked"),
    ("service_app", "id", "t:id t:org_id t:name t:scopes f:dpop_bound f:active n:created n:last_updated n:activations"),
    ("service_app_key", "app_id kid", "t:app_id t:kid t:kind b:first b:second n:created"),
    ("signing_key", "key_id", "t:org_id n:generation t:key_id b:modulus b:exponent n:created n:signs_from"),
];

/// The columns that the seal of a table covers, with their kinds.
pub fn covered(table: &str) -> Vec<(char, &'static str)> {
    let (_, _, columns) = COVERED.iter().find(|(name, ..)| *name == table).expect("a table with seals");
    columns.split_ascii_whitespace().map(|column| (column.chars().next().unwrap(), &column[2..])).collect()
}

/// The tables whose rows carry seals.
pub fn sealed_tables() -> impl Iterator<Item = &'static str> {
    COVERED.iter().map(|(table, ..)| *table)
}

/// Seals all rows of a table anew, as with the master key of the tests.
pub async fn reseal(connection: &mut AnyConnection, table: &str) {
    let (_, keys, _) = COVERED.iter().find(|(name, ..)| *name == table).expect("a table with seals");
    let columns = covered(table);
    let shown: Vec<_> = columns
        .iter()
        .map(|(kind, column)| match kind {
            'f' => format!("CASE WHEN {column} THEN 1 ELSE 0 END"),
            _ => (*column).to_owned(),
        })
        .collect();
    let keys: Vec<_> = keys.split(' ').collect();
    let select = format!("SELECT {}, {} FROM {table}", shown.join(", "), keys.join(", "));
    let rows = sqlx::query(AssertSqlSafe(select)).fetch_all(&mut *connection).await.unwrap();
    for row in rows {
        let texts: Vec<Option<String>> = row_values(&row, &columns, 't');
        let later: Vec<Option<String>> = row_values(&row, &columns, 'l');
        let blobs: Vec<Option<Vec<u8>>> = row_values(&row, &columns, 'b');
        let (mut texts, mut blobs) = (texts.iter(), blobs.iter());
        let later = later.iter().flatten().map(|text| Some(Column::Text(text)));
        let pair = columns.iter().enumerate().filter(|(_, (kind, _))| *kind == 'p');
        let pair: Vec<_> = pair.map(|(index, _)| number(&row, index).map(Column::Number)).collect();
        let pair = pair.iter().any(Option::is_some).then_some(pair).into_iter().flatten();
        let values: Vec<_> = columns
            .iter()
            .enumerate()
            .filter(|(_, (kind, _))| !['l', 'p'].contains(kind))
            .map(|(index, (kind, _))| match kind {
                't' => texts.next().unwrap().as_deref().map(Column::Text),
                'b' => blobs.next().unwrap().as_deref().map(Column::Bytes),
                'f' => Some(Column::Flag(number(&row, index) == Some(1))),
                _ => number(&row, index).map(Column::Number),
            })
            .chain(later)
            .chain(pair)
            .collect();
        let wanted: Vec<_> = keys.iter().enumerate().map(|(index, key)| format!("{key} = ${}", index + 2)).collect();
        let update = format!("UPDATE {table} SET seal = $1 WHERE {}", wanted.join(" AND "));
        let mut query = sqlx::query(AssertSqlSafe(update)).bind(seal(table, &values));
        for index in 0..keys.len() {
            query = query.bind(row.get::<String, _>(columns.len() + index));
        }
        query.execute(&mut *connection).await.unwrap();
    }
}

fn row_values<'r, T>(row: &'r sqlx::any::AnyRow, columns: &[(char, &str)], kind: char) -> Vec<Option<T>>
where
    T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    let of_kind = columns.iter().enumerate().filter(|(_, (found, _))| *found == kind);
    of_kind.map(|(index, _)| row.get(index)).collect()
}

/// However wide the engine's number is.
fn number(row: &sqlx::any::AnyRow, index: usize) -> Option<i64> {
    row.try_get::<Option<i64>, _>(index).unwrap_or_else(|_| row.get::<Option<i32>, _>(index).map(i64::from))
}
