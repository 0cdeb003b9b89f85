//! A node is killed between a provider that takes a mail once and that provider's answer: the mail is asked about there, and
//! there alone, under the same key, and there is one copy of it.

use std::mem::take;

use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{becomes, hand_overs, queued, status};
use crate::harness::wait::when;
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, eventually, mails};

/// As if the mark were as old as a hand-over may take: before, the node that has made it may only have been silent.
const ITS_TIME_IS_OVER: [&str; 2] = [
    "update envelope set marked_at = marked_at - 60000 where state = 2 returning id",
    "update smsp_outbox set changed_at = changed_at - 60000 where state = 2 returning row_id",
];

on_both_stores! { a_mail_whose_node_was_killed_before_the_answer_is_replayed_at_the_same_provider_under_the_same_key }

async fn a_mail_whose_node_was_killed_before_the_answer_is_replayed_at_the_same_provider_under_the_same_key(
    database: &Database,
) {
    let (resend, sendgrid) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
    let mut is_first = true;
    resend.follows(move |request| match !request.is_probe() && take(&mut is_first) {
        // It has taken the mail, and its answer never comes.
        true => Behaviour::Stall,
        false => Reply::new(200, r#"{"id": "resend-id-1"}"#).into(),
    });
    let settings = Settings::server().resend(&resend.url()).sendgrid(&sendgrid.url()).with("SMSP_PROVIDERS", "rs,sg");
    let settings = database.under(settings.patient_circuits());
    let proxy = Proxy::start(settings.clone()).await;
    let id = queued(&proxy.client, &mails::plain()).await;
    eventually("it is taken", async || when(resend.mails().len() == 1, || proxy.process.evidence())).await;
    assert_eq!(status(&proxy.client, &id).await, "sending");
    // Which kills it.
    drop(proxy);
    database.silent_nodes_are_dead().await;
    assert_eq!(database.change(ITS_TIME_IS_OVER).await, 1);
    let proxy = Proxy::start(settings).await;
    let mail = becomes(&proxy.client, &id, "accepted").await;
    assert_eq!(hand_overs(&mail), ["rs:", "rs:accepted"], "{mail}");
    assert_ne!(mail.json["possible_duplicate"], true, "the provider takes it once: {mail}");
    let taken = resend.mails();
    let keys: Vec<_> = taken.iter().map(|mail| mail.header("idempotency-key")).collect();
    assert_eq!(keys, [Some(id.as_str()); 2], "both hand-overs carry the same key");
    assert_eq!(taken[0].text(), taken[1].text(), "and the same mail");
    assert!(sendgrid.mails().is_empty(), "no other provider is asked");
}
