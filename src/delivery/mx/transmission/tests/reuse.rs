//! Sessions that carry more than one mail.

use super::*;

#[tokio::test]
async fn a_session_carries_the_next_mail_after_rset() {
    let (stub, transmitter) = (Stub::new(|_, _| None).await, transmitter());
    for _ in 0..3 {
        assert_eq!(told(&sent(&transmitter, &targets(&[stub.port]), &mail()).await), [TAKEN]);
    }
    let lines = "Subject  text .. .";
    let golden = format!("EHLO MAIL RCPT DATA {lines} RSET MAIL RCPT DATA {lines} RSET MAIL RCPT DATA {lines}");
    assert_eq!((words(&stub), stub.connections()), (golden, 1));
}

#[tokio::test]
async fn a_session_carries_a_hundred_mails_and_no_more() {
    let (stub, transmitter) = (Stub::new(|_, _| None).await, transmitter());
    for number in 1..=101 {
        assert_eq!(told(&sent(&transmitter, &targets(&[stub.port]), &mail()).await), [TAKEN]);
        assert_eq!(stub.connections(), if number <= 100 { 1 } else { 2 }, "{number}");
    }
}

#[tokio::test]
async fn a_session_is_not_used_again_after_any_other_answer_than_the_usual() {
    for (at, answer) in [
        ("MAIL", "451 4.3.0 later"),
        ("RCPT TO:<c@", "550 5.1.1 unknown"),
        ("RCPT TO:<c@", "452 4.2.2 full"),
        ("DATA", "451 4.3.0 later"),
        (".", "554 5.7.1 spam"),
        (".", "354 what"),
    ] {
        let stub = Stub::that(at, Act::Say(answer.to_owned())).await;
        let transmitter = transmitter();
        for _ in 0..2 {
            sent(&transmitter, &targets(&[stub.port]), &mail_to(&["b@example.net", "c@example.net"])).await;
        }
        assert_eq!(stub.connections(), 2, "{at} {answer}");
    }
}

#[tokio::test]
async fn a_kept_session_that_has_gone_costs_a_new_one_and_nothing_else() {
    for gone in [Act::Close, Act::Say("421 4.4.2 timeout".to_owned()), Act::Say("502 what".to_owned())] {
        let stub = Stub::that("RSET", gone).await;
        let transmitter = transmitter();
        for _ in 0..2 {
            assert_eq!(told(&sent(&transmitter, &targets(&[stub.port]), &mail()).await), [TAKEN]);
        }
        assert_eq!((stub.connections(), count(&stub, "DATA")), (2, 2));
    }
}

#[tokio::test]
async fn a_kept_session_that_refuses_the_mail_is_not_asked_again() {
    let stub = Stub::new(|_, line| match line {
        "MAIL FROM:<>" => Act::say("451 4.7.1 no bounces now"),
        line if line.starts_with("EHLO") => Act::say("250 stub"),
        _ => None,
    })
    .await;
    let transmitter = transmitter();
    assert_eq!(told(&sent(&transmitter, &targets(&[stub.port]), &mail()).await), [TAKEN]);
    let bounce = Mail::new(None, vec!["b@example.net".parse().unwrap()], FILE.into());
    let report = sent(&transmitter, &targets(&[stub.port]), &bounce).await;
    assert_eq!(told(&report), [(Outcome::Deferred, Reason::Smtp(451))]);
    assert_eq!((stub.connections(), count(&stub, "MAIL FROM:<>")), (1, 1));
    // The next address is.
    let other = Stub::new(|_, _| None).await;
    assert_eq!(told(&sent(&transmitter, &targets(&[stub.port, other.port]), &mail()).await), [TAKEN]);
    assert_eq!(told(&sent(&transmitter, &targets(&[stub.port, other.port]), &bounce).await), [TAKEN]);
    assert_eq!((count(&stub, "MAIL FROM:<>"), other.connections()), (2, 1));
}

#[tokio::test]
async fn a_kept_session_goes_before_other_addresses_of_the_first_host_and_before_no_other_host() {
    let (one, two, backup) = (Stub::new(|_, _| None).await, Stub::new(|_, _| None).await, Stub::new(|_, _| None).await);
    let transmitter = transmitter();
    let backup_target = Target { host: "backup.example.net".into(), ..target(backup.port) };
    assert_eq!(told(&sent(&transmitter, std::slice::from_ref(&backup_target), &mail()).await), [TAKEN]);
    // As a look-up shuffles them.
    for first in [[target(one.port), target(two.port)], [target(two.port), target(one.port)]] {
        let all = [&first[..], std::slice::from_ref(&backup_target)].concat();
        assert_eq!(told(&sent(&transmitter, &all, &mail()).await), [TAKEN]);
    }
    assert_eq!([&one, &two, &backup].map(|stub| count(stub, "DATA")), [2, 0, 1]);
}

#[tokio::test]
async fn a_kept_session_carries_the_mail_when_its_turn_comes() {
    let ((closed, _socket), backup) = (closed_port(), Stub::new(|_, _| None).await);
    let transmitter = transmitter();
    for _ in 0..2 {
        assert_eq!(told(&sent(&transmitter, &targets(&[closed, backup.port]), &mail()).await), [TAKEN]);
    }
    assert_eq!((backup.connections(), count(&backup, "DATA")), (1, 2));
}

#[tokio::test]
async fn a_session_serves_one_level_and_one_host_name_alone() {
    let (stub, transmitter) = (Stub::new(|_, _| None).await, transmitter());
    let mine = targets(&[stub.port]);
    assert_eq!(told(&sent(&transmitter, &mine, &mail()).await), [TAKEN]);
    let report = sent_with(&transmitter, &mine, Level::Required, &mail()).await;
    assert_eq!(told(&report), [(Outcome::Unavailable, Reason::Tls)], "it was kept in clear");
    let other = Target { host: "other.example.net".into(), ..target(stub.port) };
    assert_eq!(told(&sent(&transmitter, &[other], &mail()).await), [TAKEN]);
    assert_eq!(stub.connections(), 3);
}

/// A host that says this beside its answer to a line, once.
async fn talkative(at: &'static str, more: &'static str) -> Stub {
    let said = std::sync::atomic::AtomicBool::new(false);
    Stub::new(move |_, line| {
        let is_first = line.starts_with(at) && !said.swap(true, std::sync::atomic::Ordering::SeqCst);
        match line {
            _ if is_first => Some(Act::Say(format!("{}\r\n{more}", if at == "DATA" { "354 go on" } else { "250 ok" }))),
            "RCPT TO:<unknown@example.net>" => Act::say("550 5.1.1 unknown"),
            _ => None,
        }
    })
    .await
}

#[tokio::test]
async fn a_session_in_which_a_mail_was_answered_twice_carries_no_other() {
    let (stub, transmitter) = (talkative(".", "250 ok again").await, transmitter());
    assert_eq!(told(&sent(&transmitter, &targets(&[stub.port]), &mail()).await), [TAKEN]);
    let next = mail_to(&["unknown@example.net", "b@example.net"]);
    let report = sent(&transmitter, &targets(&[stub.port]), &next).await;
    assert_eq!(told(&report), [(Outcome::MessageRejected, Reason::Smtp(550)), TAKEN]);
    assert_eq!((stub.connections(), count(&stub, "RSET")), (2, 0));
}

#[tokio::test]
async fn a_reply_too_many_is_nobodys_verdict() {
    let odd = (Outcome::Unavailable, Reason::UnreadableAnswer);
    for (at, more, expected) in [
        ("MAIL", "550 5.1.1 unknown", odd),
        ("RCPT", "550 5.1.1 unknown", odd),
        ("DATA", "250 ok", odd),
        ("DATA", "552 5.3.4 too large", (Outcome::MessageRejected, Reason::Smtp(552))),
        ("DATA", "451 4.3.0 later", (Outcome::Deferred, Reason::Smtp(451))),
    ] {
        let stub = talkative(at, more).await;
        let report = sent(&transmitter(), &targets(&[stub.port]), &mail()).await;
        assert_eq!(told(&report), [expected], "{at} {more}");
        assert!(!stub.heard().iter().any(|line| line == "."), "{at} {more}: the end of the mail was written");
    }
}
