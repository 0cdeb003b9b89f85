//! A relay that is not there, does not know the account, breaks off, or talks nonsense: at every point of the dialogue.

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
        assert_eq!(bare(verdict_of(at, Act::Say((*text).to_owned())).await), is(*outcome, code), "{at}: {text}");
    }
}

#[tokio::test]
async fn invalid_greeting_is_unavailable() {
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
async fn silence_before_the_end_of_data_is_unavailable() {
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
