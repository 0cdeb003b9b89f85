//! What each recipient is told, by stage and code.

use super::*;
use Outcome::{Accepted, Deferred, MessageRejected, Throttled, Unavailable};

/// What one recipient of a host is told that gives this answer, and the code that goes with it.
async fn end(at: &'static str, answer: &'static str) -> (Outcome, Reason, Option<String>) {
    let stub = Stub::that(at, Act::Say(answer.to_owned())).await;
    let report = sent(&transmitter(), &targets(&[stub.port]), &mail()).await;
    let end = &report.recipients[0];
    (end.outcome, end.reason, end.code.map(|code| code.to_string()))
}

#[tokio::test]
async fn an_answer_is_judged_by_its_class_and_its_code_is_kept() {
    for (at, answer, outcome, code) in [
        ("CONNECT", "554 5.7.1 not you", Unavailable, Some("5.7.1")),
        ("EHLO", "421 later", Throttled, None),
        ("MAIL", "450 4.1.8 no such domain", Deferred, Some("4.1.8")),
        ("MAIL", "451 4.3.2 closing down", Throttled, Some("4.3.2")),
        ("MAIL", "553 5.1.8 no such domain", MessageRejected, Some("5.1.8")),
        ("MAIL", "354 what", Unavailable, None),
        ("RCPT", "450 4.2.0 greylisted", Deferred, Some("4.2.0")),
        ("RCPT", "452 4.2.2 full", Deferred, Some("4.2.2")),
        ("RCPT", "451 4.4.5 congestion", Throttled, Some("4.4.5")),
        ("RCPT", "550 5.1.1 unknown", MessageRejected, Some("5.1.1")),
        ("RCPT", "550 5.7.1 not from you", MessageRejected, Some("5.7.1")),
        ("RCPT", "552 5.2.2 full", MessageRejected, Some("5.2.2")),
        ("RCPT", "553 no", MessageRejected, None),
        ("RCPT", "556 5.1.10 null MX", MessageRejected, Some("5.1.10")),
        ("RCPT", "252 perhaps", Unavailable, None),
        ("RCPT", "552 too many", Deferred, None),
        ("RCPT", "550 5.5.3 too many", Deferred, Some("5.5.3")),
        ("DATA", "451 4.3.0 later", Deferred, Some("4.3.0")),
        ("DATA", "554 5.5.1 nobody", MessageRejected, Some("5.5.1")),
        (".", "451 4.7.1 later", Deferred, Some("4.7.1")),
        (".", "554 5.7.1 spam", MessageRejected, Some("5.7.1")),
        (".", "552 5.3.4 large", MessageRejected, Some("5.3.4")),
        (".", "250 2.6.0 queued", Accepted, Some("2.6.0")),
        ("RCPT", "251 will forward", Accepted, Some("2.0.0")),
    ] {
        let number = answer[..3].parse().unwrap();
        let reason = if at == "RCPT" && outcome == Accepted { Reason::Smtp(250) } else { Reason::Smtp(number) };
        assert_eq!(end(at, answer).await, (outcome, reason, code.map(str::to_owned)), "{at} {answer}");
    }
}

/// By its name, a recipient is taken or not.
async fn judging() -> Stub {
    Stub::new(|_, line| match line {
        "RCPT TO:<unknown@example.net>" => Act::say("550 5.1.1 unknown"),
        "RCPT TO:<full@example.net>" => Act::say("452 4.2.2 full"),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn each_recipient_is_told_of_its_own() {
    let stub = judging().await;
    let mail = mail_to(&["unknown@example.net", "b@example.net", "full@example.net"]);
    let report = sent(&transmitter(), &targets(&[stub.port]), &mail).await;
    let unknown = (MessageRejected, Reason::Smtp(550));
    assert_eq!(told(&report), [unknown, TAKEN, (Deferred, Reason::Smtp(452))]);
}

#[tokio::test]
async fn no_data_is_said_where_nobody_gets_the_mail() {
    let stub = judging().await;
    let mail = mail_to(&["unknown@example.net", "full@example.net"]);
    sent(&transmitter(), &targets(&[stub.port]), &mail).await;
    assert_eq!(words(&stub), "EHLO MAIL RCPT RCPT");
}

#[tokio::test]
async fn what_becomes_of_the_mail_is_told_to_those_alone_whom_it_was_for() {
    let stub = Stub::new(|_, line| match line {
        "RCPT TO:<unknown@example.net>" => Act::say("550 5.1.1 unknown"),
        "." => Act::say("451 4.3.0 later"),
        _ => None,
    })
    .await;
    let mail = mail_to(&["unknown@example.net", "b@example.net"]);
    let report = sent(&transmitter(), &targets(&[stub.port]), &mail).await;
    assert_eq!(told(&report), [(MessageRejected, Reason::Smtp(550)), (Deferred, Reason::Smtp(451))]);
}

/// A host with room for two recipients in a transaction.
async fn narrow(refusal: &'static str, closes: bool) -> Stub {
    let seen = std::sync::atomic::AtomicUsize::new(0);
    Stub::new(move |_, line| {
        use std::sync::atomic::Ordering::SeqCst;
        match line.split([' ', ':']).next().unwrap_or_default() {
            "RSET" if closes => return Some(Act::Close),
            "MAIL" => seen.store(0, SeqCst),
            "RCPT" if seen.fetch_add(1, SeqCst) >= 2 => return Act::say(refusal),
            _ => {}
        }
        None
    })
    .await
}

#[tokio::test]
async fn recipients_that_are_too_many_for_a_transaction_get_the_mail_in_the_next() {
    let five = ["b@example.net", "c@example.net", "d@example.net", "e@example.net", "f@example.net"];
    for refusal in ["452 4.5.3 too many", "452 too many", "552 too many", "550 5.5.3 too many"] {
        let stub = narrow(refusal, false).await;
        let report = sent(&transmitter(), &targets(&[stub.port]), &mail_to(&five)).await;
        assert_eq!(told(&report), [TAKEN; 5], "{refusal}");
        assert_eq!((stub.connections(), count(&stub, "RSET"), count(&stub, "DATA")), (1, 2, 3), "{refusal}");
    }
    // One that hangs up instead has taken the mail for the first.
    let stub = narrow("452 4.5.3 too many", true).await;
    let report = sent(&transmitter(), &targets(&[stub.port]), &mail_to(&five[..3])).await;
    assert_eq!(told(&report), [TAKEN, TAKEN, (Deferred, Reason::Smtp(452))]);
}

#[tokio::test]
async fn a_reply_is_read_up_to_a_length_that_all_its_lines_have_together() {
    for (lines, expected) in [(4, (MessageRejected, Reason::Smtp(550))), (5, (Unavailable, Reason::UnreadableAnswer))] {
        let line = "x".repeat(4000);
        let answer = format!("{}550 no", format!("550-{line}\r\n").repeat(lines));
        let stub = Stub::that("RCPT", Act::Say(answer)).await;
        let report = sent(&transmitter(), &targets(&[stub.port]), &mail()).await;
        assert_eq!(told(&report), [expected], "{lines}");
    }
}
