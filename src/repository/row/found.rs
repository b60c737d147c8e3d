//! Rows as they were found, each by itself: one that cannot be read hides no other.

use crate::repository::error::StoreError;
use crate::repository::page::{Key, Seq};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};
use std::borrow::Cow;
use std::error::Error;
use std::str::Utf8Error;

/// A row that has a name.
pub trait Named {
    const TABLE: &'static str;

    /// The columns that its name is made of.
    const NAME: &'static [&'static str];

    /// What the row is called in errors.
    fn name(&self) -> Cow<'_, str>;
}

/// A row of a query, or why it cannot be read.
pub struct Found<T>(pub(super) Result<T, StoreError>);

impl<T> Found<T> {
    /// The row, if it can be read.
    pub fn readable(&self) -> Option<&T> {
        self.0.as_ref().ok()
    }

    /// # Errors
    /// [`StoreError::Corrupt`] where a value is not of the kind that its column has.
    pub fn parsed<V: TryFrom<T, Error = StoreError>>(self) -> Result<V, StoreError> {
        V::try_from(self.0?)
    }
}

impl<'r, R, T> FromRow<'r, R> for Found<T>
where
    R: Row,
    T: FromRow<'r, R> + Named,
    for<'a> &'a str: ColumnIndex<R>,
    String: Type<R::Database> + Decode<'r, R::Database>,
    Vec<u8>: Type<R::Database> + Decode<'r, R::Database>,
    i64: Type<R::Database> + Decode<'r, R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        match T::from_row(row) {
            Ok(read) => Ok(Self(Ok(read))),
            Err(sqlx::Error::ColumnDecode { index, source }) => {
                let parts: Vec<_> = T::NAME.iter().map(|column| text(row, column)).collect();
                Ok(Self(Err(StoreError::Corrupt {
                    table: T::TABLE,
                    column: Cow::Owned(index.trim_matches('"').to_owned()),
                    row: parts.join("/"),
                    source: Some(reason(&*source).into()),
                })))
            }
            Err(error) => Err(error),
        }
    }
}

/// A row with its place in the order of a walk, which the first columns of the query are.
pub struct Placed<P, T> {
    pub place: P,
    pub row: Found<T>,
}

impl<'r, R: Row, P: FromRow<'r, R>, T> FromRow<'r, R> for Placed<P, T>
where
    Found<T>: FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self { place: P::from_row(row)?, row: Found::from_row(row)? })
    }
}

impl<'r, R> FromRow<'r, R> for Seq
where
    R: Row,
    (i64,): FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        <(i64,)>::from_row(row).map(|(seq,)| Self(seq))
    }
}

impl<'r, R> FromRow<'r, R> for Key
where
    R: Row,
    (Vec<u8>,): FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        <(Vec<u8>,)>::from_row(row).map(|(key,)| Self(key))
    }
}

/// A value of whatever kind, as far as it can be shown.
fn text<'r, R>(row: &'r R, column: &str) -> String
where
    R: Row,
    for<'a> &'a str: ColumnIndex<R>,
    String: Type<R::Database> + Decode<'r, R::Database>,
    Vec<u8>: Type<R::Database> + Decode<'r, R::Database>,
    i64: Type<R::Database> + Decode<'r, R::Database>,
{
    row.try_get::<String, _>(column)
        .or_else(|_| row.try_get::<i64, _>(column).map(|number| number.to_string()))
        .or_else(|_| row.try_get::<Vec<u8>, _>(column).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        .unwrap_or_else(|_| "?".to_owned())
}

/// Why a value cannot be read, without the words of a library.
pub fn reason(error: &(dyn Error + 'static)) -> &'static str {
    if error.is::<Utf8Error>() { "is no UTF-8" } else { "is of another type than its column" }
}
