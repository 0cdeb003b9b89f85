//! A node that is killed at any step of a mail: each recipient has the mail once, or its status is `unknown`.
//!
//! Some steps of one mail are looked at closely here; `table` has all that can be told apart, in each case of Mini-MailGun.

mod cases;
mod run;
mod table;

use reqwest::Method;
use serde_json::json;

use super::fixture::{OPEN_DOMAINS, at, queued};
use crate::harness::database::{Database, on_both_stores};
use crate::harness::mx_host::{Act, MxHost};
use crate::harness::outbox::{at_rest, becomes, shown};
use crate::harness::wait::when;
use crate::harness::{Proxy, admin, eventually};

/// The steps at which the server keeps the node waiting until that is dead.
const STEPS: [(&str, Act); 6] = [
    ("CONNECT", Act::Stall),
    ("EHLO", Act::Stall),
    ("RCPT", Act::Stall),
    ("DATA", Act::Stall),
    (".", Act::Stall),
    (".", Act::TakeAndStall),
];

on_both_stores! {
    node_that_is_killed_at_a_step_leaves_no_recipient_without_the_mail_or_a_doubt,
    node_that_is_killed_around_the_way_of_its_mail_delivers_it_once,
}

/// A server that does this once, when it hears that for the first time.
async fn once(at: &'static str, act: Act) -> MxHost {
    let done = std::sync::atomic::AtomicBool::new(false);
    let script = move |line: &str| {
        let is_it = line.starts_with(at) && !done.swap(true, std::sync::atomic::Ordering::SeqCst);
        if is_it { act } else { Act::Usual }
    };
    MxHost::that(script).await
}

async fn node_that_is_killed_at_a_step_leaves_no_recipient_without_the_mail_or_a_doubt(database: &Database) {
    for (number, (step, act)) in STEPS.into_iter().enumerate() {
        let (host, subject) = (once(step, act).await, format!("step {number}"));
        let settings = at(database, &host, &["a.example"]);
        let proxy = Proxy::start(settings.clone()).await;
        let id = queued(&proxy, &subject, &["x@a.example"]).await;
        host.hears(step, 1).await;
        // By SIGKILL.
        drop(proxy);
        database.silent_nodes_are_dead().await;
        let proxy = Proxy::start(settings).await;
        at_rest(&proxy.client).await;
        let status = shown(&proxy.client, &id).await.expect(200).json["status"].clone();
        let times = host.taken(&subject).values().sum::<usize>();
        assert_eq!(status, "unknown", "{step} {act:?}: it was marked, so nobody knows");
        assert_eq!(times, usize::from(matches!(act, Act::TakeAndStall)), "{step} {act:?}: nothing is sent again");
    }
}

async fn node_that_is_killed_around_the_way_of_its_mail_delivers_it_once(database: &Database) {
    let host = MxHost::start().await;
    let settings = at(database, &host, &["a.example", "b.example"]);
    let paused = settings.clone().with("SMSP_OUTBOX_START", "paused");
    // Accepted and nothing more.
    let proxy = Proxy::start(paused).await;
    let id = queued(&proxy, "before", &["x@a.example", "y@b.example"]).await;
    drop(proxy);
    database.silent_nodes_are_dead().await;
    let proxy = Proxy::start(settings.clone()).await;
    becomes(&proxy.client, &id, "accepted").await;
    // In parts, none of which is on its way.
    let order = json!({"paused": true});
    let site = format!("/sites/{}", host.ip());
    admin::call(proxy.ops, Method::PUT, &site, &[], Some(&order)).await.expect(200);
    let id = queued(&proxy, "in parts", &["x@a.example", "y@b.example"]).await;
    eventually("its parts have come by", async || {
        let page = proxy.client.ops("/metrics").await.text;
        when(page.contains("smsp_mx_held_back_total{reason=\"paused\"} 2"), || page)
    })
    .await;
    drop(proxy);
    database.silent_nodes_are_dead().await;
    database.change(OPEN_DOMAINS).await;
    let proxy = Proxy::start(settings.clone()).await;
    becomes(&proxy.client, &id, "accepted").await;
    assert_eq!(host.taken("in parts").into_values().collect::<Vec<_>>(), [1, 1]);
    // All of it done.
    drop(proxy);
    database.silent_nodes_are_dead().await;
    let proxy = Proxy::start(settings).await;
    at_rest(&proxy.client).await;
    assert_eq!(shown(&proxy.client, &id).await.expect(200).json["status"], "accepted");
    assert_eq!(host.taken("before").into_values().collect::<Vec<_>>(), [1, 1]);
}
