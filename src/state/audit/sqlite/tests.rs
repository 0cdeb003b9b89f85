//! The audit log in a SQLite store: what every store has to do.

use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::state::audit::suite::{Advance, Bench, conformance};
use crate::state::store::released::{only_add_to, sqlite_columns};
use crate::state::store::{Clock, Start, StoreKeys};

const KEYS: &str = "a:1111111111111111111111111111111111111111111111111111111111111111";

/// A store with the tables of these modules, and what lets its time pass. Its directory is gone with the process.
pub(in crate::state) fn store(modules: &'static [Module]) -> (Arc<Sqlite>, Advance) {
    let directory = tempfile::tempdir().unwrap().keep();
    let hands = Arc::new(AtomicI64::new(1_800_000_000_000));
    let (now, keys) = (Arc::clone(&hands), StoreKeys::parse(KEYS).unwrap());
    let clock = Clock::new(move || UnixTime(now.load(Ordering::Relaxed)));
    let (metrics, restarts) = (Arc::default(), Arc::default());
    let start = Start { directory: &directory, keys: &keys, modules, clock, metrics, restarts };
    let store = Arc::new(Sqlite::open(start).unwrap());
    let advance = move |time: Duration| {
        hands.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
        let done: futures_util::future::BoxFuture<'static, ()> = Box::pin(async {});
        done
    };
    (store, Box::new(advance))
}

async fn start() -> Option<Bench> {
    let (store, advance) = store(&[TABLES]);
    let writing = Arc::clone(&store);
    let write = move |age, entry| {
        let store = Arc::clone(&writing);
        let written: futures_util::future::BoxFuture<'static, _> = Box::pin(async move {
            let at = store.clock().now().before(age);
            store.write(move |database| write(database, at, &entry)).await
        });
        written
    };
    Some(Bench { audit: Arc::new(SqliteAudit::new(store)), write: Box::new(write), advance })
}

conformance!(start);

#[tokio::test]
async fn tables_only_add_to_those_of_the_release() {
    let (store, _) = store(&[TABLES]);
    only_add_to("audit/sqlite/tables.golden", &store.read(sqlite_columns).await.unwrap());
}
