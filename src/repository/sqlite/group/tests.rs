//! What those who share a commit get, and do not get.

use super::*;
use crate::repository::sqlite::pool::{PATIENCE, pool};
use tempfile::TempDir;

/// Writers of a database, how many commits it has seen, and where it is.
async fn writers() -> (Writers, Arc<AtomicUsize>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new().filename(folder.path().join("a")).create_if_missing(true);
    let writers = Writers::new(pool(), options, KnownVersions::default(), PATIENCE);
    let mut connection = writers.pool.acquire().await.unwrap();
    sqlx::raw_sql("CREATE TABLE written (by TEXT UNIQUE)").execute(&mut *connection).await.unwrap();
    let commits = Arc::<AtomicUsize>::default();
    let counted = commits.clone();
    connection.lock_handle().await.unwrap().set_commit_hook(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        true
    });
    drop(connection);
    (writers, commits, folder)
}

/// Until so many wait for the turn.
async fn wait_for(writers: &Writers, count: usize) {
    while writers.waiting.load(Ordering::SeqCst) < count {
        tokio::task::yield_now().await;
    }
}

async fn write(turn: &mut Turn, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(turn.connection().unwrap()).await.map(drop)
}

/// Takes a turn, writes, and commits where that was not refused.
async fn change(writers: Writers, sql: &'static str) -> Result<(), String> {
    let mut turn = writers.turn(Share::Group).await.map_err(|error| error.to_string())?;
    write(&mut turn, sql).await.map_err(|error| error.to_string())?;
    turn.commit(Concern::Everything).await.map_err(|error| error.to_string())
}

/// What `changes` come to that all came while somebody wrote `first`.
async fn together(
    writers: &Writers,
    first: &'static str,
    changes: &[&'static str],
) -> (Result<(), StoreError>, Vec<Result<(), String>>) {
    let mut turn = writers.turn(Share::Group).await.unwrap();
    write(&mut turn, first).await.unwrap();
    let mut tasks = Vec::new();
    for (index, sql) in changes.iter().enumerate() {
        tasks.push(tokio::spawn(change(writers.clone(), sql)));
        wait_for(writers, index + 1).await;
    }
    let first = turn.commit(Concern::Everything).await;
    let mut others = Vec::new();
    for task in tasks {
        others.push(task.await.unwrap());
    }
    (first, others)
}

async fn written(writers: &Writers) -> Vec<String> {
    sqlx::query_scalar("SELECT by FROM written ORDER BY by").fetch_all(&writers.pool).await.unwrap()
}

#[tokio::test]
async fn those_who_come_while_somebody_writes_share_the_commit() {
    let (writers, commits, _folder) = writers().await;
    let others = ["INSERT INTO written VALUES ('b')", "INSERT INTO written VALUES ('c')"];
    let (first, others) = together(&writers, "INSERT INTO written VALUES ('a')", &others).await;
    assert!(first.is_ok());
    assert_eq!(others, [Ok(()), Ok(())]);
    assert_eq!(
        (written(&writers).await, commits.load(Ordering::SeqCst)),
        (vec!["a".into(), "b".into(), "c".into()], 1)
    );
    assert_eq!(change(writers.clone(), "DELETE FROM written").await, Ok(()));
    assert_eq!(commits.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_is_refused_or_gives_up_is_undone_alone() {
    let (writers, commits, _folder) = writers().await;
    let others = [
        "INSERT INTO written VALUES ('b'); INSERT INTO written VALUES ('a')",
        "INSERT INTO written VALUES ('c')",
        "INSERT INTO written VALUES ('d'); INSERT INTO written VALUES ('c')",
    ];
    let (first, others) = together(&writers, "INSERT INTO written VALUES ('a')", &others).await;
    assert!(first.is_ok());
    let refused = |result: &Result<(), String>| result.as_ref().is_err_and(|error| error.contains("UNIQUE"));
    assert_eq!(others.iter().map(refused).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!((written(&writers).await, commits.load(Ordering::SeqCst)), (vec!["a".into(), "c".into()], 1));
}

/// One refused because of what another has written, as soon as it has given up.
async fn refused(writers: Writers) -> bool {
    let mut turn = writers.turn(Share::Group).await.unwrap();
    write(&mut turn, "INSERT INTO written VALUES ('a')").await.is_err()
}

#[tokio::test]
async fn who_was_refused_waits_with_the_answer_until_what_it_has_seen_is_committed() {
    let (writers, commits, _folder) = writers().await;
    let lost = writers.lost();
    let mut first = writers.turn(Share::Group).await.unwrap();
    write(&mut first, "INSERT INTO written VALUES ('a')").await.unwrap();
    let other = writers.clone();
    let answer = tokio::spawn(async move {
        assert!(refused(other.clone()).await);
        other.settled(lost).await.map(|()| other)
    });
    wait_for(&writers, 1).await;
    let committed = tokio::spawn(first.commit(Concern::Everything));
    answer.await.unwrap().unwrap();
    assert_eq!(commits.load(Ordering::SeqCst), 1, "it is on disk before the answer is given");
    committed.await.unwrap().unwrap();
    writers.settled(lost).await.unwrap();
}

#[tokio::test]
async fn a_refusal_because_of_what_was_lost_is_none() {
    let (writers, _, _folder) = writers().await;
    let lost = writers.lost();
    let mut first = writers.turn(Share::Group).await.unwrap();
    write(&mut first, "INSERT INTO written VALUES ('a')").await.unwrap();
    let other = writers.clone();
    let answer = tokio::spawn(async move {
        assert!(refused(other.clone()).await);
        other.settled(lost).await
    });
    wait_for(&writers, 1).await;
    let ending = tokio::spawn(change(writers.clone(), "INSERT OR ROLLBACK INTO written VALUES ('a')"));
    wait_for(&writers, 2).await;
    assert!(first.commit(Concern::Everything).await.is_err());
    assert!(ending.await.unwrap().is_err());
    assert!(matches!(answer.await.unwrap(), Err(StoreError::Unavailable(_))));
    assert!(writers.settled(lost).await.is_err(), "also once all of it is over");
    writers.settled(writers.lost()).await.unwrap();
}

#[tokio::test]
async fn the_first_one_gives_up_alone() {
    let (writers, _, _folder) = writers().await;
    let mut turn = writers.turn(Share::Group).await.unwrap();
    write(&mut turn, "INSERT INTO written VALUES ('a')").await.unwrap();
    let other = tokio::spawn(change(writers.clone(), "INSERT INTO written VALUES ('b')"));
    wait_for(&writers, 1).await;
    drop(turn);
    assert_eq!(other.await.unwrap(), Ok(()));
    assert_eq!(written(&writers).await, ["b"]);
}

/// As where the disk is full: the statement of one ends the transaction of all.
#[tokio::test]
async fn where_sqlite_ends_the_transaction_nobody_is_told_that_it_was_written() {
    let (writers, _, _folder) = writers().await;
    let others = [
        "INSERT INTO written VALUES ('b')",
        "INSERT OR ROLLBACK INTO written VALUES ('b')",
        "INSERT INTO written VALUES ('c')",
    ];
    let (first, others) = together(&writers, "INSERT INTO written VALUES ('a')", &others).await;
    assert!(matches!(first, Err(StoreError::Unavailable(_))), "{first:?}");
    assert_eq!(others.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(written(&writers).await, ["c"]);
}

#[tokio::test]
async fn who_writes_alone_joins_nobody_and_is_joined_by_nobody() {
    let (writers, commits, _folder) = writers().await;
    let mut first = writers.turn(Share::Alone).await.unwrap();
    write(&mut first, "INSERT INTO written VALUES ('a')").await.unwrap();
    let second = tokio::spawn(change(writers.clone(), "INSERT INTO written VALUES ('b')"));
    let alone = writers.clone();
    let third = tokio::spawn(async move {
        let mut turn = alone.turn(Share::Alone).await.unwrap();
        write(&mut turn, "INSERT INTO written VALUES ('c')").await.unwrap();
        turn.commit(Concern::Everything).await.is_ok()
    });
    wait_for(&writers, 2).await;
    first.commit(Concern::Everything).await.unwrap();
    assert_eq!((second.await.unwrap(), third.await.unwrap()), (Ok(()), true));
    assert_eq!((written(&writers).await.len(), commits.load(Ordering::SeqCst)), (3, 3));
}
