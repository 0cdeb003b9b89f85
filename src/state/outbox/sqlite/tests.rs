//! The outbox in SQLite: what every store has to do, and what only this one can show.

mod claims;
mod copies;
mod earlier_version;
mod files;
mod killed;
mod plans;
mod recount;
mod versions;

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc;

use futures_util::future::{BoxFuture, FutureExt, ready};
use uuid::Uuid;

use super::super::*;
use super::*;
use crate::state::outbox::suite::bench::{Bench, KEEP, Line, Past, Time};
use crate::state::outbox::suite::{conformance, keeping, selecting, waiting};
use crate::state::store::{Clock, Start, StoreKeys};

const KEYS: &str = "a:1111111111111111111111111111111111111111111111111111111111111111";

/// A clock that tests set.
struct Hands(AtomicI64);

impl Time for Hands {
    fn advance(&self, time: Duration) -> BoxFuture<'_, ()> {
        let now = UnixTime(self.0.load(Ordering::Relaxed)).after(time);
        self.0.store(now.0, Ordering::Relaxed);
        ready(()).boxed()
    }

    fn now(&self) -> BoxFuture<'_, UnixTime> {
        ready(UnixTime(self.0.load(Ordering::Relaxed))).boxed()
    }
}

/// The writer carries out what is in its queue, whether anybody waits for it or not.
struct Queued(Arc<SqliteOutbox>);

impl Line for Queued {
    fn lose<'a>(&'a self, call: BoxFuture<'a, ()>) -> BoxFuture<'a, ()> {
        // The writer is held until the call is in its queue and nobody waits for it any more.
        let (go_on, held) = mpsc::channel::<()>();
        let mut before = self.0.write(move |_, _| {
            held.recv().unwrap();
            Ok(())
        });
        assert!((&mut before).now_or_never().is_none(), "the writer is held");
        assert!(call.now_or_never().is_none(), "it was answered");
        go_on.send(()).unwrap();
        async move {
            before.await.unwrap();
            // Another command, behind it.
            self.0.write(|_, _| Ok(())).await.unwrap();
        }
        .boxed()
    }
}

/// What an older copy differs in, changed by SQL.
struct Copied(Arc<SqliteOutbox>);

impl Copied {
    fn change<'a>(&'a self, sql: &'static str, value: i64) -> BoxFuture<'a, ()> {
        let change = move |database: &Connection, _| database.execute(sql, [value]).map(drop);
        async move { self.0.write(change).await.unwrap() }.boxed()
    }
}

impl Past for Copied {
    fn lose(&self, marks: i64) -> BoxFuture<'_, ()> {
        self.change("update control set marks = marks - ?1", marks)
    }

    fn replace_epoch(&self) -> BoxFuture<'_, ()> {
        self.change("update control set epoch = randomblob(?1)", 16)
    }

    fn put_elsewhere(&self) -> BoxFuture<'_, ()> {
        self.change("update control set place = ?1", 0)
    }

    fn put_alone(&self, state: State) -> BoxFuture<'_, RowId> {
        let put = move |database: &Connection, _| {
            database.execute("delete from submission where id < (select max(id) from submission)", [])?;
            database.execute("delete from node", [])?;
            let set = "update envelope set state = ?1, fence = 1, owner = iif(?1 in (1, 2), ?2, null), upstream = 'mg',
                 replay_until = due + 1000, settled_at = iif(?1 = 3 or ?1 > 4, due, null) returning id";
            database.query_row(set, rusqlite::params![state, NodeId(Uuid::from_u128(1))], |row| row.get(0))
        };
        async move { self.0.write(put).await.unwrap() }.boxed()
    }

    fn want_for_ever(&self) -> BoxFuture<'_, ()> {
        self.change("update envelope set expires_at = ?1", 9_000_000_000_000_000)
    }
}

async fn open(directory: &Path, clock: Clock) -> SqliteOutbox {
    open_with(directory, clock, KEEP).await
}

async fn open_with(directory: &Path, clock: Clock, keep: Duration) -> SqliteOutbox {
    let keys = StoreKeys::parse(KEYS).unwrap();
    let (metrics, restarts) = (Arc::default(), Arc::default());
    let start = Start { directory, keys: &keys, modules: &[TABLES], clock, metrics, restarts };
    let store = Arc::new(Sqlite::open(start).unwrap());
    SqliteOutbox::new(store, Keeping { keep, min_free: 0 }).await.unwrap()
}

async fn bench() -> Option<Bench> {
    Some(bench_in(tempfile::tempdir().unwrap()).await)
}

async fn bench_in(directory: tempfile::TempDir) -> Bench {
    bench_with(directory, KEEP).await
}

async fn bench_with(directory: tempfile::TempDir, keep: Duration) -> Bench {
    let time = Arc::new(Hands(AtomicI64::new(1_800_000_000_000)));
    let hands = Arc::clone(&time);
    let clock = Clock::new(move || UnixTime(hands.0.load(Ordering::Relaxed)));
    let outbox = Arc::new(open_with(directory.path(), clock, keep).await);
    let (line, past) = (Arc::new(Queued(Arc::clone(&outbox))), Arc::new(Copied(Arc::clone(&outbox))));
    Bench::new(outbox, time, line, past, Box::new(directory))
}

conformance!(super::tests::bench);

#[tokio::test]
async fn mail_with_a_key_is_passed_once_where_other_mail_is_kept_for_less_than_a_day() {
    let bench = bench_with(tempfile::tempdir().unwrap(), Duration::from_secs(3600)).await;
    keeping::mail_with_a_key_is_passed_once_where_other_mail_is_kept_for_less_than_a_day(&bench).await;
}

#[tokio::test]
async fn a_row_that_waits_for_ever_is_noticed_after_a_test() {
    let bench = bench_in(tempfile::tempdir().unwrap()).await;
    waiting::a_row_that_waits_for_ever_is_noticed_after_a_test(&bench).await;
}

#[tokio::test]
async fn a_start_with_a_clock_that_is_far_ahead_expires_and_forgets_nothing() {
    let directory = tempfile::tempdir().unwrap();
    const START: i64 = 1_800_000_000_000;
    const DAY: i64 = 24 * 3_600_000;
    let days = |days| Clock::new(move || UnixTime(START + days * DAY));
    let outbox = open(directory.path(), days(0)).await;
    let rows = "insert into caller (name) values ('shop');
        insert into route_set (names) values ('mg');
        with recursive numbers (n) as (select 0 union all select 5)
        insert into submission (id, uuid, caller, from_domain, accepted_at, send_at, expires_at, size, key_id)
        select n + 1, randomblob(16), 1, 'example.org', 1, 1, 1800000001000, 100, 'a' from numbers;
        insert into envelope (id, caller, route_set, rules, lane, state, due, expires_at, settled_at)
        select id, caller, 1, 1, 1, id - 1, 1, expires_at, iif(id > 1, 1800000000000, null) from submission;";
    outbox.write(move |database, _| database.execute_batch(rows)).await.unwrap();
    drop(outbox);
    let day = Arc::new(AtomicI64::new(30));
    let hands = Arc::clone(&day);
    let later = Clock::new(move || UnixTime(START + hands.load(Ordering::Relaxed) * DAY));
    let outbox = open(directory.path(), later).await;
    let swept = outbox.sweep(Bound::STEP).await.unwrap();
    assert_eq!((swept.expired, swept.dropped), (0, 0), "one waits, one has ended");
    // A day later one is over, for which it is the day that the clock shows.
    day.store(31, Ordering::Relaxed);
    let swept = outbox.sweep(Bound::STEP).await.unwrap();
    let at = "select settled_at from envelope where state = 7 order by settled_at desc";
    let at: i64 = outbox.write(move |database, _| database.query_row(at, [], |row| row.get(0))).await.unwrap();
    assert_eq!((swept.expired, swept.dropped, at), (1, 0, START + 31 * DAY));
    outbox.write(|database, _| database.execute_batch("update envelope set state = 0 where id = 1")).await.unwrap();
    drop(outbox);
    let forgets = rusqlite::Connection::open(directory.path().join("smsp.db")).unwrap();
    forgets.execute_batch("delete from store_time").unwrap();
    drop(forgets);
    let swept = open(directory.path(), days(30)).await.sweep(Bound::STEP).await.unwrap();
    assert_eq!((swept.expired, swept.dropped), (1, 1), "else they would be gone");
}

#[tokio::test]
async fn what_rarely_fits_is_found_step_by_step() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    let rows = "insert into caller (name) values ('shop');
        insert into route_set (names) values ('mg');
        with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 2500)
        insert into submission (uuid, caller, from_domain, accepted_at, send_at, expires_at, size, key_id)
        select randomblob(16), 1, iif(n = 2100, 'rare.example', 'example.org'), n, n, 9000000000000000, 100, 'a' from numbers;
        insert into envelope (id, caller, route_set, rules, lane, state, due, expires_at, listed_at)
        select id, caller, 1, 1, 1, 4, 1, expires_at, accepted_at from submission;";
    outbox.write(move |database, _| database.execute_batch(rows)).await.unwrap();
    selecting::what_rarely_fits_is_found_step_by_step(&outbox).await;
}
