//! A mail that cannot be opened, or with which the node has died three times, holds nobody up.

use super::provider::Provider;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{becomes, pause, queued, shown, status};
use crate::harness::wait::when;
use crate::harness::{Proxy, admin, eventually, mails};

/// Losses after which a mail waits for people.
const LOSSES: usize = 3;

/// As if the node had died just after the claim, which is one of all rows at first: what was lost is claimed alone.
const CLAIM: [&str; 2] = [
    "update envelope set state = 1, fence = fence + 1, owner = zeroblob(16)
        where state = 0 and (losses = 0 or id = 1) returning id",
    "update smsp_outbox set state = 1, fence = fence + 1, owner = gen_random_uuid()
        where state = 0 and (losses = 0 or row_id = 1) returning row_id",
];
const BREAK_THE_CONTENT: [&str; 2] = [
    "update content set bytes = cast(bytes || x'00' as blob) returning id",
    "update smsp_content set bytes = bytes || decode('00', 'hex') returning row_id",
];
const MEND_THE_CONTENT: [&str; 2] = [
    "update content set bytes = substr(bytes, 1, length(bytes) - 1) returning id",
    "update smsp_content set bytes = substr(bytes, 1, length(bytes) - 1) returning row_id",
];

on_both_stores! {
    a_mail_with_which_three_nodes_have_died_is_parked_until_an_operator_releases_it,
    a_mail_that_cannot_be_opened_is_parked_at_the_third_loss_until_an_operator_retries_it,
}

async fn a_mail_with_which_three_nodes_have_died_is_parked_until_an_operator_releases_it(database: &Database) {
    let provider = Provider::taking_after(std::time::Duration::ZERO);
    let settings = database.under(provider.settings());
    let mut proxy = Proxy::start(settings.clone()).await;
    pause(&proxy, true).await;
    let poison = queued(&proxy.client, &mails::with_subject("1")).await;
    let neighbour = queued(&proxy.client, &mails::with_subject("3")).await;
    for loss in 1..=LOSSES {
        drop(proxy);
        assert_eq!(database.change(CLAIM).await, if loss == 1 { 2 } else { 1 }, "loss {loss}");
        proxy = Proxy::start(settings.clone()).await;
        becomes(&proxy.client, &poison, if loss < LOSSES { "queued" } else { "parked" }).await;
    }
    is_told_to_be_parked(&proxy, &poison).await;
    pause(&proxy, false).await;
    let other = queued(&proxy.client, &mails::with_subject("2")).await;
    becomes(&proxy.client, &other, "accepted").await;
    becomes(&proxy.client, &neighbour, "accepted").await;
    assert_eq!(status(&proxy.client, &poison).await, "parked");
    let path = format!("/outbox/{poison}/retry");
    admin::call(proxy.ops, reqwest::Method::POST, &path, &[], None).await.expect(200);
    becomes(&proxy.client, &poison, "accepted").await;
    assert_eq!(provider.taken(), [(1, 1), (2, 1), (3, 1)].into());
}

async fn a_mail_that_cannot_be_opened_is_parked_at_the_third_loss_until_an_operator_retries_it(database: &Database) {
    let provider = Provider::taking_after(std::time::Duration::ZERO);
    let settings = database.under(provider.settings()).with("SMSP_OUTBOX_RETRY", "1s");
    let proxy = Proxy::start(settings.clone()).await;
    pause(&proxy, true).await;
    let broken = queued(&proxy.client, &mails::with_subject("1")).await;
    drop(proxy);
    assert_eq!(database.change(BREAK_THE_CONTENT).await, 1);
    let proxy = Proxy::start(settings.clone()).await;
    pause(&proxy, false).await;
    let other = queued(&proxy.client, &mails::with_subject("2")).await;
    becomes(&proxy.client, &other, "accepted").await;
    becomes(&proxy.client, &broken, "parked").await;
    let parked = shown(&proxy.client, &broken).await;
    assert_eq!(parked.at("/attempts").as_array().map(Vec::len), Some(0), "{parked}");
    // The log is written beside the work, and may come later.
    eventually("each loss is told", async || {
        let told = proxy.logs().iter().filter(|line| is_told_of(line, &broken)).count();
        when(told >= LOSSES, || proxy.process.evidence()).map(|()| assert_eq!(told, LOSSES))
    })
    .await;
    is_told_to_be_parked(&proxy, &broken).await;
    drop(proxy);
    assert_eq!(database.change(MEND_THE_CONTENT).await, 1);
    let proxy = Proxy::start(settings).await;
    assert_eq!(status(&proxy.client, &broken).await, "parked");
    let path = format!("/outbox/{broken}/retry");
    admin::call(proxy.ops, reqwest::Method::POST, &path, &[], None).await.expect(200);
    becomes(&proxy.client, &broken, "accepted").await;
    assert_eq!(provider.taken(), [(1, 1), (2, 1)].into());
}

/// The log tells once that this mail waits for people.
async fn is_told_to_be_parked(proxy: &Proxy, id: &str) {
    let is_it =
        |line: &serde_json::Value| line["message"] == "a mail of the outbox is parked: a person has to look at it";
    let told = eventually("it is told", async || {
        let lines: Vec<_> = proxy.logs().into_iter().filter(is_it).collect();
        when(!lines.is_empty(), || proxy.process.evidence()).map(|()| lines)
    })
    .await;
    let seen: Vec<_> = told.iter().map(|line| ["level", "id", "caller"].map(|name| line[name].as_str())).collect();
    assert_eq!(seen, [["WARN", id, "caller"].map(Some)], "{told:#?}");
}

fn is_told_of(line: &serde_json::Value, id: &str) -> bool {
    line["id"] == *id && line["message"].as_str().is_some_and(|text| text.contains("cannot be opened"))
}
