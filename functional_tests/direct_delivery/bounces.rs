//! The sender of a mail that does not reach a recipient is told, once, and nobody is told of that.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fixture::{queued, served};
use crate::harness::database::{Database, on_both_stores};
use crate::harness::mx_host::{Act, MxHost};
use crate::harness::outbox::{Counts, at_rest, becomes, shown, status};
use crate::harness::read_bounce::read_bounce;
use crate::harness::wait::when;
use crate::harness::{Answer, Proxy, Settings, eventually};

on_both_stores! {
    sender_is_told_of_each_recipient_that_is_refused_from_nobody,
    nobody_is_told_of_a_bounce_that_is_refused,
    bounce_that_is_due_when_its_node_is_killed_is_sent_once,
    nodes_that_are_killed_while_they_tell_tell_nobody_twice,
    sender_is_told_of_those_whose_time_is_over_though_the_mail_was_never_split,
}

/// Changes of what a dead node has left.
const IS_DUE: [&str; 2] = [
    "update envelope set bounce_due = 0 where bounce_due is not null returning 1",
    "update smsp_outbox set bounce_due = 0 where bounce_due is not null returning 1",
];
const PARTS_ARE_OVER: [&str; 2] = [
    "update part set expires_at = 1 where state = 0 returning 1",
    "update smsp_part set expires_at = 1 where state = 0 returning 1",
];
const MAILS_ARE_OVER: [&str; 2] = [
    "update envelope set expires_at = 1 where state = 0 returning 1",
    "update smsp_outbox set expires_at = 1 where state = 0 returning 1",
];

/// Recipients that are called `no` do not exist, and who is called `later` is put off.
fn refuses(line: &str) -> Act {
    match line {
        line if line.starts_with("RCPT TO:<no@") => Act::Say("550 5.1.1 unknown"),
        line if line.starts_with("RCPT TO:<later@") => Act::Say("450 4.2.0 later"),
        _ => Act::Usual,
    }
}

/// A node that knows the servers of a.example, b.example and of the senders.
fn telling(database: &Database, host: &MxHost, senders: &MxHost) -> Settings {
    let (ip, of_senders) = (host.ip(), senders.ip());
    let domains: [(&str, &[&str]); 3] =
        [("a.example", &[&ip]), ("b.example", &[&ip]), ("back.example", &[&of_senders])];
    served(database, host, &domains)
        .with("SMSP_CALLER_BOUNCE_ADDRESS", "bounces@back.example")
        .with("SMSP_OUTBOX_RETRY", "1h")
}

async fn hosts() -> (MxHost, MxHost) {
    let host = MxHost::that(refuses).await;
    let senders = host.beside(|_| Act::Usual).await;
    (host, senders)
}

/// Waits for the first bounces at the senders' server, as Python reads them.
async fn told(senders: &MxHost, count: usize) -> Vec<Value> {
    senders.hears(".", count).await;
    eventually("the bounces are taken", async || when(senders.files().len() >= count, String::new)).await;
    senders.files().iter().filter_map(|file| read_bounce(file)).collect()
}

/// Waits until the status of a mail has these words.
async fn shows(proxy: &Proxy, id: &str, words: &[&str]) {
    eventually(&format!("it shows {words:?}"), async || {
        let answer = shown(&proxy.client, id).await.expect(200);
        when(words.iter().all(|word| answer.text.contains(&format!("\"{word}\""))), || answer.to_string())
    })
    .await;
}

async fn sender_is_told_of_each_recipient_that_is_refused_from_nobody(database: &Database) {
    let (host, senders) = hosts().await;
    let proxy = Proxy::start(telling(database, &host, &senders)).await;
    let id = queued(&proxy, "partly", &["yes@a.example", "no@a.example", "no@b.example"]).await;
    becomes(&proxy.client, &id, "accepted").await;
    let bounces = told(&senders, 1).await;
    assert_eq!(
        (host.heard("MAIL FROM:<bounces@back.example>"), senders.heard("MAIL FROM:<>"), senders.heard("MAIL FROM")),
        (2, 1, 1)
    );
    for bounce in bounces {
        let types = ["text/plain", "message/delivery-status", "text/rfc822-headers"];
        assert_eq!((&bounce["type"], &bounce["parts"]), (&json!("multipart/report"), &json!(types)), "{bounce:#}");
        assert_eq!((&bounce["to"], &bounce["automatic"]), (&json!("bounces@back.example"), &json!("auto-replied")));
        assert_eq!((&bounce["defects"], &bounce["head"]["Subject"]), (&json!([]), &json!("partly")), "{bounce:#}");
        let groups = bounce["groups"].as_array().expect("groups");
        assert_eq!(
            (&groups[0]["reporting-mta"], &groups[0]["x-smsp-id"]),
            (&json!("dns; mail.example.org"), &json!(id))
        );
        let mut recipients: Vec<_> = groups[1..].iter().map(|group| group["final-recipient"].clone()).collect();
        recipients.sort_by_key(ToString::to_string);
        assert_eq!(recipients, [json!("rfc822; no@a.example"), json!("rfc822; no@b.example")], "{bounce:#}");
        for group in &groups[1..] {
            let field = |name: &str| group[name].as_str().unwrap_or_default().to_owned();
            let expected = ["failed", "5.1.1", "smtp; 550 5.1.1"].map(str::to_owned);
            assert_eq!(["action", "status", "diagnostic-code"].map(field), expected, "{bounce:#}");
            assert_eq!(field("remote-mta"), format!("dns; {}", host.ip()), "{bounce:#}");
        }
        assert!(!bounce.to_string().contains("unknown"), "no text of another's server: {bounce:#}");
    }
    let counts: Counts = at_rest(&proxy.client).await;
    assert_eq!((counts.status("accepted"), counts.all()), (2, 2), "the mail and the bounce: {counts:?}");
    let listed = proxy.client.request(reqwest::Method::GET, "/outbox").header("x-api-key", proxy.client.key());
    let listed = Answer::to(listed).await.expect(200);
    assert_eq!(listed.text.matches("\"id\"").count(), 1, "its caller sees the mail alone: {listed}");
    let page = proxy.client.ops("/metrics").await.text;
    assert!(page.contains("smsp_outbox_bounces_total{result=\"queued\"} 1"), "{page}");
}

async fn nobody_is_told_of_a_bounce_that_is_refused(database: &Database) {
    let host =
        MxHost::that(|line| if line.starts_with("RCPT") { Act::Say("550 5.1.1 unknown") } else { Act::Usual }).await;
    let proxy = Proxy::start(telling(database, &host, &host)).await;
    let id = queued(&proxy, "refused", &["no@a.example"]).await;
    becomes(&proxy.client, &id, "refused").await;
    host.hears("MAIL FROM:<>", 1).await;
    let counts = at_rest(&proxy.client).await;
    assert_eq!((counts.status("refused"), counts.all()), (2, 2), "{counts:?}");
    let due = ["select count(bounce_due) from envelope", "select count(bounce_due)::text from smsp_outbox"];
    assert_eq!(database.select(due).await, ["0"]);
}

async fn bounce_that_is_due_when_its_node_is_killed_is_sent_once(database: &Database) {
    let (host, senders) = hosts().await;
    let settings = telling(database, &host, &senders);
    let proxy = Proxy::start(settings.clone()).await;
    let id = queued(&proxy, "killed", &["no@a.example", "later@b.example"]).await;
    shows(&proxy, &id, &["refused", "deferred"]).await;
    // By SIGKILL.
    drop(proxy);
    database.silent_nodes_are_dead().await;
    assert_eq!((senders.heard("MAIL FROM"), database.change(IS_DUE).await), (0, 1), "it waits for what else may fail");
    for _ in 0..2 {
        let proxy = Proxy::start(settings.clone()).await;
        for bounce in told(&senders, 1).await {
            assert_eq!(bounce["groups"].as_array().map(Vec::len), Some(2), "{bounce:#}");
            assert_eq!(bounce["head"]["Subject"], "killed", "the mail is there still");
        }
        eventually("the bounce has ended", async || {
            let counts = Counts::of(&proxy.client).await;
            when((counts.status("accepted"), counts.all()) == (1, 2), || format!("{counts:?}"))
        })
        .await;
        drop(proxy);
        database.silent_nodes_are_dead().await;
        assert_eq!((senders.files().len(), database.change(IS_DUE).await), (1, 0), "nothing is due any more");
    }
}

async fn nodes_that_are_killed_while_they_tell_tell_nobody_twice(database: &Database) {
    let (host, senders) = hosts().await;
    let settings = telling(database, &host, &senders);
    let mut proxy = Proxy::start(settings.clone()).await;
    let mut ids = Vec::new();
    for round in 1..=3 {
        for number in 0..6 {
            ids.push(queued(&proxy, &format!("{round} {number}"), &["no@a.example"]).await);
        }
        host.hears("RCPT TO:<no@", round * 6 - 4).await;
        drop(proxy);
        database.silent_nodes_are_dead().await;
        proxy = Proxy::start(settings.clone()).await;
    }
    eventually("each mail has ended, and each bounce", async || {
        let counts = Counts::of(&proxy.client).await;
        let due = senders.files().len() as u64 + counts.status("unknown");
        when(counts.pending() == 0 && due >= ids.len() as u64, || format!("{counts:?} {due}"))
    })
    .await;
    let mut times = BTreeMap::new();
    for file in senders.files() {
        let id = file.lines().find_map(|line| line.strip_prefix("X-SMSP-Id: ")).expect("an id").to_owned();
        *times.entry(id).or_insert(0) += 1;
    }
    for id in ids {
        let (status, times) = (status(&proxy.client, &id).await, times.get(&id).copied().unwrap_or_default());
        assert!(times <= 1 && (times == 0 || status == "refused"), "{id} is {status} and was told {times} times");
    }
}

async fn sender_is_told_of_those_whose_time_is_over_though_the_mail_was_never_split(database: &Database) {
    let (host, senders) = hosts().await;
    let settings = telling(database, &host, &senders);
    let proxy = Proxy::start(settings.clone()).await;
    let split = queued(&proxy, "split", &["later@a.example"]).await;
    shows(&proxy, &split, &["deferred"]).await;
    drop(proxy);
    database.silent_nodes_are_dead().await;
    let proxy = Proxy::start(settings.clone().with("SMSP_OUTBOX_START", "paused")).await;
    let whole = queued(&proxy, "whole", &["x@a.example", "y@b.example"]).await;
    drop(proxy);
    database.silent_nodes_are_dead().await;
    assert_eq!((database.change(PARTS_ARE_OVER).await, database.change(MAILS_ARE_OVER).await), (1, 1));
    let proxy = Proxy::start(settings).await;
    for bounce in told(&senders, 2).await {
        assert_eq!(bounce["head"], Value::Null, "its content is gone");
        let groups = bounce["groups"].as_array().expect("groups");
        let recipients: Vec<_> = groups[1..].iter().map(|group| &group["final-recipient"]).collect();
        let expected: &[&str] = match groups[0]["x-smsp-id"].as_str() {
            Some(id) if id == split => &["rfc822; later@a.example"],
            Some(id) if id == whole => &["rfc822; x@a.example", "rfc822; y@b.example"],
            _ => panic!("{bounce:#}"),
        };
        assert_eq!(recipients, expected, "{bounce:#}");
        let code = if expected.len() == 1 { "4.2.0" } else { "4.4.7" };
        assert!(groups[1..].iter().all(|group| group["status"] == code), "{bounce:#}");
    }
    let counts = at_rest(&proxy.client).await;
    assert_eq!((counts.status("expired"), counts.status("accepted"), counts.all()), (2, 2, 4), "{counts:?}");
}
