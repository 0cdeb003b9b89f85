//! Two versions on one database: what this one needs stays, and it works with what a later one adds.

use super::*;
use crate::state::outbox::suite::handing_over;
use crate::state::store::released::{only_add_to, sqlite_columns};

const LATER: Module = Module {
    steps: &[
        TABLES.steps[0],
        TABLES.steps[1],
        Step { sql: "alter table envelope add later integer; create table later (id integer) strict", works_with: 1 },
    ],
    ..TABLES
};

#[tokio::test]
async fn tables_only_add_to_those_of_the_release() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    only_add_to("outbox/sqlite/tests/tables.golden", &outbox.read(sqlite_columns).await.unwrap());
}

#[tokio::test]
async fn this_version_works_with_tables_to_which_a_later_one_has_added() {
    let directory = tempfile::tempdir().unwrap();
    let keys = StoreKeys::parse(KEYS).unwrap();
    // This version, the later one, and this one again, as after a node was rolled back.
    drop(open(directory.path(), Clock::since_start()).await);
    let (modules, clock) = (&[LATER], Clock::since_start());
    let (metrics, restarts) = (Arc::default(), Arc::default());
    let later = Start { directory: directory.path(), keys: &keys, modules, clock, metrics, restarts };
    assert_eq!(Sqlite::open(later).unwrap().migrated()[0].to_string(), "outbox: schema 2 -> 3");
    handing_over::a_mail_is_marked_handed_over_and_ended(&bench_in(directory).await).await;
}
