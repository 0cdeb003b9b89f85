//! While no provider takes mail nothing is written for the mails that wait, and the store is hardly asked.

use tokio::time::Instant;

use super::provider::Provider;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{at_rest, queued};
use crate::harness::wait::when;
use crate::harness::{Proxy, eventually, mails};

const MAILS: usize = 100;
/// Heartbeats that are waited for, each five seconds after the one before.
const HEARTBEATS: usize = 2;

/// Every row as it is now: all that a claim, a mark or an end would change; of PostgreSQL also who has written it last.
const ROWS: [&str; 2] = [
    "select format('%d: state %d, due %d, fence %d, attempts %d, losses %d, upstream %s',
        id, state, due, fence, attempts, losses, upstream) from envelope order by id",
    "select format('%s: state %s, due %s, fence %s, attempts %s, losses %s, upstream %s, written by %s',
        row_id, state, due, fence, attempts, losses, upstream, xmin) from smsp_outbox order by row_id",
];
const SEEN_AT: [&str; 2] = ["select max(seen_at) from node", "select max(seen_at) from smsp_node"];

on_both_stores! { while_every_circuit_is_open_no_row_is_written_and_then_all_are_sent }

async fn while_every_circuit_is_open_no_row_is_written_and_then_all_are_sent(database: &Database) {
    let provider = Provider::taking_after(std::time::Duration::ZERO);
    let proxy = Proxy::start(database.under(provider.settings())).await;
    proxy.client.order("sg", &serde_json::json!({"override": "open"})).await.expect(200);
    for number in 0..MAILS {
        queued(&proxy.client, &mails::with_subject(&number.to_string())).await;
    }
    let (rows, written, start) = (database.select(ROWS).await, commands(&proxy).await, Instant::now());
    assert_eq!(rows.len(), MAILS);
    for _ in 0..HEARTBEATS {
        let before = database.select(SEEN_AT).await;
        eventually("the node says that it lives", async || {
            when(database.select(SEEN_AT).await > before, || format!("{before:?}"))
        })
        .await;
    }
    let (most, written) = (start.elapsed().as_secs() + 1, commands(&proxy).await - written);
    assert_eq!(database.select(ROWS).await, rows);
    assert!(written <= most, "{written} commands changed the store in {most} s");
    assert!(provider.count() == 0);
    proxy.client.order("sg", &serde_json::json!({"override": "closed"})).await.expect(200);
    let counts = at_rest(&proxy.client).await;
    assert_eq!((counts.status("accepted"), provider.taken().len()), (MAILS as u64, MAILS));
}

/// Those that change something, or could.
async fn commands(proxy: &Proxy) -> u64 {
    proxy.client.metrics().await.count("smsp_store_commands_total", &[])
}
