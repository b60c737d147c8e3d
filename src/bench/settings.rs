//! How much is measured, and where.

use super::catalogue::Entry;
use crate::config::DatabaseConfig;
use std::time::Duration;

pub struct Settings {
    /// How often each figure and its ceiling are measured.
    pub pairs: usize,
    /// How long each of the two takes.
    pub time: Duration,
    /// In the order of the table.
    pub chosen: Vec<&'static Entry>,
    pub size: Size,
    /// An empty database; without one, a file in the temporary folder.
    pub database: Option<DatabaseConfig>,
}

/// How large the vault is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// In the default org, and in each of the many.
    pub keys: usize,
    pub orgs: usize,
    /// How many creates make one figure.
    pub creates: usize,
}

impl Size {
    /// That of the goals.
    pub const USUAL: Self = Self { keys: 50, orgs: 1000, creates: 16 };

    /// Enough to see that all of it works.
    pub const TRIAL: Self = Self { keys: 4, orgs: 3, creates: 2 };
}
