//! Long lists, page by page: what grows with the vault is never read whole.

/// A row's place in the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seq(pub i64);

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page<T, Cursor> {
    pub items: Vec<T>,
    /// Where this page ended and the next one begins; `None` on the last.
    pub next: Option<Cursor>,
}

impl<T, Cursor> Page<T, Cursor> {
    /// # Arguments
    /// `rows`: with the place of each in the order of the list. `limit`: how many were asked for; with fewer it is the last page.
    #[must_use]
    pub fn new(rows: Vec<(Cursor, T)>, limit: u32) -> Self {
        let is_full = rows.len() >= limit as usize;
        let mut next = None;
        let items = rows
            .into_iter()
            .map(|(place, item)| {
                next = Some(place);
                item
            })
            .collect();
        Self { items, next: next.filter(|_| is_full) }
    }
}
