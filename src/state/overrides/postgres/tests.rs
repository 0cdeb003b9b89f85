//! Orders on a real PostgreSQL: what every store has to do, races of nodes, lost answers, and PgBouncer.

use std::ops::RangeInclusive;

use futures_util::future::join_all;
use uuid::Uuid;

use super::*;
use crate::state::audit::suite::entry;
use crate::state::audit::{self, KeptAudit, PostgresAudit};
use crate::state::overrides::suite::{Bench, conformance};
use crate::state::store::postgres::tests::bouncer::Bouncer;
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::tests::proxy::{Fault, Proxy};
use crate::state::store::postgres::tests::{database, migrate};
use crate::state::store::released::{only_add_to, postgres_columns};

const OPEN: What = What::Order(Order::Override { to: Override::Open, ends_after: None });

async fn at(url: &str) -> Bench {
    let modules = [audit::POSTGRES_TABLES, TABLES];
    let (database, advance) = audit::postgres::tests::prepared(url, &modules).await;
    let audit = Arc::new(PostgresAudit::new(Arc::clone(&database)));
    Bench { overrides: Arc::new(PostgresOverrides::new(database)), audit, advance }
}

async fn start() -> Option<Bench> {
    let server = Postmaster::shared()?;
    Some(at(&server.url(&server.database().await)).await)
}

conformance!(start);

#[tokio::test]
async fn tables_only_add_to_those_of_the_release() {
    let Some(server) = Postmaster::shared() else { return };
    let database = database(&server.url(&server.database().await));
    migrate(&database, &[audit::POSTGRES_TABLES, TABLES]).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    only_add_to("overrides/postgres/tables.golden", &postgres_columns(&mut transaction).await);
}

fn writing(number: u128, what: What) -> Writing {
    Writing { upstream: "mg".into(), what, entry: entry(number, ""), age: None }
}

async fn recorded(audit: &dyn KeptAudit) -> Vec<Uuid> {
    audit.page(None, 1000).await.unwrap().iter().map(|kept| kept.entry.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_order_and_end_at_once_agree_behind_pgbouncer() {
    let Some(server) = Postmaster::shared() else { return };
    let Some(bouncer) = Bouncer::before(server) else { return };
    let database = server.database().await;
    // First the tables, past PgBouncer or not.
    let _first = at(&server.url(&database)).await;
    let nodes = [at(&bouncer.url(&database)).await, at(&bouncer.url(&database)).await];
    assert!(at_once(&nodes, 1..=40, OPEN).await);
    let rows = nodes[0].overrides.read().await.unwrap();
    assert_eq!(rows, nodes[1].overrides.read().await.unwrap());
    assert!(at_once(&nodes, 101..=108, What::End(rows[0].id)).await);
    assert_eq!(recorded(&*nodes[0].audit).await.len(), 41, "one end of eight");
    assert!(at_once(&nodes, 201..=220, What::Order(Order::Reset)).await);
    assert_eq!(nodes[0].overrides.read().await.unwrap()[0].resets, 20);
}

/// Both nodes write at once, each one thing after the other. Was all of it written?
async fn at_once(nodes: &[Bench; 2], numbers: RangeInclusive<u128>, what: What) -> bool {
    let write = |node: usize| {
        let own = numbers.clone().filter(move |number| number % 2 == node as u128);
        async move {
            for number in own {
                if nodes[node].overrides.write(&writing(number, what)).await.is_err() {
                    return false;
                }
            }
            true
        }
    };
    join_all([write(0), write(1)]).await == [true, true]
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_written_once_by_its_repeat() {
    let Some(server) = Postmaster::shared() else { return };
    let proxy = Proxy::before(server).await;
    let bench = at(&proxy.url("127.0.0.1", &server.database().await)).await;
    for (number, fault) in [(1, Fault::LoseAnswer), (2, Fault::LoseCommit)] {
        proxy.set(fault);
        let reset = writing(number, What::Order(Order::Reset));
        assert_eq!(bench.overrides.write(&reset).await, Err(Failed::Unclear));
        let again = Writing { age: Some(Duration::from_secs(1)), ..reset };
        assert_eq!(bench.overrides.write(&again).await.unwrap().resets, i64::try_from(number).unwrap());
    }
    assert_eq!(recorded(&*bench.audit).await.len(), 2);
}
