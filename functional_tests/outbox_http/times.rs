//! How long a mail is tried, how often, how long its status is kept, and how long a node that is stopped waits for it.
//!
//! A setting in minutes is not waited for: what is kept in the database is made older while no node runs.

use super::*;
use crate::harness::outbox::pause;
use crate::harness::wait::PATIENCE;
use crate::harness::{Behaviour, Gate, Reply};

/// All that waits is due a minute earlier, and ends a minute earlier.
const A_MINUTE_ON: [&str; 2] =
    ["update envelope set due = due - 60000, expires_at = expires_at - 60000 where state = 0 returning id", ""];
/// What has ended did so a minute earlier.
const ENDED_BEFORE: [&str; 2] =
    ["update envelope set settled_at = settled_at - 60000 where settled_at is not null returning id", ""];

/// The time of a member of an answer.
fn time(answer: &Answer, pointer: &str) -> Duration {
    let text = answer.at(pointer).as_str().unwrap_or_else(|| panic!("no {pointer}: {answer}"));
    let time = mail_parser::DateTime::parse_rfc3339(text).unwrap_or_else(|| panic!("no time: {answer}"));
    Duration::from_secs(time.to_timestamp().unsigned_abs())
}

#[tokio::test]
async fn a_mail_without_an_end_of_its_own_expires_after_smsp_outbox_expiry() {
    let database = Database::sqlite();
    let expiry = |settings: Settings| settings.with("SMSP_OUTBOX_EXPIRY", "1m");
    let node = Node::with(&database, expiry).await;
    pause(&node.proxy, true).await;
    let accepted = node.post("/outbox", &mails::plain()).await.expect(202);
    let path = accepted.header("location").expect("a Location").to_owned();
    let wait = time(&accepted, "/expires_at") - time(&accepted, "/accepted_at");
    assert!((59..=61).contains(&wait.as_secs()), "{accepted}");
    let later = node.accepts(&scheduled()).await;
    drop(node);
    assert_eq!(database.change(A_MINUTE_ON).await, 2);
    let node = Node::with(&database, expiry).await;
    let expired = node.until(&path, "expired").await;
    assert_eq!((expired.at("/delivery"), expired.at("/attempts")), (&json!("none"), &json!([])), "{expired}");
    assert_eq!(node.get(&later).await.expect(200).at("/status"), "queued", "it ends a minute after it is due");
    assert_eq!(node.mailgun.mails().len(), 0);
}

#[tokio::test]
async fn the_status_of_a_mail_that_has_ended_is_gone_after_smsp_outbox_keep() {
    let database = Database::sqlite();
    let keep = |settings: Settings| settings.with("SMSP_OUTBOX_KEEP", "1m");
    let node = Node::with(&database, keep).await;
    let ended = node.accepts(&mails::plain()).await;
    node.until(&ended, "accepted").await;
    let waits = node.accepts(&scheduled()).await;
    drop(node);
    assert_eq!(database.change(ENDED_BEFORE).await, 1);
    let node = Node::with(&database, keep).await;
    eventually("its status is gone", async || {
        let answer = node.get(&ended).await;
        when(answer.status == 404, || answer.to_string())
    })
    .await;
    assert_eq!(node.get(&waits).await.expect(200).at("/status"), "queued");
    let younger = node.accepts(&mails::plain()).await;
    node.until(&younger, "accepted").await;
    let left: u64 = node.counts().await.iter().map(|(_, mails)| mails).sum();
    assert_eq!(left, 2, "no trace is left of the first one");
}

#[tokio::test]
async fn a_mail_that_is_refused_for_now_is_refused_for_good_after_smsp_outbox_attempts() {
    let settings = |settings: Settings| {
        settings.patient_circuits().with("SMSP_OUTBOX_ATTEMPTS", "2").with("SMSP_OUTBOX_RETRY", "100ms")
    };
    let database = Database::sqlite();
    let node = Node::with(&database, settings).await;
    node.mailgun.goes_down().await;
    let path = node.accepts(&mails::plain()).await;
    let refused = node.until(&path, "refused").await;
    assert_eq!(refused.at("/delivery"), "none", "{refused}");
    let attempts = refused.at("/attempts").as_array().cloned().unwrap_or_default();
    let outcomes: Vec<_> = attempts.iter().filter_map(|attempt| attempt["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["unavailable"; 2], "{refused}");
    node.mailgun.comes_up();
    let other = node.accepts(&mails::plain()).await;
    node.until(&other, "accepted").await;
    assert_eq!(node.mailgun.mails().len(), 1, "the first one was not sent any more");
}

#[tokio::test]
async fn an_attempt_that_takes_longer_than_smsp_outbox_drain_is_unknown_and_ends_with_its_node() {
    let database = Database::sqlite();
    let node = Node::with(&database, |settings| settings.with("SMSP_OUTBOX_DRAIN", "1s")).await;
    node.mailgun.does(Behaviour::AnswerBehind(Gate::shut(), Reply::mailgun_accepts()));
    let path = node.accepts(&mails::plain()).await;
    node.mailgun.receives_mails(1).await;
    node.proxy.terminate();
    let output = node.proxy.exit(PATIENCE).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let lines: Vec<Value> = output.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let attempt = lines.iter().find(|line| line["message"] == "attempt");
    assert!(attempt.is_some_and(|line| line["outcome"] == "unknown" && line["reason"] == "deadline"), "{output:?}");
    let node = Node::start(&database).await;
    let left = node.get(&path).await.expect(200);
    assert_eq!((left.at("/status"), left.at("/delivery")), (&json!("unknown"), &json!("unknown")), "{left}");
    let attempt = left.at("/attempts/0");
    assert_eq!((&attempt["upstream"], &attempt["outcome"]), (&json!("mg"), &json!("unknown")), "{left}");
}
