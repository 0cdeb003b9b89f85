//! `Idempotency-Key`: the same mail under the same key has the same id, on every node and after every restart.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::harness::{Answer, Client, Proxy, RefusingPort, Reply, Settings, StubProvider, mails};

const HEADER: &str = "Idempotency-Key";
const KEY: &str = "order-4711/confirmation";

async fn id(client: &Client, key: &str, mail: &Value) -> String {
    let receipt = client.send_with(mail, &[(HEADER, key)]).await.expect(200);
    let id = receipt.json["id"].as_str().unwrap_or_default();
    assert!(id.len() == 36 && id.split('-').map(str::len).eq([8, 4, 4, 4, 12]), "no UUID: {receipt}");
    id.to_owned()
}

#[tokio::test]
async fn a_repeat_has_the_same_id_after_a_restart() {
    let first = id(&Proxy::start(Settings::mock()).await.client, KEY, &mails::plain()).await;
    let second = id(&Proxy::start(Settings::mock()).await.client, KEY, &mails::plain()).await;
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_repeat_on_another_node_has_the_same_id_at_every_provider() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let dir = tempfile::tempdir().expect("a folder");
    let nodes = [
        Proxy::start(Settings::server().mailgun(&mailgun.url())).await,
        Proxy::start(Settings::server().sendgrid(&sendgrid.url())).await,
        Proxy::start(Settings::maildir(dir.path())).await,
    ];
    let mut ids = BTreeSet::new();
    for node in &nodes {
        ids.insert(id(&node.client, KEY, &mails::plain()).await);
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    let id = ids.pop_first().expect("there is one");
    assert_eq!(mailgun.only_mail().parts("v:smsp_id"), [id.as_str()]);
    assert_eq!(sendgrid.only_mail().json()["personalizations"][0]["custom_args"]["smsp_id"], id);
    let written: Vec<_> = fs::read_dir(dir.path().join("new")).expect("a Maildir").collect();
    assert_eq!(written.len(), 1);
    let written = fs::read_to_string(written[0].as_ref().expect("a file").path()).expect("a mail");
    assert!(written.contains(&format!("Message-ID: <{id}@example.com>\r\n")), "{written}");
}

#[tokio::test]
async fn another_key_or_another_mail_is_another_id_and_without_a_key_every_mail_is() {
    let client = Proxy::start(Settings::mock()).await;
    let client = &client.client;
    let mut ids = Vec::new();
    for key in [KEY, "Order-4711/confirmation", "order-4711/confirmatio", "x"] {
        ids.push(id(client, key, &mails::plain()).await);
    }
    for (number, (field, value)) in [
        ("from", "other@example.com"),
        ("from", "Name <sender@example.com>"),
        ("to", "other@example.net"),
        ("to", "receiver@example.net, other@example.net"),
        ("cc", "other@example.net"),
        ("bcc", "other@example.net"),
        ("reply_to", "other@example.net"),
        ("subject", "hello "),
        ("text", "body\n"),
        ("html", "body"),
    ]
    .into_iter()
    .enumerate()
    {
        // On a node of its own: here the key names the first mail.
        let node = Proxy::start(Settings::mock()).await;
        ids.push(id(&node.client, KEY, &mails::but(field, json!(value))).await);
        assert_eq!(ids.len(), 5 + number);
    }
    for _ in 0..3 {
        ids.push(client.send(&mails::plain()).await.expect(200).json["id"].to_string());
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:#?}");
}

#[tokio::test]
async fn the_same_mail_in_other_words_has_the_same_id() {
    let proxy = Proxy::start(Settings::mock()).await;
    let expected = id(&proxy.client, KEY, &mails::plain()).await;
    let original = json!({"fromaddress": "sender@example.com", "toaddress": "receiver@example.net",
        "subject": "hello", "plaintextbody": "body"});
    for mail in [
        original,
        mails::but("from", json!({"email": "sender@EXAMPLE.com"})),
        mails::but("to", json!(["receiver@example.net", "receiver@example.net"])),
        mails::but("cc", json!("receiver@example.net")),
        mails::but("bcc", json!([])),
    ] {
        assert_eq!(id(&proxy.client, KEY, &mail).await, expected, "{mail}");
    }
}

fn replayed(answer: &Answer) -> Option<&str> {
    answer.header("idempotency-replayed")
}

#[tokio::test]
async fn a_repeat_after_the_answer_hears_it_again_and_sends_no_second_mail() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url()).patient_circuits()).await;
    let send = async |mail: &Value| proxy.client.send_with(mail, &[(HEADER, KEY)]).await;
    let first = send(&mails::plain()).await.expect(200);
    assert_eq!(replayed(&first), None, "{first}");
    mailgun.answers(500, "");
    for _ in 0..3 {
        let repeat = send(&mails::plain()).await.expect(200);
        assert_eq!((replayed(&repeat), &repeat.json), (Some("true"), &first.json), "{repeat}");
    }
    send(&mails::with_subject("another")).await.expect_problem(422, "none", false);
    mailgun.only_mail();
    let metrics = proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_replayed_total", &[]), 3, "{}", metrics.page);
    assert_eq!(metrics.count("smsp_held_answers", &[]), 1, "{}", metrics.page);
    proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert_eq!(mailgun.mails().len(), 2, "without a key every mail is sent");
}

#[tokio::test]
async fn a_repeat_of_an_unknown_hears_that_again_and_where_to_look_the_mail_up() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.answers(500, "");
    let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url()).patient_circuits()).await;
    let send = async || proxy.client.send_with(&mails::plain(), &[(HEADER, KEY)]).await;
    let first = send().await.expect_problem(504, "unknown", false);
    mailgun.does(Reply::mailgun_accepts().into());
    let repeat = send().await.expect_problem(504, "unknown", false);
    assert_eq!((replayed(&first), replayed(&repeat)), (None, Some("true")), "{repeat}");
    let message_id = mailgun.only_mail().parts("h:Message-Id").concat();
    let lookup = json!({"upstream": "mg", "field": "Message-ID", "value": message_id.trim_matches(['<', '>'])});
    for answer in [&first, &repeat] {
        assert_eq!(answer.json["lookup"], lookup, "{answer}");
    }
}

#[tokio::test]
async fn a_none_frees_the_key_for_a_repeat_or_for_another_mail() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url()).patient_circuits()).await;
    mailgun.does(Reply::mailgun_refuses(400, "to parameter is not a valid address").into());
    let refused = proxy.client.send_with(&mails::plain(), &[(HEADER, KEY)]).await;
    refused.expect_problem(422, "none", false);
    mailgun.does(Reply::mailgun_accepts().into());
    let other = proxy.client.send_with(&mails::with_subject("another"), &[(HEADER, KEY)]).await.expect(200);
    assert_eq!(replayed(&other), None, "{other}");
}

#[tokio::test]
async fn no_more_answers_are_held_than_may_be_and_each_eviction_is_counted() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_HELD_ANSWERS", "2")).await;
    let send = async |key: &str| proxy.client.send_with(&mails::plain(), &[(HEADER, key)]).await.expect(200);
    for key in ["a", "b", "c"] {
        assert_eq!(replayed(&send(key).await), None, "{key}");
    }
    assert_eq!(replayed(&send("b").await), Some("true"));
    assert_eq!(replayed(&send("a").await), None, "the oldest has gone");
    let metrics = proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_held_answers_evicted_total", &[]), 2, "{}", metrics.page);
}

#[tokio::test]
async fn every_visible_ascii_character_may_be_in_a_key_of_up_to_256() {
    let proxy = Proxy::start(Settings::mock()).await;
    let visible: String = ('!'..='~').collect();
    for key in ["!", "~", "0", &visible, &"k".repeat(256)] {
        id(&proxy.client, key, &mails::plain()).await;
    }
}

#[tokio::test]
async fn an_invalid_key_is_refused_by_name_and_no_provider_sees_the_mail() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url())).await;
    let long = "k".repeat(257);
    let single = ["", " ", long.as_str(), "two words", "tab\tbed", "schlüssel", "k\u{a0}", "🔑"];
    let mut cases: Vec<_> = single.iter().map(|key| vec![(HEADER, *key)]).collect();
    cases.extend([
        vec![(HEADER, "one"), (HEADER, "two")],
        vec![(HEADER, "one"), ("idempotency-key", "one")],
        vec![(HEADER, ""), (HEADER, "one")],
    ]);
    for headers in cases {
        let answer = proxy.client.send_with(&mails::plain(), &headers).await;
        let case = format!("{headers:?}: {answer}");
        assert_eq!((answer.status, answer.at("/errors/0/field")), (400, &HEADER.into()), "{case}");
        assert!(answer.at("/attempts").is_null(), "{case}");
        answer.expect_problem(400, "none", false);
    }
    assert_eq!(mailgun.connections(), 0);
}

#[tokio::test]
async fn idempotency_key_and_failover_header_work_together() {
    let (nobody, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), &sendgrid.url()).patient_circuits();
    let proxy = Proxy::start(settings).await;
    let headers = [(HEADER, KEY), ("X-SMSP-Failover", "never")];
    let answer = proxy.client.send_with(&mails::plain(), &headers).await.expect_problem(502, "none", true);
    assert_eq!(answer.attempts(), ["mg:unavailable"], "{answer}");
    assert_eq!(sendgrid.connections(), 0);
    assert_eq!(answer.json["id"], id(&proxy.client, KEY, &mails::plain()).await, "the header is no part of the mail");
}
