//! Long lists, page by page: what grows with the vault is never read whole.

/// A row's place in the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seq(pub i64);

impl Seq {
    /// Nothing comes before it, whatever another hand has written.
    pub const LEAST: Self = Self(i64::MIN);
}

/// A row's place in the order of a text or of bytes. A text in bytes, too, since another hand may have written one that is no UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key(pub Vec<u8>);

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page<T, Cursor> {
    pub items: Vec<T>,
    /// The place of the row with which the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

impl<T, Cursor> Page<T, Cursor> {
    /// # Arguments
    /// `rows`: with the place of each in the order of the list, and one more than the page holds, if there is one. `limit`: how many it
    /// holds.
    #[must_use]
    pub fn new(mut rows: Vec<(Cursor, T)>, limit: u32) -> Self {
        let rest = rows.split_off(rows.len().min(limit as usize));
        Self {
            items: rows.into_iter().map(|(_, item)| item).collect(),
            next: rest.into_iter().next().map(|(place, _)| place),
        }
    }
}
