//! A mail of the outbox can be followed in the log: by its id, from the call that has brought it to its last attempt.

use std::path::Path;

use super::*;
use crate::harness::Answer;
use crate::harness::outbox::{Store, becomes, id, queue, shown};

/// A node with an outbox in this directory.
async fn node(directory: &Path, settings: Settings) -> Proxy {
    Proxy::start(Store::sqlite(directory).under(settings)).await
}

/// The lines of the log with these values of fields, once there are so many.
async fn lines(proxy: &Proxy, count: usize, fields: &[(&str, &str)]) -> Vec<Value> {
    let is_it = |line: &Value| fields.iter().all(|(name, value)| line[*name] == *value);
    eventually(&format!("{count} lines with {fields:?}"), async || {
        let lines = proxy.logs();
        let found: Vec<_> = lines.iter().filter(|line| is_it(line)).cloned().collect();
        when(found.len() == count, || format!("{lines:#?}")).map(|()| found)
    })
    .await
}

/// The line of the request that this is the answer to.
async fn request(proxy: &Proxy, answer: &Answer) -> Value {
    let request_id = answer.header("x-request-id").expect("each answer has an id");
    lines(proxy, 1, &[("message", "request"), ("request_id", request_id)]).await.remove(0)
}

#[tokio::test]
async fn the_line_of_a_request_about_one_mail_has_its_id_and_so_have_the_attempts_that_follow() {
    let directory = tempfile::tempdir().expect("a directory");
    let proxy = node(directory.path(), Settings::mock()).await;
    let (client, mail) = (&proxy.client, mails::plain());
    let later = queue(client, &mail).await.expect(202);
    let mail_id = id(&later);
    assert_eq!(request(&proxy, &later).await["id"], *mail_id);
    let attempt = lines(&proxy, 1, &[("message", "attempt"), ("id", &mail_id)]).await.remove(0);
    assert_eq!((attempt["caller"].as_str(), attempt.get("request_id")), (Some("caller"), None), "{attempt}");
    becomes(client, &mail_id, "accepted").await;
    let answer = shown(client, &mail_id).await;
    assert_eq!(request(&proxy, &answer).await["id"], *mail_id);
    for (subject, status) in [("plain", 200), ("fail", 502)] {
        let answer = client.send(&mails::with_subject(subject)).await.expect(status);
        assert_eq!(request(&proxy, &answer).await["id"], *answer.at("/id"), "{answer}");
    }
    let malformed = client.post_raw("{", &[]).await.expect(400);
    assert_eq!(request(&proxy, &malformed).await.get("id"), None);
}

#[tokio::test]
async fn all_that_a_claim_of_a_mail_brings_about_has_its_id_and_its_caller() {
    let (directory, provider) = (tempfile::tempdir().expect("a directory"), StubProvider::sendgrid().await);
    provider.does(Reply::sendgrid_refuses(401, "no").into());
    let proxy = node(directory.path(), Settings::server().sendgrid(&provider.url())).await;
    let mail_id = id(&queue(&proxy.client, &mails::plain()).await.expect(202));
    for message in ["attempt", "circuit opened"] {
        lines(&proxy, 1, &[("message", message), ("id", &mail_id), ("caller", "caller")]).await;
    }
}

#[tokio::test]
async fn the_log_tells_each_mail_of_a_batch_and_what_is_wrong_with_the_others() {
    let directory = tempfile::tempdir().expect("a directory");
    let proxy = node(directory.path(), Settings::mock()).await;
    let mut mails: Vec<_> = (0..5).map(|place| mails::with_subject(&format!("mail {place}"))).collect();
    mails[1]["from"] = json!("canary");
    mails[2]["to"] = json!(["a@example.org", "canary"]);
    mails[3]["canary"] = json!(1);
    let batch = json!({ "messages": mails }).to_string();
    let answer = proxy.client.post_to("/outbox/batch", batch, &[]).await.expect(202);
    let line = request(&proxy, &answer).await;
    assert_eq!((&line["items"], &line["refused"], line.get("problem")), (&json!(5), &json!(3), None), "{line}");
    let request_id = line["request_id"].as_str().expect("an id");
    let queued = lines(&proxy, 2, &[("message", "message of a batch queued"), ("request_id", request_id)]).await;
    for (line, place) in queued.iter().zip([0, 4]) {
        let mail_id = answer.at(&format!("/results/{place}/mail/id")).as_str().expect("an id");
        assert_eq!((&line["index"], line["id"].as_str()), (&json!(place), Some(mail_id)), "{line}");
        lines(&proxy, 1, &[("message", "attempt"), ("id", mail_id), ("caller", "caller")]).await;
    }
    let refused = lines(&proxy, 1, &[("message", "messages of a batch refused"), ("request_id", request_id)]).await;
    assert_eq!((&refused[0]["problem"], &refused[0]["refused"]), (&json!("invalid-message"), &json!(3)));
    assert_eq!(refused[0]["fields"], "messages[1].from,messages[2].to[1],messages[3].*");
    let metrics = proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_outbox_batch_refused_total", &[]), 3, "{}", metrics.page);
    let output = proxy.process.stdout().join("\n");
    assert!(!output.contains(CANARY), "{output}");
}

#[tokio::test]
async fn a_batch_that_is_refused_throughout_writes_few_lines() {
    let directory = tempfile::tempdir().expect("a directory");
    let proxy = node(directory.path(), Settings::mock()).await;
    let mut wrong = mails::plain();
    wrong["from"] = json!("nobody");
    let batch = json!({ "messages": vec![wrong; 100] }).to_string();
    let answer = proxy.client.post_to("/outbox/batch", batch, &[]).await.expect(202);
    let request_id = answer.header("x-request-id").expect("an id").to_owned();
    let line = request(&proxy, &answer).await;
    assert_eq!((&line["items"], &line["refused"]), (&json!(100), &json!(100)), "{line}");
    let all = lines(&proxy, 2, &[("request_id", &request_id)]).await;
    let fields = all[0]["fields"].as_str().unwrap_or_else(|| panic!("{all:#?}"));
    assert_eq!((fields.split(',').count(), fields.ends_with(",...")), (11, true), "{fields}");
}
