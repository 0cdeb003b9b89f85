//! Migrations: once, in order, by one node of many; never by a program that does not understand the tables.

use futures_util::future::join_all;

use super::postmaster::Postmaster;
use super::{Database, database, field, migrate};
use crate::state::store::{Module, Step};

/// A second run of it would fail.
const FIRST: Step = Step { sql: "create table a (x int); insert into a values (1)", works_with: 1 };
const ADDS: Step = Step { sql: "alter table a add y int; insert into a values (2)", works_with: 1 };
const BREAKS: Step = Step { sql: "drop table a", works_with: 3 };

const ONE: [Module; 1] = [Module { name: "m", steps: &[FIRST], uses_key: "" }];
const TWO: [Module; 1] = [Module { name: "m", steps: &[FIRST, ADDS], uses_key: "" }];
const THREE: [Module; 1] = [Module { name: "m", steps: &[FIRST, ADDS, BREAKS], uses_key: "" }];

async fn rows(database: &Database) -> i64 {
    let mut transaction = database.begin().await.unwrap();
    let rows = transaction.query("select count(*) from a", &[]).await.unwrap();
    field(&rows[0], 0).unwrap()
}

#[tokio::test]
async fn of_several_nodes_that_start_at_once_one_migrates() {
    let Some(server) = Postmaster::shared() else { return };
    let url = server.url(&server.database().await);
    let nodes: Vec<_> = (0..8).map(|_| database(&url)).collect();
    for result in join_all(nodes.iter().map(|node| migrate(node, &TWO))).await {
        assert_eq!(result, Ok(()));
    }
    assert_eq!(rows(&nodes[0]).await, 2);
}

#[tokio::test]
async fn a_step_is_done_once_and_an_older_program_goes_on_beside_one_that_adds() {
    let Some(server) = Postmaster::shared() else { return };
    let database = database(&server.url(&server.database().await));
    for modules in [&ONE, &ONE, &TWO, &ONE, &TWO] {
        assert_eq!(migrate(&database, modules).await, Ok(()));
    }
    assert_eq!(rows(&database).await, 2);
}

#[tokio::test]
async fn a_schema_that_a_newer_program_has_changed_is_refused() {
    let Some(server) = Postmaster::shared() else { return };
    let database = database(&server.url(&server.database().await));
    assert_eq!(migrate(&database, &THREE).await, Ok(()));
    let error = migrate(&database, &TWO).await.unwrap_err();
    assert!(error.contains("NewerSchema { module: \"m\", found: 3, known: 2 }"), "{error}");
}
