//! A mail that cannot be opened, or with which the node has died three times, holds nobody up.

use super::provider::Provider;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{becomes, pause, queued, shown, status};
use crate::harness::{Proxy, admin, eventually, mails};

/// Losses after which a mail waits for people.
const LOSSES: usize = 3;

/// As if the node had died just after the claim.
const CLAIM: [&str; 2] = [
    "update envelope set state = 1, fence = fence + 1, owner = zeroblob(16) where state = 0 returning id",
    "update smsp_outbox set state = 1, fence = fence + 1, owner = gen_random_uuid() where state = 0 returning row_id",
];
const BREAK_THE_CONTENT: [&str; 2] = [
    "update content set bytes = zeroblob(length(bytes)) returning id",
    "update smsp_content set bytes = decode(repeat('00', length(bytes)), 'hex') returning row_id",
];

on_both_stores! {
    a_mail_with_which_three_nodes_have_died_is_parked_until_an_operator_releases_it,
    a_mail_that_cannot_be_opened_waits_and_others_are_sent,
}

async fn a_mail_with_which_three_nodes_have_died_is_parked_until_an_operator_releases_it(database: &Database) {
    let provider = Provider::taking_after(std::time::Duration::ZERO);
    let settings = database.under(provider.settings());
    let mut proxy = Proxy::start(settings.clone()).await;
    pause(&proxy, true).await;
    let poison = queued(&proxy.client, &mails::with_subject("1")).await;
    for loss in 1..=LOSSES {
        drop(proxy);
        assert_eq!(database.change(CLAIM).await, 1, "loss {loss}");
        proxy = Proxy::start(settings.clone()).await;
        becomes(&proxy.client, &poison, if loss < LOSSES { "queued" } else { "parked" }).await;
    }
    pause(&proxy, false).await;
    let other = queued(&proxy.client, &mails::with_subject("2")).await;
    becomes(&proxy.client, &other, "accepted").await;
    assert_eq!(status(&proxy.client, &poison).await, "parked");
    let path = format!("/outbox/{poison}/retry");
    admin::call(proxy.ops, reqwest::Method::POST, &path, &[], None).await.expect(200);
    becomes(&proxy.client, &poison, "accepted").await;
    assert_eq!(provider.taken(), [(1, 1), (2, 1)].into());
}

async fn a_mail_that_cannot_be_opened_waits_and_others_are_sent(database: &Database) {
    let provider = Provider::taking_after(std::time::Duration::ZERO);
    let settings = database.under(provider.settings());
    let proxy = Proxy::start(settings.clone()).await;
    pause(&proxy, true).await;
    let broken = queued(&proxy.client, &mails::with_subject("1")).await;
    drop(proxy);
    assert_eq!(database.change(BREAK_THE_CONTENT).await, 1);
    let proxy = Proxy::start(settings).await;
    pause(&proxy, false).await;
    let other = queued(&proxy.client, &mails::with_subject("2")).await;
    becomes(&proxy.client, &other, "accepted").await;
    let answer = eventually("it waits", async || {
        let answer = shown(&proxy.client, &broken).await.expect(200);
        let is_told = proxy.logs().iter().any(|line| {
            line["id"] == *broken && line["message"].as_str().is_some_and(|text| text.contains("cannot be opened"))
        });
        if answer.json["status"] == "queued" && is_told { Ok(answer) } else { Err(answer.to_string()) }
    })
    .await;
    assert!(answer.at("/next_attempt_at").as_str() > answer.at("/accepted_at").as_str(), "{answer}");
    assert_eq!(provider.taken(), [(2, 1)].into());
}
