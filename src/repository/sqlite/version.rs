//! Whether anybody has changed the file: SQLite itself learns it from the header of the WAL index, which is another one after each
//! commit, those of other processes too. One read of it takes a microsecond, on the caller's own thread.
//!
//! Of the commits of this process it is known what they concern. Such a commit holds the writer's place from before it until after it, so
//! the header that comes next in the count is the one that it has written, unless it fails. Until that is known nothing is told.

use super::wal_index::{Header, WalIndex};
use crate::domain::id::OrgId;
use crate::repository::version::{Concern, Version};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many orgs may differ from the whole.
const ORGS: usize = 4096;

pub struct Versions {
    index: WalIndex,
    seen: Mutex<Seen>,
}

struct Seen {
    /// The last one.
    header: Header,
    /// How many versions there were.
    count: u64,
    /// Of the whole.
    version: Version,
    /// Of the orgs that were changed since.
    orgs: HashMap<OrgId, Version>,
    /// A commit of this process is under way, on top of `header`.
    is_committing: bool,
}

impl Seen {
    fn next(&mut self) -> Version {
        self.count += 1;
        Version(self.count)
    }

    /// Nothing is known of how this came about.
    fn renew(&mut self, header: Header) {
        self.header = header;
        self.version = self.next();
        self.orgs.clear();
    }
}

impl Versions {
    /// # Arguments
    /// `index`: the WAL index of a database that this process has open, and keeps so.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn of(index: &Path) -> io::Result<Self> {
        let seen = Seen {
            header: Header::default(),
            count: 0,
            version: Version(0),
            orgs: HashMap::new(),
            is_committing: false,
        };
        Ok(Self { index: WalIndex::open(index)?, seen: Mutex::new(seen) })
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` where it cannot be told: a read of the database will say.
    ///
    /// Looks that overtake each other count once more, which costs a look at the database, and nothing else: what was read under a number
    /// was read after its header was, and whoever gets that number again has seen that very header.
    pub fn look(&self) -> Option<Version> {
        let header = self.index.header()?;
        let mut seen = self.lock();
        if seen.header != header {
            if seen.is_committing && header.follows(&seen.header) {
                return None;
            }
            seen.renew(header);
        }
        Some(seen.version)
    }

    /// That of an org, where the whole was seen in this one.
    pub fn of_org(&self, org: &OrgId, version: Version) -> Version {
        self.lock().orgs.get(org).map_or(version, |changed| version.max(*changed))
    }

    /// To be called by who holds the writer's place, before a commit.
    pub fn begin_commit(&self) -> Committing<'_> {
        let before = self.index.header();
        let mut seen = self.lock();
        if let Some(before) = before {
            if seen.header != before {
                seen.renew(before);
            }
            seen.is_committing = true;
        }
        Committing { versions: self, before }
    }

    /// To be called once no connection of this process to the database is open any more.
    pub fn close(&self) {
        self.index.close();
    }
}

/// A commit that is under way.
pub struct Committing<'a> {
    versions: &'a Versions,
    /// What it is on top of.
    before: Option<Header>,
}

impl Committing<'_> {
    /// It has succeeded.
    pub fn done(self, concern: Concern) {
        let after = self.versions.index.header();
        let (Some(before), Some(after), Concern::Orgs(orgs)) = (self.before, after, concern) else { return };
        let mut seen = self.versions.lock();
        // Where others have committed since, or have seen something else, it is as any other.
        if seen.header != before || !after.follows(&before) || seen.orgs.len() + orgs.len() > ORGS {
            return;
        }
        seen.header = after;
        for org in orgs {
            let version = seen.next();
            seen.orgs.insert(org, version);
        }
    }
}

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        self.versions.lock().is_committing = false;
    }
}
