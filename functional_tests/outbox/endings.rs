//! Mails that end otherwise than accepted: nobody waits for their answer, so the log tells each once, with its id and caller.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{becomes, pause, queued, time_after};
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, mails};

/// A round of the upkeep begins every 10 s; and some more on a busy machine.
const UPKEEP: Duration = Duration::from_secs(90);
/// Mails that have a line each in one round.
const ALONE: usize = 100;

const EXPIRED: &str = "a mail of the outbox has expired: it is not sent any more";
const REFUSED: &str = "a mail of the outbox has ended: no provider takes it";
const DROPPED: &str = "a mail of the outbox was dropped: it is unknown whether anybody has it";

/// Each `unknown` mail has been so for long.
const UNKNOWN_FOR_LONG: [&str; 2] = [
    "update envelope set settled_at = 1 where state = 3 returning id",
    "update smsp_outbox set changed_at = 1 where state = 3 returning row_id",
];

on_both_stores! {
    each_mail_that_expires_is_told_once_and_many_stand_in_few_lines,
    a_mail_that_is_refused_is_told_with_its_last_attempt,
    a_mail_that_is_dropped_while_it_is_unknown_is_told,
}

/// The lines with this message, once they are about so many mails.
async fn told(proxy: &Proxy, message: &str, mails: usize) -> Vec<Value> {
    eventually_within(UPKEEP, message, async || {
        let mut lines = proxy.logs();
        lines.retain(|line| line["message"] == message);
        let told: usize = lines.iter().map(|line| ids(line).len()).sum();
        when(told == mails, || format!("{told} of {mails}\n{}", proxy.process.evidence())).map(|()| lines)
    })
    .await
}

/// The ids of the mails that a line is about.
fn ids(line: &Value) -> Vec<&str> {
    let ids = line["id"].as_str().or(line["ids"].as_str()).unwrap_or_else(|| panic!("no id: {line}"));
    ids.split(',').collect()
}

async fn each_mail_that_expires_is_told_once_and_many_stand_in_few_lines(database: &Database) {
    let proxy = Proxy::start(database.under(Settings::mock())).await;
    pause(&proxy, true).await;
    let mut mail = mails::plain();
    mail["expires_at"] = json!(time_after(Duration::from_secs(3)));
    let mut expected = BTreeSet::new();
    for count in [ALONE, 60] {
        let batch = json!({ "messages": vec![mail.clone(); count] }).to_string();
        let answer = proxy.client.post_to("/outbox/batch", batch, &[]).await.expect(202);
        let results = answer.at("/results").as_array().cloned().unwrap_or_default();
        expected.extend(results.iter().filter_map(|result| result["mail"]["id"].as_str()).map(str::to_owned));
    }
    assert_eq!(expected.len(), 160, "each is accepted");
    let lines = told(&proxy, EXPIRED, 160).await;
    assert_eq!(lines.iter().flat_map(ids).map(str::to_owned).collect::<BTreeSet<_>>(), expected);
    for line in &lines {
        assert_eq!((line["level"].as_str(), line["caller"].as_str()), (Some("WARN"), Some("caller")), "{line}");
        let several = line["ids"].is_string().then(|| ids(line).len() as u64);
        assert_eq!(line["mails"].as_u64(), several, "{line}");
    }
    // Those that expire in the next round begin anew.
    assert!(lines.iter().filter(|line| line["id"].is_string()).count() >= ALONE, "{lines:#?}");
    let metrics = proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_outbox_ended_total", &[("outcome", "expired")]), 160);
}

async fn a_mail_that_is_refused_is_told_with_its_last_attempt(database: &Database) {
    let provider = StubProvider::sendgrid().await;
    let settings = Settings::server().sendgrid(&provider.url()).patient_circuits();
    let proxy = Proxy::start(database.under(settings.with("SMSP_OUTBOX_ATTEMPTS", "1"))).await;
    provider.does(Reply::sendgrid_refuses(400, "no").into());
    for (level, outcome) in [("INFO", "message_rejected"), ("WARN", "unavailable")] {
        if outcome == "unavailable" {
            provider.goes_down().await;
        }
        let id = queued(&proxy.client, &mails::with_subject(outcome)).await;
        becomes(&proxy.client, &id, "refused").await;
        let lines = told(&proxy, REFUSED, if level == "INFO" { 1 } else { 2 }).await;
        let line = lines.last().expect("a line");
        let seen = ["level", "id", "caller", "upstream", "outcome"].map(|name| line[name].as_str());
        assert_eq!(seen, [level, &id, "caller", "sg", outcome].map(Some), "{line}");
    }
}

async fn a_mail_that_is_dropped_while_it_is_unknown_is_told(database: &Database) {
    let provider = StubProvider::sendgrid().await;
    provider.does(Behaviour::Close);
    let settings = database.under(Settings::server().sendgrid(&provider.url()).patient_circuits());
    let proxy = Proxy::start(settings.clone()).await;
    let id = queued(&proxy.client, &mails::plain()).await;
    becomes(&proxy.client, &id, "unknown").await;
    drop(proxy);
    assert_eq!(database.change(UNKNOWN_FOR_LONG).await, 1);
    let proxy = Proxy::start(settings).await;
    let lines = told(&proxy, DROPPED, 1).await;
    let seen = ["level", "id", "caller"].map(|name| lines[0][name].as_str());
    assert_eq!(seen, ["WARN", &id, "caller"].map(Some), "{lines:#?}");
}
