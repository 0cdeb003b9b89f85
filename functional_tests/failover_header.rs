//! `X-SMSP-Failover` lowers, for one mail, what the node would do after a failure. It never raises it.

use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, mails};

const HEADER: &str = "X-SMSP-Failover";

async fn node(failover: &str, mailgun: &StubProvider, sendgrid: &StubProvider) -> Proxy {
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).patient_circuits();
    Proxy::start(settings.with("SMSP_FAILOVER", failover)).await
}

/// Who is asked when Mailgun does this, on such a node, with and without these words in the header.
async fn asked(failover: &str, behaviour: Behaviour, expected: [(Option<&str>, u16, &[&str]); 3]) {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(behaviour);
    let proxy = node(failover, &mailgun, &sendgrid).await;
    let mut behind = 0;
    for (word, status, attempts) in expected {
        let headers: Vec<_> = word.map(|word| (HEADER, word)).into_iter().collect();
        let answer = proxy.client.send_with(&mails::plain(), &headers).await;
        assert_eq!((answer.status, answer.attempts()), (status, owned(attempts)), "{failover} {word:?} {answer}");
        behind += usize::from(attempts.len() == 2);
        assert_eq!(sendgrid.mails().len(), behind, "{failover} {word:?} {answer}");
    }
    assert_eq!(mailgun.mails().len(), 3, "once for each mail");
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn failover_header_safe_stops_failover_always_after_an_unknown() {
    let both: &[_] = &["mg:unknown", "sg:accepted"];
    let (safe, never) = ((Some("safe"), 504, &["mg:unknown"][..]), (Some("never"), 504, &["mg:unknown"][..]));
    asked("always", Behaviour::Close, [safe, never, (None, 200, both)]).await;
}

#[tokio::test]
async fn failover_header_cannot_raise_failover_after_an_unknown() {
    for failover in ["safe", "never"] {
        let one: &[_] = &["mg:unknown"];
        asked(failover, Behaviour::Close, [(None, 504, one), (Some("safe"), 504, one), (Some("never"), 504, one)])
            .await;
    }
}

#[tokio::test]
async fn failover_header_never_stops_failover_after_a_refusal() {
    for failover in ["always", "safe"] {
        let (one, both): (&[_], &[_]) = (&["mg:unlisted"], &["mg:unlisted", "sg:accepted"]);
        let teapot = Reply::mailgun_refuses(418, "teapot").into();
        asked(failover, teapot, [(Some("never"), 502, one), (Some("safe"), 200, both), (None, 200, both)]).await;
    }
}

#[tokio::test]
async fn failover_header_cannot_raise_failover_after_a_refusal() {
    let (one, teapot): (&[_], _) = (&["mg:unlisted"], Reply::mailgun_refuses(418, "teapot").into());
    asked("never", teapot, [(Some("safe"), 502, one), (None, 502, one), (Some("never"), 502, one)]).await;
}

#[tokio::test]
async fn invalid_failover_header_is_refused_by_name_and_nothing_is_sent() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    for failover in ["always", "never"] {
        let proxy = node(failover, &mailgun, &sendgrid).await;
        for word in [
            "always",
            "Always",
            "Never",
            "NEVER",
            "Safe",
            "",
            " ",
            "safe,never",
            "never;",
            "\"never\"",
            "0",
            "off",
            "none",
            "nevér",
            "\u{a0}never",
            "safe\tnever",
            "saf",
            "safer",
        ] {
            is_refused(&proxy, &[(HEADER, word)]).await;
        }
        is_refused(&proxy, &[(HEADER, "never"), (HEADER, "safe")]).await;
        is_refused(&proxy, &[(HEADER, "never"), (HEADER, "never")]).await;
        is_refused(&proxy, &[(HEADER, "never"), ("x-smsp-failover", "")]).await;
    }
    assert_eq!((mailgun.connections(), sendgrid.connections()), (0, 0));
}

async fn is_refused(proxy: &Proxy, headers: &[(&str, &str)]) {
    let answer = proxy.client.send_with(&mails::plain(), headers).await;
    let case = format!("{headers:?}: {answer}");
    assert_eq!((answer.status, answer.at("/errors/0/field")), (400, &HEADER.into()), "{case}");
    assert!(answer.at("/errors/1").is_null() && answer.at("/attempts").is_null(), "{case}");
    answer.expect_problem(400, "none", false);
}
