//! Where a database is.

mod postgres;

pub use postgres::PostgresUrl;

use std::fmt;
use std::path::{Path, PathBuf};

/// The address of a database; its scheme names the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://PATH`.
    Sqlite(PathBuf),
    /// `postgres://…`.
    Postgres(PostgresUrl),
}

impl DatabaseUrl {
    /// # Errors
    /// A phrase that completes "the value …".
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        if let Some(rest) = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")) {
            return PostgresUrl::parse(rest).map(Self::Postgres);
        }
        match url.strip_prefix("sqlite://") {
            None => Err("begins with neither sqlite:// nor postgres://"),
            Some("" | ":memory:") => Err("names no file"),
            Some(path) if path.contains('?') => Err("has parameters, and there are none"),
            Some(path) => Ok(Self::Sqlite(PathBuf::from(path))),
        }
    }

    /// The same for a server, so that others of the database see that one is running.
    #[must_use]
    pub fn of_server(self) -> Self {
        match self {
            Self::Postgres(url) => Self::Postgres(url.of_server()),
            file @ Self::Sqlite(_) => file,
        }
    }

    /// That of a file in a data folder.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

/// In the words of the setting.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => fmt::Display::fmt(url, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_names_a_file_or_a_server() {
        assert_eq!(DatabaseUrl::parse("sqlite://a/b.db"), Ok(DatabaseUrl::Sqlite("a/b.db".into())));
        assert_eq!(DatabaseUrl::parse("sqlite:///a/b.db"), Ok(DatabaseUrl::Sqlite("/a/b.db".into())));
        assert!(matches!(DatabaseUrl::parse("postgresql://a/b"), Ok(DatabaseUrl::Postgres(_))));
        for wrong in
            ["", "a.db", "sqlite://", "sqlite://:memory:", "sqlite://a.db?mode=ro", "mysql://a", "postgres://a"]
        {
            assert!(DatabaseUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
