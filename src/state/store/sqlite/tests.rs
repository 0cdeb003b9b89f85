//! The store under faults that really happen: failing commands, a full disk, an fsync that fails, kill -9, other processes;
//! and its backups.

mod backup;
mod child;
mod damage;
mod faults;
mod known_time;
mod log;
mod moved;
mod panics;
mod queue;
mod starting;
mod statements;

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::*;
use crate::state::store::schema::Step;

const KEY: &str = "a:1111111111111111111111111111111111111111111111111111111111111111";
const STEP: Step = Step { sql: "create table note (id integer primary key, text text not null) strict", works_with: 1 };
const MODULES: &[Module] = &[Module { name: "notes", steps: &[STEP], uses_key: "select 1 from note where text = ?1" }];

fn open(directory: &Path) -> Result<Sqlite, OpenError> {
    open_with(directory, KEY, MODULES, Arc::default())
}

fn open_with(
    directory: &Path,
    keys: &str,
    modules: &'static [Module],
    metrics: Arc<Metrics>,
) -> Result<Sqlite, OpenError> {
    let keys = StoreKeys::parse(keys).unwrap();
    let (clock, restarts) = (Clock::since_start(), Arc::default());
    Sqlite::open(Start { directory, keys: &keys, modules, clock, metrics, restarts })
}

fn insert(id: i64) -> impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static {
    move |database| database.execute("insert into note values (?1, 'x')", [id]).map(drop)
}

async fn ids(store: &Sqlite) -> Vec<i64> {
    let all = |database: &Connection| {
        database.prepare("select id from note order by id")?.query_map([], |row| row.get(0))?.collect()
    };
    store.read(all).await.unwrap()
}

#[tokio::test]
async fn an_answer_is_what_a_new_process_finds() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    for id in 1..=3 {
        store.write(insert(id)).await.unwrap();
    }
    assert_eq!(ids(&store).await, [1, 2, 3], "the reader sees what was answered");
    drop(store);
    let log = directory.path().join("smsp.db-wal");
    assert!(log.metadata().map_or(true, |log| log.len() == 0), "the log is empty at the end");
    assert_eq!(ids(&open(directory.path()).unwrap()).await, [1, 2, 3]);
}

#[tokio::test]
async fn commands_that_wait_share_one_commit_and_a_failing_one_undoes_itself_alone() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = Arc::new(Metrics::default());
    let store = open_with(directory.path(), KEY, MODULES, Arc::clone(&metrics)).unwrap();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let first = store.write(move |_| {
        // Until all others wait.
        let _ = held.recv();
        Ok(())
    });
    let twice = store.write(|database| insert(7)(database).and_then(|()| insert(2)(database)));
    let panics = store.write(|database| -> rusqlite::Result<()> {
        insert(8)(database)?;
        panic!("a fault of ours")
    });
    let others = futures_util::future::join3(
        store.write(insert(2)),
        futures_util::future::join(twice, panics),
        store.write(insert(3)),
    );
    let release = async {
        tokio::task::yield_now().await;
        hold.send(()).unwrap();
    };
    let (first, (two, (twice, panics), three), ()) = tokio::join!(first, others, release);
    assert_eq!((first, two, three), (Ok(()), Ok(()), Ok(())));
    assert_eq!((twice, panics), (Err(Failed::Down), Err(Failed::Down)));
    assert_eq!((ids(&store).await, store.is_up()), (vec![2, 3], true));
    let page = metrics.render();
    let commits = "smsp_store_commit_duration_seconds_count{database=\"sqlite\"} ";
    let commits: u32 = page.lines().find_map(|line| line.strip_prefix(commits)).unwrap().parse().unwrap();
    assert!(commits <= 2, "{page}");
}

#[tokio::test]
async fn the_reader_cannot_write() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    assert_eq!(store.read(insert(1)).await, Err(Failed::Down));
    assert_eq!(ids(&store).await, Vec::<i64>::new());
}
