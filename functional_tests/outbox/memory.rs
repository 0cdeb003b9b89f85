//! A mail for which a node has not enough memory: the node dies with it in hand, and after three times the mail waits for
//! people and holds nobody up.
//!
//! prlimit(1) bounds what the node may have, on any machine and without privileges: an allocation beyond it ends the process,
//! as the kernel ends one that has used up its memory.

use std::process::Command;

use super::provider::Provider;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{becomes, pause, queued};
use crate::harness::tool::is_here;
use crate::harness::{Answer, Client, Proxy, eventually, mails};

/// Losses after which a mail waits for people.
const LOSSES: usize = 3;
/// Enough for small mails, not for the large one.
const SPARE_KIB: u64 = 4 << 10;
const LARGE: usize = 8 << 20;

on_both_stores! { a_mail_that_takes_more_memory_than_there_is_is_parked_after_three_deaths_and_others_are_sent }

async fn a_mail_that_takes_more_memory_than_there_is_is_parked_after_three_deaths_and_others_are_sent(
    database: &Database,
) {
    if !is_here("prlimit", "util-linux") {
        return;
    }
    let provider = Provider::taking_after(std::time::Duration::ZERO);
    let settings = database.under(provider.settings()).with("SMSP_OUTBOX_START", "paused");
    let node = Proxy::start(settings.clone()).await;
    let mut mail = mails::with_subject("1");
    mail["text"] = "x".repeat(LARGE).into();
    let large = queued(&node.client, &mail).await;
    // Of another lane, so that the first claim takes both.
    let mut mail = mails::with_subject("3");
    mail["priority"] = "high".into();
    let neighbour = queued(&node.client, &mail).await;
    drop(node);
    for loss in 1..=LOSSES {
        let mut node = Proxy::start(settings.clone()).await;
        bound(&node);
        go_on(&node).await;
        eventually(&format!("death {loss}"), async || node.process.ended().ok_or_else(|| node.process.evidence()))
            .await;
        drop(node);
        database.silent_nodes_are_dead().await;
    }
    let node = Proxy::start(settings).await;
    becomes(&node.client, &large, "parked").await;
    pause(&node, false).await;
    becomes(&node.client, &neighbour, "accepted").await;
    is_sent(&node.client, 2).await;
    assert_eq!(provider.taken(), [(2, 1), (3, 1)].into());
}

async fn is_sent(client: &Client, number: usize) {
    let id = queued(client, &mails::with_subject(&number.to_string())).await;
    becomes(client, &id, "accepted").await;
}

/// It may have little more than it has.
fn bound(node: &Proxy) {
    let bytes = (node.process.data_kib() + SPARE_KIB) << 10;
    let mut prlimit = Command::new("prlimit");
    prlimit.arg("--pid").arg(node.process.id().to_string()).arg(format!("--data={bytes}"));
    assert!(prlimit.status().is_ok_and(|status| status.success()), "no bound on the memory of the node");
}

/// The answer may not come any more.
async fn go_on(node: &Proxy) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
    let order = client.put(format!("http://{}/outbox", node.ops)).header("content-type", "application/json");
    let _ = Answer::try_to(order.body(r#"{"paused": false}"#)).await;
}
