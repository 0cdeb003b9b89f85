//! What was deleted does not stay in the log of a store that is never idle.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::*;
use crate::runtime::unix_time::UnixTime;

const CANARY: &str = "a-text-that-has-to-go";

/// A store whose time is in the hands of the test.
struct Busy {
    store: Sqlite,
    directory: tempfile::TempDir,
    now: Arc<AtomicI64>,
}

impl Busy {
    fn new() -> Self {
        let (directory, now) = (tempfile::tempdir().unwrap(), Arc::new(AtomicI64::new(1_800_000_000_000)));
        let hands = Arc::clone(&now);
        let clock = Clock::new(move || UnixTime(hands.load(Ordering::Relaxed)));
        let (keys, metrics, restarts) = (StoreKeys::parse(KEY).unwrap(), Arc::default(), Arc::default());
        let start = Start { directory: directory.path(), keys: &keys, modules: MODULES, clock, metrics, restarts };
        let store = Sqlite::open(start).unwrap();
        Self { store, directory, now }
    }

    /// Writes a text and deletes it, each in a transaction of its own.
    async fn write_and_delete(&self) {
        let insert = |database: &Connection| database.execute("insert into note values (1, ?1)", [CANARY]).map(drop);
        self.store.write(insert).await.unwrap();
        self.store.write(|database| database.execute("delete from note where id = 1", []).map(drop)).await.unwrap();
    }

    /// The log is emptied behind the first of these at the latest, because the second one is not begun before.
    async fn write_twice(&self) {
        for id in [2, 3] {
            self.store.write(insert(id)).await.unwrap();
        }
    }

    fn has_canary(&self) -> bool {
        has_canary(self.directory.path())
    }
}

fn has_canary(directory: &Path) -> bool {
    let files = ["smsp.db", "smsp.db-wal"].map(|name| std::fs::read(directory.join(name)).unwrap());
    let in_file = |file: &Vec<u8>| file.windows(CANARY.len()).any(|bytes| bytes == CANARY.as_bytes());
    files.iter().any(in_file)
}

#[tokio::test]
async fn what_was_erased_is_not_in_the_log_behind_the_next_commit() {
    let busy = Busy::new();
    busy.write_and_delete().await;
    busy.store.empty_log();
    busy.write_twice().await;
    assert!(!busy.has_canary());
}

#[tokio::test]
async fn the_log_is_emptied_once_a_second_however_often_it_is_asked_for() {
    let busy = Busy::new();
    busy.store.empty_log();
    busy.write_twice().await;
    busy.write_and_delete().await;
    let (go_on, held) = std::sync::mpsc::channel::<()>();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let first = busy.store.write(move |_| {
        let _ = started.send(());
        let _ = held.recv();
        Ok(())
    });
    let path = busy.directory.path().to_owned();
    let second = async {
        has_started.await.unwrap();
        busy.store.empty_log();
        let looking = busy.store.write(move |_| Ok(has_canary(&path)));
        // It waits for the first one, so the store does not rest between them.
        tokio::join!(looking, async {
            tokio::task::yield_now().await;
            go_on.send(()).unwrap();
        })
    };
    let (_, (found, ())) = tokio::join!(first, second);
    assert_eq!(found, Ok(true), "a second has not passed");
    busy.now.fetch_add(1000, Ordering::Relaxed);
    for id in [4, 5] {
        busy.store.write(insert(id)).await.unwrap();
    }
    assert!(!busy.has_canary());
}

#[tokio::test]
async fn what_was_deleted_is_not_in_the_log_of_a_store_that_rests() {
    let busy = Busy::new();
    busy.write_and_delete().await;
    let emptied = async {
        while busy.has_canary() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), emptied).await.expect("the log of a store that rests is emptied");
}

#[tokio::test]
async fn what_was_deleted_is_not_in_the_log_for_longer_than_a_minute() {
    let busy = Busy::new();
    busy.write_and_delete().await;
    busy.now.fetch_add(60_000, Ordering::Relaxed);
    busy.write_twice().await;
    assert!(!busy.has_canary());
}

#[tokio::test]
async fn a_reader_that_stands_in_the_way_holds_the_writer_up_for_a_moment_and_the_log_is_emptied_behind_it() {
    let busy = Busy::new();
    busy.write_and_delete().await;
    let (go_on, held) = std::sync::mpsc::channel::<()>();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let reading = busy.store.read(move |database| {
        database.query_row("select count(*) from note", [], |_| Ok(()))?;
        let _ = started.send(());
        let _ = held.recv();
        Ok(())
    });
    let writing = async {
        has_started.await.unwrap();
        busy.write_twice().await;
        busy.store.empty_log();
        busy.store.write(insert(4)).await.unwrap();
        busy.store.write(insert(5)).await.expect("the reader does not stop it");
        go_on.send(()).unwrap();
    };
    let (read, ()) = tokio::join!(reading, writing);
    read.unwrap();
    busy.now.fetch_add(1000, Ordering::Relaxed);
    for id in [6, 7] {
        busy.store.write(insert(id)).await.unwrap();
    }
    assert!(!busy.has_canary());
}
