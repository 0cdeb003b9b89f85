//! A host that refuses a mail before its end, and hangs up.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

use super::*;
use crate::delivery::smtp_client::wire::Wire;

/// Says this after the first line of a mail, and hangs up.
async fn host(theirs: DuplexStream, word: &str) {
    let (mut host, mut line) = (BufReader::new(theirs), String::new());
    host.write_all(b"220 hi\r\n").await.unwrap();
    while !line.starts_with("DATA") {
        line.clear();
        host.read_line(&mut line).await.unwrap();
        let answer = if line.starts_with("DATA") { "354 go on\r\n" } else { "250 ok\r\n" };
        host.write_all(answer.as_bytes()).await.unwrap();
    }
    host.read_line(&mut line).await.unwrap();
    host.write_all(word.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_refusal_before_the_end_of_a_mail_holds_though_the_host_has_hung_up() {
    let lost = (Outcome::Unavailable, Reason::ConnectionLost);
    for (word, expected) in [
        ("552 5.3.4 too large\r\n", (Outcome::MessageRejected, Reason::Smtp(552))),
        ("421 4.3.2 closing down\r\n", (Outcome::Throttled, Reason::Smtp(421))),
        ("250 ok\r\n", (Outcome::Unavailable, Reason::UnreadableAnswer)),
        ("", lost),
    ] {
        let file = "line\r\n".repeat(1 << 16);
        let large = Mail::new(None, vec!["b@example.net".parse().unwrap()], file.into());
        let (ours, theirs) = duplex(1024);
        let sending = async {
            let session = Session::greet(Wire::new(ours), "out.example.org").await.unwrap();
            let drain = Shutdown::default();
            transact(session, &large, &[0], Bounds::new(large.time_left(), TIME, &drain)).await.unwrap()
        };
        let (done, ()) = tokio::join!(sending, host(theirs, word));
        assert_eq!((done.ends[0].outcome, done.ends[0].reason), expected, "{word}");
        assert!(done.session.is_none());
    }
}

#[tokio::test]
async fn a_refusal_is_the_answer_to_an_end_that_could_not_be_written_and_nothing_else_is() {
    for (word, expected) in [
        ("552 5.3.4 too large\r\n", Some(552)),
        ("421 4.3.2 closing down\r\n", Some(421)),
        ("250 ok\r\n", None),
        ("", None),
    ] {
        let (ours, mut theirs) = duplex(1024);
        theirs.write_all(format!("220 hi\r\n250 hi\r\n{word}").as_bytes()).await.unwrap();
        let mut session = Session::greet(Wire::new(ours), "out.example.org").await.unwrap();
        drop(theirs);
        assert_eq!(session.end().await.ok().map(|reply| reply.code), expected, "{word}");
    }
}
