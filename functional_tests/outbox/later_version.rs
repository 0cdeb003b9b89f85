//! A later version beside this one: its step has added a column and a table, and its rows have values there. This version goes
//! on with the database, before and after a new start, and says no where the step says that it cannot.

use serde_json::json;

use super::provider::Provider;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{becomes, queued, shown};
use crate::harness::{Proxy, mails, run};

const COLUMN: [&str; 2] = ["alter table envelope add later text", "alter table smsp_outbox add later text"];
const TABLE: [&str; 2] = ["create table later (id integer)", "create table smsp_later (id bigint)"];
const VERSION: [&str; 2] = [
    "update schema set version = version + 1 where module = 'outbox' returning version",
    "update smsp_schema set version = version + 1 where module = 'outbox' returning version",
];
const ITS_ROWS: [&str; 2] =
    ["update envelope set later = 'its own' returning id", "update smsp_outbox set later = 'its own' returning row_id"];
const KEPT: [&str; 2] =
    ["select id from envelope where later = 'its own'", "select row_id from smsp_outbox where later = 'its own'"];
const NEEDS_IT: [&str; 2] = [
    "update schema set works_with = version where module = 'outbox' returning version",
    "update smsp_schema set works_with = version where module = 'outbox' returning version",
];

on_both_stores! { this_version_goes_on_beside_a_later_one_that_has_only_added_to_the_tables }

async fn this_version_goes_on_beside_a_later_one_that_has_only_added_to_the_tables(database: &Database) {
    let provider = Provider::taking_after(std::time::Duration::ZERO);
    let settings = database.under(provider.settings());
    let node = Proxy::start(settings.clone()).await;
    node.client.order("sg", &json!({"override": "open"})).await.expect(200);
    let waits = queued(&node.client, &mails::with_subject("1")).await;
    for step in [COLUMN, TABLE] {
        database.change(step).await;
    }
    assert_eq!([database.change(VERSION).await, database.change(ITS_ROWS).await], [1, 1]);
    // While this node runs.
    let beside = queued(&node.client, &mails::with_subject("2")).await;
    node.client.order("sg", &json!({"override": "closed"})).await.expect(200);
    for id in [&waits, &beside] {
        becomes(&node.client, id, "accepted").await;
    }
    drop(node);
    let node = Proxy::start(settings.clone()).await;
    let after = queued(&node.client, &mails::with_subject("3")).await;
    becomes(&node.client, &after, "accepted").await;
    assert_eq!(shown(&node.client, &waits).await.expect(200).at("/status"), "accepted");
    drop(node);
    assert_eq!(database.select(KEPT).await.len(), 1, "what the later version has written stays");
    assert_eq!(provider.taken(), [(1, 1), (2, 1), (3, 1)].into());
    assert_eq!(database.change(NEEDS_IT).await, 1);
    let refused = run(&["serve"], &settings).await;
    assert!(refused.code == Some(64) && refused.stderr.contains("newer version of smsp"), "{refused:?}");
}
