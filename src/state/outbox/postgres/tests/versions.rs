//! Two versions on one database: what this one needs stays, and it works with what a later one adds.

use super::{DAY, TABLES, migrate, outbox};
use crate::state::outbox::postgres::tests::conformance::bench_of;
use crate::state::outbox::suite::handing_over;
use crate::state::store::postgres::tests::database;
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::released::{only_add_to, postgres_columns};
use crate::state::store::{Module, Step};

const LATER: Module = Module {
    steps: &[
        TABLES.steps[0],
        TABLES.steps[1],
        Step { sql: "alter table smsp_outbox add later bigint; create table smsp_later (id bigint)", works_with: 1 },
    ],
    ..TABLES
};

#[tokio::test]
async fn tables_only_add_to_those_of_the_release() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    only_add_to("outbox/postgres/tests/tables.golden", &postgres_columns(&mut transaction).await);
}

#[tokio::test]
async fn this_version_works_beside_a_later_one_that_has_added_to_the_tables() {
    let Some(server) = Postmaster::shared() else { return };
    let name = server.database().await;
    // Nodes of this version run while one of the later version starts.
    let bench = bench_of(server, &name, 3 * DAY).await;
    migrate(&database(&server.url(&name)), &[LATER]).await.unwrap();
    handing_over::a_mail_is_marked_handed_over_and_ended(&bench).await;
    migrate(&database(&server.url(&name)), &[TABLES]).await.expect("and one of this version starts again");
}
