//! Whether anybody has changed the database, by one exchange with the server: which transactions are visible. What two questions that get the
//! same answer would have seen is the same.

use crate::repository::version::Version;
use sqlx::{PgPool, Row as _};
use std::sync::{Mutex, PoisonError};

/// A standby's answer may be old, so it gives none. Another server can come to the same numbers for other transactions, where it takes over
/// from one that is lost with the last of its own: it was started at another moment.
const SEEN: &str = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN
    pg_current_snapshot()::text || ' ' || extract(epoch FROM pg_postmaster_start_time())::text END";

/// The last answer, and how many different ones came before it.
#[derive(Default)]
pub struct Versions(Mutex<(String, u64)>);

impl Versions {
    /// `None` where it cannot be told: a read of the database will say why.
    ///
    /// Answers that overtake each other count once more, which costs a look at the database, and nothing else: what was read under a number
    /// was read after the number was given, and whoever gets that number again was told of the very transactions that were visible then.
    pub async fn look(&self, pool: &PgPool) -> Option<Version> {
        let row = sqlx::raw_sql(SEEN).fetch_one(pool).await.ok()?;
        let seen = row.try_get::<Option<String>, _>(0).ok()??;
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != seen {
            *last = (seen, last.1 + 1);
        }
        Some(Version(last.1))
    }
}
