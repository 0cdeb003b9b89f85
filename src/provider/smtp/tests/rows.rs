//! Every row of the table: where in the conversation, what is said, what it comes to.

use super::*;

async fn verdict_of(at: &'static str, act: Act) -> Verdict {
    let stub = Stub::that(at, act).await;
    let verdict = with_login(smtp(stub.port)).first(&mail()).await;
    if verdict.outcome != Outcome::Accepted && at != "." {
        assert!(!stub.heard().contains(&".".to_owned()), "{at}: {:?}", stub.heard());
    }
    verdict
}

async fn check(at: &'static str, rows: &[(&str, Outcome)]) {
    for (text, outcome) in rows {
        let code = text[..3].parse().unwrap();
        assert_eq!(verdict_of(at, Act::Say((*text).to_owned())).await, is(*outcome, code), "{at}: {text}");
    }
}

#[tokio::test]
async fn a_greeting_that_is_none_is_a_relay_that_is_not_there() {
    use Outcome::*;
    check(
        "CONNECT",
        &[("421 4.3.2 later", Unavailable), ("554 no service", Unavailable), ("521 no mail", Unavailable)],
    )
    .await;
    check("EHLO", &[("421 later", Unavailable), ("503 what", Unavailable), ("554 no", Unavailable)]).await;
}

#[tokio::test]
async fn a_login_that_is_refused_is_an_account_that_is_refused() {
    use Outcome::*;
    let rows = [
        ("535 5.7.8 bad credentials", AccountRefused),
        ("534 5.7.9 too weak", AccountRefused),
        ("538 5.7.11 not without encryption", AccountRefused),
        ("530 5.7.0 more is needed", AccountRefused),
        ("504 5.5.4 no such mechanism", AccountRefused),
        ("454 4.7.0 later", Throttled),
        ("451 later", Throttled),
        ("421 later", Throttled),
        ("250 out of step", Unavailable),
    ];
    check("AUTH", &rows).await;
}

#[tokio::test]
async fn a_sender_that_is_refused_is_so_here_alone() {
    use Outcome::*;
    let rows = [
        ("550 5.7.1 not yours", SenderRejected),
        ("553 5.7.1 not owned by user", SenderRejected),
        ("554 no", SenderRejected),
        ("530 5.7.0 no", AccountRefused),
        ("552 5.3.4 too large", NotCapable),
        ("501 5.1.7 bad address", MessageRejected),
        ("421 4.7.0 later", Throttled),
        ("450 later", Throttled),
        ("451 later", Throttled),
        ("452 4.3.1 full", Throttled),
        ("454 Throttling failure: Daily message quota exceeded", Throttled),
        ("555 no such parameter", Unclassified),
        ("503 out of order", Unclassified),
        ("354 out of step", Unavailable),
    ];
    check("MAIL", &rows).await;
}

#[tokio::test]
async fn a_recipient_that_is_refused_is_at_fault_itself_unless_the_relay_does_not_go_there() {
    use Outcome::*;
    let rows = [
        ("550 5.1.1 unknown", MessageRejected),
        ("550 no such user", MessageRejected),
        ("553 5.1.3 what", MessageRejected),
        ("556 5.1.10 null MX", MessageRejected),
        ("501 5.1.3 bad address", MessageRejected),
        ("551 not local", MessageRejected),
        ("552 5.2.2 mailbox full", MessageRejected),
        ("554 5.7.1 <b>: Relay access denied", NotCapable),
        ("550 relaying denied", NotCapable),
        ("550 5.7.64 TenantAttribution; Relay Access Denied", NotCapable),
        ("554 5.7.1 <x>: Client host rejected: Access denied", NotCapable),
        ("530 5.7.0 Authentication required", AccountRefused),
        ("550 5.7.1 policy", NotCapable),
        ("554 5.1.8 bad outbound sender", SenderRejected),
        ("452 4.5.3 too many recipients", Throttled),
        ("552 too many recipients", Throttled),
        ("421 4.7.0 goodbye", Throttled),
        ("450 4.2.1 greylisted", Throttled),
        ("454 Throttling failure: Maximum sending rate exceeded", Throttled),
        ("554 failed", Unclassified),
        ("503 out of order", Unclassified),
    ];
    check("RCPT", &rows).await;
}

#[tokio::test]
async fn a_mail_that_is_refused_at_data_or_at_its_end_has_not_been_taken() {
    use Outcome::*;
    let rows = [
        ("552 5.3.4 too large", NotCapable),
        ("552 too large", NotCapable),
        ("554 5.6.0 malformed", MessageRejected),
        ("550 5.6.1 media", MessageRejected),
        ("554 5.7.1 spam", NotCapable),
        ("550 5.7.60 Client does not have permissions to send as this sender", SenderRejected),
        ("554 Message rejected: Email address is not verified.", SenderRejected),
        ("550 The from address does not match a verified Sender Identity", SenderRejected),
        ("550 5.7.0 Mail relay denied", AccountRefused),
        ("554 5.7.13 user account disabled", AccountRefused),
        ("554 transaction failed", Unclassified),
        ("421 4.3.0 goodbye", Throttled),
        ("451 4.3.0 later", Throttled),
        ("452 full", Throttled),
    ];
    check("DATA", &rows).await;
    check(".", &rows).await;
    check("DATA", &[("250 out of step", Unavailable)]).await;
    check(".", &[("354 out of step", Unknown)]).await;
}

/// Where it can break off, up to the mail itself.
const BEFORE_THE_END: [&str; 6] = ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"];

#[tokio::test]
async fn a_connection_that_breaks_before_the_end_of_the_mail_proves_that_nothing_was_taken() {
    for at in BEFORE_THE_END {
        assert_eq!(
            verdict_of(at, Act::Close).await,
            Verdict::new(Outcome::Unavailable, Reason::ConnectionLost),
            "{at}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_end_of_the_mail_proves_nothing() {
    assert_eq!(verdict_of(".", Act::Close).await, Verdict::new(Outcome::Unknown, Reason::ConnectionLost));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_proves_what_no_answer_proves() {
    for nonsense in ["what", "999 ok", "250-ok\r\n251 ok", "HTTP/1.1 400 Bad Request", &"2".repeat(5000)] {
        for (at, outcome) in
            [("CONNECT", Outcome::Unavailable), ("MAIL", Outcome::Unavailable), (".", Outcome::Unknown)]
        {
            let verdict = verdict_of(at, Act::Say(nonsense.to_owned())).await;
            assert_eq!(verdict, Verdict::new(outcome, Reason::UnreadableAnswer), "{at}: {nonsense:.20}");
        }
    }
    let endless = Act::Say("250-and\r\n".repeat(200) + "250 so on");
    assert_eq!(verdict_of("EHLO", endless).await, Verdict::new(Outcome::Unavailable, Reason::UnreadableAnswer));
}

#[tokio::test]
async fn silence_before_the_end_of_the_mail_proves_that_nothing_was_taken() {
    for at in BEFORE_THE_END {
        let stub = Stub::that(at, Act::Silence).await;
        let (smtp, mail) = (with_login(smtp(stub.port)), mail());
        let delivery = Delivery::new(&mail, Mode::First);
        let hand_over = Arc::clone(&delivery.hand_over);
        let answer = tokio::time::timeout(Duration::from_millis(500), smtp.send(delivery)).await;
        assert!(answer.is_err() && hand_over.revoke(), "{at}: {answer:?}");
    }
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_unavailable() {
    // Bound, so that nobody else gets the port, but nobody listens.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = smtp(bound.local_addr().unwrap().port());
    let nowhere = smtp(25);
    let nowhere = Smtp { relay: Relay { host: "no-such-host.invalid".to_owned(), ..nowhere.relay }, ..nowhere };
    for (smtp, reason) in [(nobody, Reason::Connect), (nowhere, Reason::Dns)] {
        let verdict = smtp.first(&mail()).await;
        assert_eq!(verdict, Verdict::new(Outcome::Unavailable, reason));
    }
}
