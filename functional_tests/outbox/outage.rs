//! While no provider takes mail nothing is written for the mails that wait, and the store is hardly asked.

use tokio::time::Instant;

use super::database;
use super::provider::Provider;
use crate::harness::outbox::{Store, at_rest, queued};
use crate::harness::wait::when;
use crate::harness::{Proxy, eventually, mails};

const MAILS: usize = 100;
/// Heartbeats that are waited for, each five seconds after the one before.
const HEARTBEATS: usize = 3;

#[tokio::test]
async fn while_every_circuit_is_open_no_row_is_written_and_then_all_are_sent() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let provider = Provider::taking_after(std::time::Duration::ZERO);
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(provider.settings())).await;
    proxy.client.order("sg", &serde_json::json!({"override": "open"})).await.expect(200);
    for number in 0..MAILS {
        queued(&proxy.client, &mails::with_subject(&number.to_string())).await;
    }
    let database = database::reading(directory.path());
    let seen_at = || database.query_row("select max(seen_at) from node", [], |row| row.get::<_, i64>(0)).ok();
    let (rows, written, start) = (database::rows(&database), commands(&proxy).await, Instant::now());
    assert_eq!(rows.len(), MAILS);
    for _ in 0..HEARTBEATS {
        let before = seen_at();
        eventually("the node says that it lives", async || when(seen_at() > before, || format!("{before:?}"))).await;
    }
    let (most, written) = (start.elapsed().as_secs() + 1, commands(&proxy).await - written);
    assert_eq!(database::rows(&database), rows);
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
