//! Two versions on one database: what this one needs stays, and it works with what a later one adds.

use super::*;
use crate::state::outbox::suite::handing_over;
use crate::state::outbox::suite::tables::{Column, only_add_to};

const LATER: Module = Module {
    steps: &[
        TABLES.steps[0],
        TABLES.steps[1],
        TABLES.steps[2],
        Step { sql: "alter table envelope add later integer; create table later (id integer) strict", works_with: 1 },
    ],
    ..TABLES
};

#[tokio::test]
async fn tables_only_add_to_those_of_the_release() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    let columns = |database: &Connection| {
        let sql = "select m.name || '.' || c.name || ' ' || lower(c.type), c.\"notnull\" = 0 or c.dflt_value is not null
             from sqlite_schema m join pragma_table_info(m.name) c where m.type = 'table' and m.name not like 'sqlite_%'";
        let column = |row: &rusqlite::Row<'_>| Ok(Column { name: row.get(0)?, is_optional: row.get(1)? });
        database.prepare(sql)?.query_map([], column)?.collect::<Result<Vec<_>, _>>()
    };
    only_add_to("sqlite/tests/tables.golden", &outbox.read(columns).await.unwrap());
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
    assert_eq!(Sqlite::open(later).unwrap().migrated()[0].to_string(), "outbox: schema 3 -> 4");
    handing_over::a_mail_is_marked_handed_over_and_ended(&bench_in(directory).await).await;
}

/// The version that had one step.
const BEFORE: Module = Module { steps: &[TABLES.steps[0]], ..TABLES };

#[tokio::test]
async fn rows_of_the_version_before_are_listed_and_counted_by_state_wherever_they_were_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let keys = StoreKeys::parse(KEYS).unwrap();
    let (clock, metrics, restarts) = (Clock::since_start(), Arc::default(), Arc::default());
    let start = Start { directory: directory.path(), keys: &keys, modules: &[BEFORE], clock, metrics, restarts };
    let accept = |number: u8| {
        format!(
            "insert into caller (name) values ('shop') on conflict do nothing;
             insert into route_set (names) values ('mg') on conflict do nothing;
             insert into submission (uuid, caller, from_domain, accepted_at, send_at, expires_at, size, key_id)
             values (x'{number:032x}', 1, 'example.org', {number}, 0, 9, 1, 'a');
             insert into envelope (id, caller, route_set, rules, lane, due, expires_at, state)
             values (last_insert_rowid(), 1, 1, 1, 1, 0, 9, 6);"
        )
    };
    let (first, second) = (accept(1), accept(2));
    let before = Sqlite::open(start).unwrap();
    before.write(move |database| database.execute_batch(&first)).await.unwrap();
    drop(before);
    let outbox = open(directory.path(), Clock::since_start()).await;
    // As after a node was rolled back.
    outbox.write(move |database, _| database.execute_batch(&second)).await.unwrap();
    let filter = Filter { state: Some(State::Refused) };
    let page = outbox.list(&"shop".into(), filter, None, 9).await.unwrap();
    assert_eq!(page.tickets.iter().map(|ticket| ticket.accepted_at.0).collect::<Vec<_>>(), [2, 1]);
    let counts = outbox.counts().await.unwrap();
    assert_eq!(counts.iter().map(|count| (count.state, count.rows)).collect::<Vec<_>>(), [(State::Refused, 2)]);
}
