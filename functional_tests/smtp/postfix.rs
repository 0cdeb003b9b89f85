//! What a strict mail server says to our mails as a relay. For `scripts/check --long`.

use mail_parser::MessageParser;
use serde_json::json;

use super::relay;
use crate::harness::postfix::Postfix;
use crate::harness::{Proxy, mails};

#[tokio::test]
#[ignore = "scripts/check --long runs it, as root"]
async fn postfix_takes_what_it_should_and_refuses_the_rest_as_the_table_has_it() {
    let Some(postfix) = Postfix::start("", &[]).await else { return };
    let proxy = Proxy::start(relay(&postfix.port).with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "100")).await;
    let large = "x".repeat(30_000);
    for (field, value, attempt, reason) in [
        ("to", json!("nobody@example.net"), "smtp:message_rejected", "smtp_550"),
        ("text", json!(large), "smtp:not_capable", "size"),
    ] {
        let answer = proxy.client.send(&mails::but(field, value)).await;
        assert_eq!(answer.attempts(), [attempt], "{answer}");
        assert_eq!(answer.at("/attempts/0/reason"), reason, "{answer}");
    }
    let to = json!(["receiver@example.net", "nobody@example.net"]);
    let partly = proxy.client.send(&mails::but("to", to)).await.expect(200);
    let recipients = json!([
        {"email": "receiver@example.net", "outcome": "accepted", "reason": "smtp_250", "retryable": false},
        {"email": "nobody@example.net", "outcome": "message_rejected", "reason": "smtp_550", "retryable": false},
    ]);
    assert_eq!(partly.json["recipients"], recipients, "{partly}");
    let files = postfix.keeps(1).await;
    let mail = MessageParser::default().parse(&files[0]).expect("it is a mail");
    assert_eq!((mail.subject(), mail.body_text(0).as_deref().map(str::trim)), (Some("hello"), Some("body")));
    let relayed = proxy.client.send(&mails::but("to", json!("x@elsewhere.example.org"))).await;
    assert_eq!(relayed.attempts(), ["smtp:not_capable"], "{relayed}");
}

#[tokio::test]
#[ignore = "scripts/check --long runs it, as root"]
async fn postfix_takes_as_many_recipients_as_it_may_and_the_others_are_put_off() {
    let Some(postfix) = Postfix::start("", &[]).await else { return };
    let settings = relay(&postfix.port).with("SMSP_SMTP_HELO", "mail.example.org").with("SMSP_MAX_RECIPIENTS", "150");
    let proxy = Proxy::start(settings).await;
    let to: Vec<_> = (0..150).map(|number| format!("r{number}@example.net")).collect();
    let answer = proxy.client.send(&mails::but("to", json!(to))).await.expect(200);
    let told = answer.json["recipients"].as_array().expect("it was taken for some");
    let count = |word: &str| told.iter().filter(|recipient| recipient["outcome"] == word).count();
    assert_eq!((count("accepted"), count("deferred")), (100, 50), "{answer}");
    assert_eq!(told[100]["reason"], "smtp_452", "{answer}");
    postfix.keeps(100).await;
}
