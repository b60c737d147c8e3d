//! What the seal of a row covers, and how a row is read: parsed, and its seal checked.

use super::found::{Found, Named, Placed};
use crate::domain::master_key::MasterKeys;
use crate::domain::row_seal::{RowSealer, Standing};
use crate::repository::error::StoreError;
use crate::repository::page::Page;
use std::sync::Arc;

/// All that a row decides, in bytes: its table, then each column with its kind and length in front, so that no two rows have the same.
/// The order of the columns never changes; what a later version adds stands at the end, and only where it has a value.
pub struct Content(Vec<u8>);

impl Content {
    pub fn of(table: &str) -> Self {
        Self(Vec::with_capacity(512)).text(table)
    }

    fn part(mut self, kind: u8, bytes: &[u8]) -> Self {
        self.0.push(kind);
        self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn text(self, text: &str) -> Self {
        self.part(b't', text.as_bytes())
    }

    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.part(b'b', bytes)
    }

    pub fn number(self, number: i64) -> Self {
        self.part(b'n', &number.to_be_bytes())
    }

    pub fn flag(self, flag: bool) -> Self {
        self.part(b'f', &[u8::from(flag)])
    }

    /// A column that may be NULL.
    pub fn maybe<T>(self, value: Option<T>, with: fn(Self, T) -> Self) -> Self {
        match value {
            Some(value) => with(self, value),
            None => self.part(b'-', &[]),
        }
    }
}

/// A row that has a seal.
pub trait UnderSeal: Named {
    fn content(&self) -> Content;

    fn seal(&self) -> Option<&[u8]>;

    /// Whether its seal, or that of a row that was read with it, is of a master key that may be learnt.
    fn is_under_unknown_key(&self, seals: &Seals) -> bool {
        seals.are_unknown(self.seal())
    }

    /// Checks it, and rows that were read with it.
    ///
    /// # Errors
    /// [`StoreError::Forged`].
    fn check(&self, seals: &Seals) -> Result<(), StoreError> {
        seals.check(self)
    }
}

/// Makes and checks the seals of rows.
#[derive(Clone)]
pub struct Seals(Arc<dyn RowSealer>);

impl Seals {
    pub fn new(sealer: Arc<dyn RowSealer>) -> Self {
        Self(sealer)
    }

    /// The seal of a row that is about to be written.
    pub fn of(&self, row: &impl UnderSeal) -> Vec<u8> {
        self.0.seal(&row.content().0)
    }

    /// Whether a seal is of a master key that may be learnt.
    pub fn are_unknown(&self, seal: Option<&[u8]>) -> bool {
        seal.is_some_and(|seal| self.0.standing(seal) == Standing::Unknown)
    }

    /// Whether a seal is of the master key that seals now.
    pub fn are_current(&self, seal: Option<&[u8]>) -> bool {
        seal.is_some_and(|seal| self.0.standing(seal) == Standing::Current)
    }

    /// Goes along with the master keys that the database tells of.
    ///
    /// # Errors
    /// [`StoreError::OtherMasterKey`].
    pub fn follow(&self, told: &MasterKeys) -> Result<(), StoreError> {
        let other = |sealed_with| StoreError::OtherMasterKey { sealed_with, since: told.current().created };
        self.0.follow(told).map_err(other)
    }

    /// # Errors
    /// [`StoreError::Forged`].
    pub fn check<R: UnderSeal + ?Sized>(&self, row: &R) -> Result<(), StoreError> {
        let forged = |reason| StoreError::Forged { table: R::TABLE, row: row.name().into_owned(), reason };
        self.0.check(&row.content().0, row.seal()).map_err(forged)
    }

    /// The value of a row.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a row that does not parse, [`StoreError::Forged`] for one whose seal does not fit.
    pub fn read<R: UnderSeal, T: TryFrom<R, Error = StoreError>>(&self, row: Found<R>) -> Result<T, StoreError> {
        let row = row.0?;
        let checked = row.check(self);
        // What makes no sense says more of itself.
        let value = T::try_from(row)?;
        checked.map(|()| value)
    }

    /// A row whose seal fits.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn checked<R: UnderSeal>(&self, row: Option<Found<R>>) -> Result<Option<R>, StoreError> {
        let row = row.map(|row| row.0).transpose()?;
        row.as_ref().map_or(Ok(()), |row| row.check(self))?;
        Ok(row)
    }

    /// The value of a row that may be there.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_one<R, T>(&self, row: Option<Found<R>>) -> Result<Option<T>, StoreError>
    where
        R: UnderSeal,
        T: TryFrom<R, Error = StoreError>,
    {
        row.map(|row| self.read(row)).transpose()
    }

    /// The values of rows.
    ///
    /// # Errors
    /// As [`Self::read`], for the first that has one.
    pub fn read_all<R, T>(&self, rows: Vec<Found<R>>) -> Result<Vec<T>, StoreError>
    where
        R: UnderSeal,
        T: TryFrom<R, Error = StoreError>,
    {
        rows.into_iter().map(|row| self.read(row)).collect()
    }

    /// The value of each row, or what is wrong with it.
    pub fn read_each<R, T>(&self, rows: Vec<Found<R>>) -> Vec<Result<T, StoreError>>
    where
        R: UnderSeal,
        T: TryFrom<R, Error = StoreError>,
    {
        rows.into_iter().map(|row| self.read(row)).collect()
    }

    /// The value of each row with the place of it, or what is wrong with it.
    pub fn read_page<P, R, T>(&self, rows: Vec<Placed<P, R>>, limit: u32) -> Page<Result<T, StoreError>, P>
    where
        R: UnderSeal,
        T: TryFrom<R, Error = StoreError>,
    {
        Page::new(rows.into_iter().map(|Placed { place, row }| (place, self.read(row))).collect(), limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rows_have_the_same_content() {
        let contents = [
            Content::of("a").text("bc"),
            Content::of("ab").text("c"),
            Content::of("a").text("b").text("c"),
            Content::of("a").bytes(b"bc"),
            Content::of("a").maybe(None, Content::text),
            Content::of("a").maybe(Some(""), Content::text),
            Content::of("a").number(1),
            Content::of("a").flag(true),
            Content::of("a"),
        ];
        for (index, one) in contents.iter().enumerate() {
            for other in &contents[..index] {
                assert_ne!(one.0, other.0);
            }
        }
    }
}
