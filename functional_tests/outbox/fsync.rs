//! No 202 before the fsync; and while the disk does not write, no mail is accepted, claimed or handed over, and the rest of the
//! node goes on.

use std::time::Duration;

use super::provider::{Provider, Waiting};
use crate::harness::outbox::{Store, at_rest, becomes, pause, queue, queued, shown, status};
use crate::harness::strace::Trace;
use crate::harness::wait::when;
use crate::harness::{Answer, Client, Proxy, eventually, mails};

const MAILS: usize = 20;

#[tokio::test]
async fn the_log_of_the_store_is_synced_before_a_202_is_written() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let provider = Provider::taking_after(Duration::ZERO);
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(provider.settings())).await;
    // Nothing else is written meanwhile but the heartbeat, now and then.
    pause(&proxy, true).await;
    let calls = "trace=pwrite64,fsync,fdatasync,write,writev,sendto,sendmsg,read,readv,recvfrom,recvmsg";
    let Some(trace) = Trace::of(&proxy.process, &["-e", calls]).await else { return };
    for _ in 0..MAILS {
        queued(&proxy.client, &mails::plain()).await;
    }
    let (lines, mut answers, mut since) = (trace.ends().await, 0, Vec::new());
    for line in lines {
        if line.contains("\"POST /outbox ") {
            since.clear();
        }
        if line.contains("\"HTTP/1.1 202 ") {
            answers += 1;
            assert!(is_durable(&since), "{line} comes after\n{}", since.join("\n"));
        }
        since.push(line);
    }
    assert_eq!(answers, MAILS);
}

/// Was the log written, and then synced?
fn is_durable(calls: &[String]) -> bool {
    let of_log = |call: &&String| call.contains("smsp.db-wal>");
    let is_write = |call: &String| call.starts_with("pwrite64(") && of_log(&call);
    let synced = |call: &String| call.starts_with("f") && of_log(&call) && call.ends_with("= 0");
    calls.iter().position(is_write).is_some_and(|written| calls[written..].iter().any(synced))
}

#[tokio::test]
async fn while_fsync_fails_nothing_is_accepted_or_handed_over_and_then_all_goes_on() {
    let waiting = Waiting::on_sqlite().await;
    let (provider, client) = (&waiting.provider, &waiting.node.client);
    let Some((trace, unclear)) = first_to_meet_a_failing_fsync(&waiting.node).await else { return };
    let refused = queue(client, &mails::with_subject("3")).await.expect_problem(503, "none", true);
    assert!(refused.retry_after() >= 1);
    assert!(up(client).await < 0.5, "the store says that it is up");
    waiting.may_be_sent().await;
    client.send(&mails::with_subject("4")).await.expect(200);
    // Whatever it tried meanwhile, no sync has succeeded.
    eventually("the node tries again", async || when(trace.lines().len() > 6, || trace.lines().join("\n"))).await;
    assert_eq!(provider.taken().keys().collect::<Vec<_>>(), [&4], "nothing of the outbox is handed over");
    let calls = trace.ends().await;
    assert!(calls.iter().filter(|call| call.starts_with('f')).all(|call| call.contains("EIO")), "{calls:#?}");
    is_up_again(&waiting.node).await;
    becomes(client, &waiting.id, "accepted").await;
    let after = queued(client, &mails::with_subject("5")).await;
    becomes(client, &after, "accepted").await;
    at_rest(client).await;
    let taken = provider.taken();
    assert!(taken.values().all(|times| *times == 1) && !taken.contains_key(&3), "{taken:?}");
    assert_eq!(is_there(client, &unclear).await, taken.contains_key(&2), "{taken:?}");
}

/// From now on every fsync fails. The first one to be told has called: nobody knows whether its mail would be found. Where the
/// node's own sign of life was the first, the call is refused, and it begins once more.
async fn first_to_meet_a_failing_fsync(proxy: &Proxy) -> Option<(Trace, Answer)> {
    let faults = ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"];
    loop {
        let trace = Trace::of(&proxy.process, &faults).await?;
        let answer = queue(&proxy.client, &mails::with_subject("2")).await;
        if answer.status != 503 {
            return Some((trace, answer.expect_problem(504, "unknown", false)));
        }
        trace.ends().await;
        is_up_again(proxy).await;
    }
}

async fn is_up_again(proxy: &Proxy) {
    let is_up = async || when(up(&proxy.client).await > 0.5, || proxy.process.evidence());
    eventually("the store is up again", is_up).await;
}

async fn up(client: &Client) -> f64 {
    client.metrics().await.gauge("smsp_store_up", &[])
}

/// Was the mail of the unclear call accepted after all?
async fn is_there(client: &Client, unclear: &Answer) -> bool {
    let id = unclear.json["id"].as_str().unwrap_or_else(|| panic!("no id: {unclear}"));
    shown(client, id).await.status == 200 && status(client, id).await == "accepted"
}
