//! How long each answer is waited for, by a clock of the test's.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::time::Instant;
use tokio_rustls::rustls::pki_types::ServerName;

use super::super::bounds::BEFORE_THE_END;
use super::*;
use crate::delivery::smtp_client::failure::Failure;
use crate::delivery::smtp_client::tls::{self, Tls};
use crate::delivery::smtp_client::wire::Wire;

const END: Duration = Duration::from_secs(600);

/// A host that is silent from this command on, or not before it has waited so long.
async fn host(theirs: DuplexStream, at: &'static str, wait: Duration) {
    let (mut host, mut line, mut in_mail) = (BufReader::new(theirs), String::new(), false);
    host.write_all(b"220 hi\r\n").await.unwrap();
    while host.read_line(&mut line).await.unwrap_or_default() > 0 {
        let command = line.split([' ', ':', '\r']).next().unwrap_or_default();
        if command == at {
            tokio::time::sleep(wait).await;
        }
        let answer = match command {
            "DATA" => Some("354 go on"),
            _ if in_mail && command != "." => None,
            _ => Some("250 ok"),
        };
        in_mail = command == "DATA" || (in_mail && command != ".");
        if let Some(answer) = answer {
            let _ = host.write_all(format!("{answer}\r\n").as_bytes()).await;
        }
        line.clear();
    }
}

async fn session(ours: DuplexStream) -> Session {
    Session::greet(Wire::new(ours), "out.example.org").await.unwrap()
}

/// What the mail comes to at such a host, and after how many seconds.
async fn waited(at: &'static str, wait: Duration) -> ((Outcome, Reason), u64) {
    waited_with(&mail(), at, wait).await
}

async fn waited_with(mail: &Mail, at: &'static str, wait: Duration) -> ((Outcome, Reason), u64) {
    let (ours, theirs) = duplex(1024);
    let hosting = tokio::spawn(host(theirs, at, wait));
    let (session, start) = (session(ours).await, Instant::now());
    let drain = Shutdown::default();
    let done = transact(session, mail, &[0], Bounds::new(mail.time_left(), END, &drain)).await.unwrap();
    hosting.abort();
    ((done.ends[0].outcome, done.ends[0].reason), start.elapsed().as_secs())
}

const LATE: (Outcome, Reason) = (Outcome::Unavailable, Reason::Timeout);

#[tokio::test(start_paused = true)]
async fn silence_before_the_end_of_a_mail_is_unavailable_after_the_time_of_its_stage() {
    for (at, seconds) in [("MAIL", 300), ("RCPT", 300), ("DATA", 120)] {
        assert_eq!(waited(at, Duration::from_secs(seconds + 1)).await, (LATE, seconds), "{at}");
        assert_eq!(waited(at, Duration::from_secs(seconds - 1)).await, (TAKEN, seconds - 1), "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_end_of_a_mail_is_unknown_after_the_final_timeout() {
    assert_eq!(waited(".", END + Duration::from_secs(1)).await, ((Outcome::Unknown, Reason::Timeout), 600));
    assert_eq!(waited(".", END - Duration::from_secs(1)).await, (TAKEN, 599));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_takes_nothing_of_a_mail_is_given_up_after_three_minutes() {
    let file = "line\r\n".repeat(1 << 16);
    let large = Mail::new(None, vec!["b@example.net".parse().unwrap()], file.into());
    assert_eq!(waited_with(&large, "line", Duration::from_secs(3600)).await, (LATE, 180));
    // It takes more than the limit in all, but never for one block.
    let (end, seconds) = waited_with(&large, "line", Duration::from_millis(10)).await;
    assert!(end == TAKEN && seconds > 180, "{end:?} {seconds}");
}

/// One octet of a line a minute keeps no limit of a single wait from ending.
#[tokio::test(start_paused = true)]
async fn an_answer_that_trickles_is_late_all_the_same() {
    let (ours, mut theirs) = duplex(1 << 16);
    let trickling = tokio::spawn(async move {
        theirs.write_all(b"220-").await.unwrap();
        loop {
            tokio::time::sleep(Duration::from_secs(60)).await;
            if theirs.write_all(b"x").await.is_err() {
                return;
            }
        }
    });
    let (mut wire, start) = (Wire::new(ours), Instant::now());
    wire.wait_at_most(Duration::from_secs(300));
    assert_eq!(Session::greet(wire, "out.example.org").await.err(), Some(Failure::Late));
    assert_eq!(start.elapsed().as_secs(), 300);
    trickling.abort();
}

#[tokio::test(start_paused = true)]
async fn silence_in_the_handshake_of_tls_is_waited_for_as_long_as_any_answer_before_a_mail() {
    let (ours, mut theirs) = duplex(1 << 16);
    theirs.write_all(b"220 hi\r\n250-hi\r\n250 STARTTLS\r\n220 go\r\n").await.unwrap();
    let mut wire = Wire::new(ours);
    wire.wait_at_most(WHOLE_PATIENCE);
    let (session, start) = (Session::greet(wire, "out.example.org").await.unwrap(), Instant::now());
    let tls = Tls { connector: tls::unchecked().unwrap(), name: ServerName::try_from("mx.example.net").unwrap() };
    assert_eq!(session.encrypt(&tls, "out.example.org").await.err(), Some(Failure::NoTls));
    assert_eq!(start.elapsed(), WHOLE_PATIENCE);
}

/// Hosts that answer everything just in time do not hold a transmission for ever.
#[tokio::test(start_paused = true)]
async fn everything_before_the_end_of_a_mail_has_one_deadline() {
    let addresses: Vec<_> = (0..20).map(|number| format!("b{number}@example.net")).collect();
    let mail = mail_to(&addresses.iter().map(String::as_str).collect::<Vec<_>>());
    let (ours, theirs) = duplex(1 << 16);
    let hosting = tokio::spawn(host(theirs, "RCPT", Duration::from_secs(299)));
    let (session, start) = (session(ours).await, Instant::now());
    let places: Vec<_> = (0..20).collect();
    let drain = Shutdown::default();
    let done = transact(session, &mail, &places, Bounds::new(mail.time_left(), END, &drain)).await.unwrap();
    hosting.abort();
    assert_eq!(start.elapsed(), BEFORE_THE_END);
    assert!(done.ends.iter().all(|end| (end.outcome, end.reason) == LATE) && done.session.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_is_wanted_no_more_is_not_ended_and_the_answer_to_its_end_is_waited_for() {
    let wanted = || mail().wanted_for(Duration::from_secs(60));
    assert_eq!(waited_with(&wanted(), "DATA", Duration::from_secs(61)).await, (LATE, 60));
    assert_eq!(waited_with(&wanted(), "DATA", Duration::from_secs(59)).await, (TAKEN, 59));
    assert_eq!(waited_with(&wanted(), ".", Duration::from_secs(599)).await, (TAKEN, 599));
}

#[tokio::test]
async fn a_server_that_takes_a_connection_and_says_nothing_is_waited_for_as_long_as_the_caller_says() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let targets = targets(&[silent.local_addr().unwrap().port()]);
    let (transmitter, mail, drain) = (transmitter(), mail(), Shutdown::default());
    let patience = Duration::from_millis(50);
    let sending = transmitter.send(&targets, Level::Opportunistic, &mail, patience, &drain);
    let report = tokio::time::timeout(TIME, sending).await.expect("it does not wait for longer");
    assert_eq!((told(&report), report.contact), (vec![LATE], Contact::Failed));
    assert!(report.is_hurried, "a host may greet after that");
}
