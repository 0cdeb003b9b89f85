//! Files that are taken away under an open store: nothing is answered that the next process would not find.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::faults::until_up;
use super::*;

/// An open store with one note, and the paths of its database, of its log, and of a place beside them.
async fn store(directory: &Path) -> (Sqlite, [PathBuf; 3]) {
    let store = open(directory).unwrap();
    store.write(insert(1)).await.unwrap();
    (store, ["smsp.db", "smsp.db-wal", "away"].map(|name| directory.join(name)))
}

async fn is_down(store: &Sqlite) {
    // Long enough for it to be opened anew, if it were.
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(1500) {
        assert_eq!(store.write(insert(2)).await, Err(Failed::Down));
        assert!(!store.is_up());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_database_that_was_removed_is_not_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (store, [database, ..]) = store(directory.path()).await;
    fs::remove_file(&database).unwrap();
    is_down(&store).await;
    assert!(!database.exists());
}

#[tokio::test]
async fn another_database_at_the_path_is_not_taken_for_the_one_that_was_opened() {
    let directory = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    drop(open(other.path()).unwrap());
    let (store, [database, ..]) = store(directory.path()).await;
    fs::rename(other.path().join("smsp.db"), &database).unwrap();
    let before = fs::read(&database).unwrap();
    is_down(&store).await;
    drop(store);
    assert_eq!(fs::read(&database).unwrap(), before, "nothing was written to it");
}

#[tokio::test]
async fn a_log_that_was_removed_takes_nothing_and_none_takes_its_place_while_the_store_is_open() {
    let directory = tempfile::tempdir().unwrap();
    let (store, [_, log, _]) = store(directory.path()).await;
    fs::remove_file(&log).unwrap();
    is_down(&store).await;
    assert!(!log.exists());
    drop(store);
    assert_eq!(ids(&open(directory.path()).unwrap()).await, [1], "the last connection has moved it into the database");
}

#[tokio::test]
async fn a_log_that_comes_back_is_opened_anew_with_all_that_was_answered() {
    let directory = tempfile::tempdir().unwrap();
    let (store, [_, log, away]) = store(directory.path()).await;
    fs::rename(&log, &away).unwrap();
    is_down(&store).await;
    fs::rename(&away, &log).unwrap();
    until_up(&store).await;
    store.write(insert(3)).await.unwrap();
    drop(store);
    assert_eq!(ids(&open(directory.path()).unwrap()).await, [1, 3]);
}

#[tokio::test]
async fn a_database_that_comes_back_is_opened_anew_with_all_that_was_answered() {
    let directory = tempfile::tempdir().unwrap();
    let (store, [database, _, away]) = store(directory.path()).await;
    fs::rename(&database, &away).unwrap();
    is_down(&store).await;
    fs::rename(&away, &database).unwrap();
    until_up(&store).await;
    store.write(insert(3)).await.unwrap();
    drop(store);
    assert_eq!(ids(&open(directory.path()).unwrap()).await, [1, 3]);
}

#[tokio::test]
async fn a_commit_whose_database_was_moved_meanwhile_is_unclear() {
    let directory = tempfile::tempdir().unwrap();
    let (store, [database, _, away]) = store(directory.path()).await;
    let moves = move |open: &Connection| {
        insert(2)(open)?;
        fs::rename(&database, &away).unwrap();
        Ok(())
    };
    assert_eq!(store.write(moves).await, Err(Failed::Unclear));
    assert!(!store.is_up());
}
