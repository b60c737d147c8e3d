//! Single bits of a database file.

use std::fs;
use std::path::Path;

/// In bytes, of every database here.
const PAGE: usize = 4096;

/// Where the pages of a table or an index begin, in bytes from the start of the file. The first one is its root.
pub async fn pages(database: &Path, name: &str) -> Vec<usize> {
    let mut connection = crate::support::app::sqlite_program(database).await;
    let numbers: Vec<u32> = sqlx::query_scalar("SELECT pageno FROM dbstat WHERE name = ? ORDER BY path")
        .bind(name)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(!numbers.is_empty(), "there is no {name}");
    numbers.into_iter().map(|number| (number as usize - 1) * PAGE).collect()
}

/// Where this text stands in a table or an index for the first time.
pub async fn position(database: &Path, name: &str, text: &[u8]) -> usize {
    let bytes = fs::read(database).unwrap();
    for page in pages(database, name).await {
        if let Some(offset) = bytes[page..page + PAGE].windows(text.len()).position(|window| window == text) {
            return page + offset;
        }
    }
    panic!("{name} does not have it")
}

/// Flips the lowest bit of a byte.
pub fn flip(database: &Path, position: usize) {
    flip_bit(database, position * 8);
}

pub fn flip_bit(database: &Path, bit: usize) {
    let mut bytes = fs::read(database).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    fs::write(database, bytes).unwrap();
}
