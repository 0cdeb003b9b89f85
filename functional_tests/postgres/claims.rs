//! Four nodes race for rows, and are killed at random: no row is handed over twice, none is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::fixture::{number, on};
use crate::harness::lock::lock;
use crate::harness::postmaster::Postmaster;
use crate::harness::seed::seed;
use crate::harness::stub_provider::{Glance, Look};
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Proxy, Reply, Settings, StubProvider, mails};

const NODES: usize = 4;
/// Mails of one batch.
const BATCH: usize = 100;
/// Rows of a dead node go back after 30 s.
const ROUND: Duration = Duration::from_secs(120);

/// One run.
struct Run {
    rows: usize,
    kills: usize,
}

#[tokio::test]
async fn four_nodes_that_are_killed_at_random_hand_no_row_over_twice() {
    race(Run { rows: 600, kills: 6 }).await;
}

#[tokio::test]
#[ignore = "takes minutes; scripts/check --long runs it"]
async fn the_long_form_races_for_20_000_rows() {
    race(Run { rows: 20_000, kills: 40 }).await;
}

async fn race(run: Run) {
    let Some(server) = Postmaster::start() else { return };
    let (database, taken) = (server.database().await, Arc::<Mutex<BTreeMap<usize, usize>>>::default());
    let provider = counting(Arc::clone(&taken));
    let settings = on(&server.url(&database), Settings::server().sendgrid(&provider.url()).patient_circuits());
    let mut random = fastrand::Rng::with_seed(seed());
    let mut nodes = join_all((0..NODES).map(|_| Proxy::start(settings.clone()))).await;
    for first in (0..run.rows).step_by(BATCH) {
        accept(&nodes[random.usize(..NODES)], first).await;
    }
    for kill in 1..=run.kills {
        let enough = run.rows * kill / (run.kills + 1);
        // What a killed node had marked may have reached nobody.
        eventually_within(ROUND, "the nodes go on", async || {
            let count = number(&server, &database, "select count(*) from smsp_outbox where state in (2, 3, 5)").await;
            when(count >= enough, || format!("{count} of {enough}"))
        })
        .await;
        // Dropped, it is killed; another one takes its place.
        let killed = random.usize(..NODES);
        drop(nodes.swap_remove(killed));
        nodes.push(Proxy::start(settings.clone()).await);
    }
    eventually_within(ROUND, "every row is accepted or unknown", async || {
        let left =
            server.sql(&database, "select state, count(*) from smsp_outbox where state not in (3, 5) group by 1").await;
        when(left.is_empty(), || format!("{left:?}"))
    })
    .await;
    let (accepted, unknown) = (
        number(&server, &database, "select count(*) from smsp_outbox where state = 5").await,
        number(&server, &database, "select count(*) from smsp_outbox where state = 3").await,
    );
    let taken = lock(&taken);
    let twice: Vec<_> = taken.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "handed over twice: {twice:?}");
    assert_eq!(accepted + unknown, run.rows, "rows were lost");
    assert!((accepted..=run.rows).contains(&taken.len()), "{accepted} accepted, {} taken", taken.len());
    eprintln!("{} rows, {} kills: {accepted} accepted, {unknown} unknown", run.rows, run.kills);
}

/// A SendGrid that takes every mail, and counts each by the number in its subject.
fn counting(taken: Arc<Mutex<BTreeMap<usize, usize>>>) -> StubProvider {
    let look = |_: &Glance| Look::Read;
    StubProvider::gated(look, move |mail| {
        if let Some(number) = mail.json()["subject"].as_str().and_then(|subject| subject.parse().ok()) {
            *lock(&taken).entry(number).or_default() += 1;
        }
        Reply::sendgrid_accepts().into()
    })
}

async fn accept(node: &Proxy, first: usize) {
    let messages: Vec<Value> = (first..first + BATCH).map(|number| mails::with_subject(&number.to_string())).collect();
    let answer = node.client.post_to("/outbox/batch", json!({ "messages": messages }).to_string(), &[]).await;
    let answer = answer.expect(202);
    let results = answer.at("/results").as_array().cloned().unwrap_or_default();
    assert!(results.len() == BATCH && results.iter().all(|result| result["delivery"] == "queued"), "{answer}");
}
