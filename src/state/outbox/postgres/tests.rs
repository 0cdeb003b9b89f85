//! The outbox on a real PostgreSQL: what the suite of both stores does not ask, because one process has no such faults.

mod bounces;
mod claims;
mod conformance;
mod copies;
mod crashes;
mod earlier_version;
mod looks;
mod lost_answers;
mod marks_together;
mod no_statistics;
mod parts_in_groups;
mod parts_together;
mod plans;
mod races;
mod recount;
mod sweeps;
mod together;
mod versions;

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{PostgresOutbox, TABLES};
use crate::model::message::key::IdempotencyKey;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{
    Batch, Earlier, Hmac, KeyId, Lane, NewRow, NodeId, Room, RouteSet, RulesVersion, Sealed, SealedContent,
    SealedRecipients, Wanted, When, Withdrawal,
};
use crate::state::store::postgres::tests::{database, migrate};

/// The time at which a test begins: its database has this one until the test changes it.
const START: UnixTime = UnixTime(1_800_000_000_000);
const DAY: Duration = Duration::from_secs(86_400);
const ROOM: Room = Room { rows: 1_000_000, bytes: 1 << 40 };

/// An outbox whose time is the test's.
async fn outbox(url: &str) -> PostgresOutbox {
    outbox_with(url, 3 * DAY).await
}

async fn outbox_with(url: &str, keep: Duration) -> PostgresOutbox {
    let database = Arc::new(database(url));
    migrate(&database, &[TABLES]).await.expect("tables");
    let mut transaction = database.begin().await.expect("a transaction");
    for sql in [
        "create table if not exists test_clock (at bigint)",
        "insert into test_clock select $1 where not exists (select from test_clock)",
        "create or replace function smsp_now() returns bigint language sql stable return (select at from test_clock)",
    ] {
        let time = [(&START.0 as &(dyn tokio_postgres::types::ToSql + Sync), Type::INT8)];
        let parameters = if sql.contains("$1") { &time[..] } else { &[] };
        transaction.execute(sql, parameters).await.expect("a clock");
    }
    transaction.commit().await.expect("it is there");
    PostgresOutbox::new(database, keep)
}

/// Lets time pass.
async fn advance(outbox: &PostgresOutbox, time: Duration) {
    let mut transaction = outbox.begin().await.expect("a transaction");
    let time = super::rows::span(time);
    transaction.execute("update test_clock set at = at + $1", &[(&time, Type::INT8)]).await.expect("a clock");
    transaction.commit().await.expect("it is later");
}

fn node() -> NodeId {
    NodeId(Uuid::new_v4())
}

fn set() -> RouteSet {
    RouteSet::new(["a", "b"])
}

/// A row under this key.
pub(super) fn row(key: Option<&str>) -> NewRow {
    let key = key.map(|key| IdempotencyKey::new("shop", key));
    let id = key.map_or_else(Uuid::now_v7, |key| Uuid::from_u64_pair(key.number(), 1));
    NewRow {
        id: id.into(),
        key,
        sealed: Sealed {
            content: SealedContent { key_id: key_id(), wrapped_key: vec![1; 60], parts: vec![vec![2; 9], vec![3; 7]] },
            recipients: SealedRecipients { key_id: key_id(), wrapped_key: vec![4; 60], bytes: vec![5; 20] },
            hmacs: vec![Hmac([6; 32])],
            size: 16,
        },
        from_domain: "example.org".to_owned(),
        lane: Lane::Normal,
        route_set: set(),
        rules: RulesVersion(1),
        send: When::After(Duration::ZERO),
        expires: When::After(DAY),
        earlier: Earlier::default(),
        bounces: false,
    }
}

fn key_id() -> KeyId {
    KeyId("k".to_owned())
}

pub(super) fn batch(rows: Vec<NewRow>) -> Batch {
    Batch {
        withdrawal: Withdrawal::default(),
        caller: "shop".into(),
        rows,
        atomic: false,
        room: ROOM,
        callers_room: ROOM,
    }
}

fn wanted(rows: usize) -> Wanted {
    Wanted {
        sets: vec![set()],
        of_lane: [0, rows, 0],
        of_caller: rows,
        without: Vec::new(),
        newest_of_four: 1,
        lost: true,
        bytes: u64::MAX,
    }
}
