//! The walk from address to address: on after what is refused for now, and no further after anything else.

use super::*;

async fn saying(at: &'static str, answer: &str) -> Stub {
    Stub::that(at, Act::Say(answer.to_owned())).await
}

async fn willing() -> Stub {
    Stub::new(|_, _| None).await
}

#[tokio::test]
async fn what_is_refused_for_now_at_one_address_is_taken_at_the_next() {
    for (at, answer) in [
        ("CONNECT", "421 4.3.2 later"),
        ("CONNECT", "554 5.7.1 not you"),
        ("EHLO", "451 later"),
        ("MAIL", "451 4.7.1 greylisted"),
        ("MAIL", "421 4.7.0 goodbye"),
        ("RCPT", "450 4.2.0 greylisted"),
        ("RCPT", "421 4.7.0 goodbye"),
        ("DATA", "451 4.3.0 later"),
        (".", "452 4.3.1 full"),
    ] {
        let (first, second) = (saying(at, answer).await, willing().await);
        let report = sent(&transmitter(), &targets(&[first.port, second.port]), &mail()).await;
        assert_eq!((told(&report), report.contact), (vec![TAKEN], Contact::Served), "{at} {answer}");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_reached_or_breaks_off_is_left_for_the_next() {
    for at in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"] {
        let (first, second) = (Stub::that(at, Act::Close).await, willing().await);
        let report = sent(&transmitter(), &targets(&[first.port, second.port]), &mail()).await;
        assert_eq!(told(&report), [TAKEN], "{at}");
    }
    let ((closed, _socket), second) = (closed_port(), willing().await);
    let report = sent(&transmitter(), &targets(&[closed, second.port]), &mail()).await;
    assert_eq!(told(&report), [TAKEN]);
}

#[tokio::test]
async fn what_is_refused_for_good_is_refused_at_no_other_address() {
    for (at, answer, code) in [
        ("MAIL", "550 5.7.1 blocked", 550),
        ("RCPT", "550 5.1.1 unknown", 550),
        ("DATA", "554 5.7.0 no", 554),
        (".", "554 5.7.1 spam", 554),
    ] {
        let (first, second) = (saying(at, answer).await, willing().await);
        let report = sent(&transmitter(), &targets(&[first.port, second.port]), &mail()).await;
        assert_eq!(told(&report), [(Outcome::MessageRejected, Reason::Smtp(code))], "{at}");
        assert!(report.recipients[0].is_refused() && second.connections() == 0, "{at}");
    }
}

#[tokio::test]
async fn what_was_taken_goes_nowhere_else() {
    let (first, second) = (willing().await, willing().await);
    let report = sent(&transmitter(), &targets(&[first.port, second.port]), &mail()).await;
    assert_eq!((told(&report), second.connections()), (vec![TAKEN], 0));
}

#[tokio::test]
async fn what_may_have_been_taken_goes_nowhere_else() {
    for (act, reason) in [
        (Act::Close, Reason::ConnectionLost),
        (Act::Say("354 what".to_owned()), Reason::Smtp(354)),
        (Act::Say("hello".to_owned()), Reason::UnreadableAnswer),
    ] {
        let (first, second) = (Stub::that(".", act).await, willing().await);
        let report = sent(&transmitter(), &targets(&[first.port, second.port]), &mail()).await;
        assert_eq!((told(&report), second.connections()), (vec![(Outcome::Unknown, reason)], 0));
        assert!(!report.recipients[0].is_pending() && !report.recipients[0].is_refused());
    }
}

#[tokio::test]
async fn each_recipient_gets_the_mail_once_where_one_address_takes_a_part_of_them() {
    let refuses =
        |_: usize, line: &str| (line == "RCPT TO:<c@example.net>").then(|| Act::say("450 4.2.0 later")).flatten();
    let (first, second) = (Stub::new(refuses).await, willing().await);
    let mail = mail_to(&["b@example.net", "c@example.net", "d@example.net"]);
    let report = sent(&transmitter(), &targets(&[first.port, second.port]), &mail).await;
    assert_eq!(told(&report), [TAKEN; 3]);
    let rcpt: Vec<_> = second.heard().into_iter().filter(|line| line.starts_with("RCPT")).collect();
    assert_eq!(rcpt, ["RCPT TO:<c@example.net>"]);
}

#[tokio::test]
async fn two_hosts_that_put_a_mail_off_are_enough_and_those_that_do_not_greet_do_not_count() {
    let (mut stubs, mut ports) = (Vec::new(), Vec::new());
    for at in ["CONNECT", "RCPT", "CONNECT", "RCPT", "RCPT"] {
        let stub = saying(at, "450 4.2.0 later").await;
        ports.push(stub.port);
        stubs.push(stub);
    }
    let report = sent(&transmitter(), &targets(&ports), &mail()).await;
    assert_eq!(told(&report), [(Outcome::Deferred, Reason::Smtp(450))]);
    assert_eq!(stubs.iter().map(Stub::connections).collect::<Vec<_>>(), [1, 1, 1, 1, 0]);
}

#[tokio::test]
async fn no_more_than_five_addresses_are_tried() {
    let ((closed, _socket), sixth) = (closed_port(), willing().await);
    let mut all = targets(&[closed; 5]);
    // Each is another one.
    (1..).zip(&mut all).for_each(|(last, target)| target.address.set_ip([127, 0, 0, last].into()));
    all.push(target(sixth.port));
    let report = sent(&transmitter(), &all, &mail()).await;
    assert_eq!((told(&report), report.contact), (vec![(Outcome::Unavailable, Reason::Connect)], Contact::Failed));
    assert_eq!(sixth.connections(), 0);
    assert_eq!(told(&sent(&transmitter(), &all[1..], &mail()).await), [TAKEN]);
}

#[tokio::test]
async fn what_a_host_has_said_is_told_rather_than_that_another_cannot_be_reached() {
    let (first, (closed, _socket)) = (saying("RCPT", "450 4.2.0 later").await, closed_port());
    for ports in [[first.port, closed], [closed, first.port]] {
        let report = sent(&transmitter(), &targets(&ports), &mail()).await;
        let said = (vec![(Outcome::Deferred, Reason::Smtp(450))], Contact::Served);
        assert_eq!((told(&report), report.contact), said);
    }
}

#[tokio::test]
async fn a_site_that_asks_to_wait_is_told_from_one_that_fails() {
    for (at, answer, contact) in [
        ("CONNECT", "421 4.7.0 too many connections", Contact::Throttled),
        ("CONNECT", "554 no", Contact::Failed),
        ("MAIL", "421 4.7.0 goodbye", Contact::Throttled),
        ("RCPT", "450 4.7.28 rate", Contact::Throttled),
        ("RCPT", "450 4.2.0 later", Contact::Served),
        ("RCPT", "550 5.1.1 unknown", Contact::Served),
    ] {
        let stub = saying(at, answer).await;
        assert_eq!(sent(&transmitter(), &targets(&[stub.port]), &mail()).await.contact, contact, "{at} {answer}");
    }
}

#[tokio::test]
async fn after_silence_about_the_mail_nobody_else_is_asked_for_those_who_wait() {
    let first = Stub::new(|_, line| match line {
        "RCPT TO:<c@example.net>" => Act::say("450 4.2.0 later"),
        "." => Some(Act::Close),
        _ => None,
    })
    .await;
    let second = willing().await;
    let mail = mail_to(&["b@example.net", "c@example.net"]);
    let report = sent(&transmitter(), &targets(&[first.port, second.port]), &mail).await;
    let lost = (Outcome::Unknown, Reason::ConnectionLost);
    assert_eq!((told(&report), second.connections()), (vec![lost, (Outcome::Deferred, Reason::Smtp(450))], 0));
}

fn two_hosts(first: &Stub, second: &Stub) -> [Target; 2] {
    [target(first.port), Target { host: "other.example.net".into(), ..target(second.port) }]
}

#[tokio::test]
async fn an_address_that_could_not_be_spoken_to_is_tried_last_for_a_while_and_not_left_out() {
    let (first, second) = (Stub::that("CONNECT", Act::Close).await, Stub::that("RCPT TO:<c@", Act::Close).await);
    let (transmitter, both) = (transmitter(), two_hosts(&first, &second));
    for _ in 0..3 {
        assert_eq!(told(&sent(&transmitter, &both, &mail()).await), [TAKEN]);
    }
    assert_eq!((first.connections(), second.connections()), (1, 1));
    sent(&transmitter, &both, &mail_to(&["c@example.net"])).await;
    assert_eq!(first.connections(), 2, "it is asked where the others do not take the mail");
}

#[tokio::test]
async fn an_address_that_refuses_a_session_keeps_its_place() {
    let (first, second) = (saying("CONNECT", "421 4.7.0 too many connections").await, willing().await);
    let (transmitter, both) = (transmitter(), two_hosts(&first, &second));
    for _ in 0..2 {
        assert_eq!(told(&sent(&transmitter, &both, &mail()).await), [TAKEN]);
    }
    assert_eq!(first.connections(), 2);
}

/// No machine has a way to the broadcast address by TCP.
#[tokio::test]
async fn an_address_without_a_way_to_it_isolates_this_machine_unless_it_has_reached_another() {
    let (host, transmitter) = (Stub::new(|_, _| None).await, transmitter());
    let nowhere = [Target { host: "mx.example.net".into(), address: ([255, 255, 255, 255], 25).into() }];
    let report = sent(&transmitter, &nowhere, &mail()).await;
    assert_eq!((told(&report), report.contact), (vec![(Outcome::Unavailable, Reason::Connect)], Contact::Failed));
    assert!(report.is_isolated);
    let report = sent(&transmitter, &targets(&[host.port]), &mail()).await;
    assert!(told(&report) == [TAKEN] && !report.is_isolated);
    assert!(!sent(&transmitter, &nowhere, &mail()).await.is_isolated);
}

#[tokio::test]
async fn a_host_that_was_connected_to_shows_that_there_is_a_way_out_though_it_refuses_us() {
    let (host, transmitter) = (saying("CONNECT", "554 5.7.1 not you").await, transmitter());
    sent(&transmitter, &targets(&[host.port]), &mail()).await;
    let nowhere = [Target { host: "mx.example.net".into(), address: ([255, 255, 255, 255], 25).into() }];
    assert!(!sent(&transmitter, &nowhere, &mail()).await.is_isolated);
}
