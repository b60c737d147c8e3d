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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::PrefixedId as _;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
    use sqlx::{ConnectOptions as _, SqliteConnection};
    use tempfile::TempDir;

    /// A database with two connections, and what is known of it.
    async fn database() -> (TempDir, [SqliteConnection; 2], Versions) {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("a"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let mut ours = options.connect().await.unwrap();
        run(&mut ours, "CREATE TABLE a (b)").await;
        let other = options.connect().await.unwrap();
        let versions = Versions::of(&folder.path().join("a-shm")).unwrap();
        (folder, [ours, other], versions)
    }

    async fn run(connection: &mut SqliteConnection, sql: &'static str) {
        sqlx::raw_sql(sql).execute(connection).await.unwrap();
    }

    fn orgs() -> [OrgId; 2] {
        ["00o00000000000000001", "00o00000000000000002"].map(|id| OrgId::parse(id).unwrap())
    }

    const WRITE: &str = "INSERT INTO a VALUES (1)";

    #[tokio::test]
    async fn every_commit_of_another_is_another_version_and_nothing_else_is() {
        let (_folder, [mut ours, mut other], versions) = database().await;
        let first = versions.look().unwrap();
        run(&mut other, "SELECT * FROM a").await;
        run(&mut other, "BEGIN IMMEDIATE; INSERT INTO a VALUES (1); ROLLBACK").await;
        assert_eq!(versions.look(), Some(first));
        run(&mut other, WRITE).await;
        let second = versions.look().unwrap();
        assert!(second > first);
        assert_eq!(versions.look(), Some(second));
        run(&mut ours, WRITE).await;
        assert!(versions.look().unwrap() > second, "nobody has said that it was ours");
    }

    #[tokio::test]
    async fn a_commit_of_our_own_concerns_what_it_says_and_is_not_told_before_it_is_over() {
        let (_folder, [mut ours, _other], versions) = database().await;
        let [one, two] = orgs();
        let before = versions.look().unwrap();
        run(&mut ours, "BEGIN IMMEDIATE; INSERT INTO a VALUES (1)").await;
        let committing = versions.begin_commit();
        assert_eq!(versions.look(), Some(before), "it is not there yet");
        run(&mut ours, "COMMIT").await;
        assert_eq!(versions.look(), None);
        committing.done(Concern::org(&one));
        assert_eq!((versions.look(), versions.of_org(&two, before)), (Some(before), before));
        let changed = versions.of_org(&one, before);
        assert!(changed > before);

        run(&mut ours, "BEGIN IMMEDIATE; INSERT INTO a VALUES (1)").await;
        let committing = versions.begin_commit();
        run(&mut ours, "COMMIT").await;
        committing.done(Concern::Everything);
        let all = versions.look().unwrap();
        assert!(all > changed);
        assert_eq!(orgs().map(|org| versions.of_org(&org, all)), [all, all]);
    }

    #[tokio::test]
    async fn where_others_have_committed_meanwhile_or_ours_has_failed_it_is_as_any_other() {
        let (_folder, [mut ours, mut other], versions) = database().await;
        let [one, _] = orgs();
        let before = versions.look().unwrap();
        run(&mut ours, "BEGIN IMMEDIATE; INSERT INTO a VALUES (1)").await;
        let committing = versions.begin_commit();
        run(&mut ours, "COMMIT").await;
        run(&mut other, WRITE).await;
        committing.done(Concern::nothing());
        let after = versions.look().unwrap();
        assert!(after > before);

        run(&mut ours, "BEGIN IMMEDIATE; INSERT INTO a VALUES (1)").await;
        let committing = versions.begin_commit();
        run(&mut ours, "ROLLBACK").await;
        run(&mut other, WRITE).await;
        assert_eq!(versions.look(), None, "it may be ours");
        drop(committing);
        let failed = versions.look().unwrap();
        assert!(failed > after);
        assert_eq!(versions.of_org(&one, failed), failed);
    }
}
