//! A mail to many is one transaction: named ahead of the answers where the relay reads ahead, and never split.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

use super::super::transaction;
use super::*;
use crate::delivery::smtp_client::wire::Wire;
use crate::model::outcome::Recipient;

fn mail_to_many(count: usize) -> Message {
    let addresses: Vec<_> = (0..count).map(|number| format!("b{number}@example.net")).collect();
    mail_to(&addresses.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The number of the recipient in a RCPT.
fn number(line: &str) -> Option<usize> {
    line.strip_prefix("RCPT TO:<b")?.split_once('@')?.0.parse().ok()
}

/// Reads ahead, and says this to the recipient of that number.
async fn relay(answer: impl Fn(usize) -> Option<Act> + Send + Sync + 'static) -> Stub {
    Stub::new(move |_, line| match number(line) {
        Some(number) => answer(number),
        None if line.starts_with("EHLO") => Act::say("250-stub\r\n250 PIPELINING"),
        None => None,
    })
    .await
}

/// Answers no RCPT before it has read so many; how many it has read when it saw no more to read, at each answer.
async fn withholding(theirs: DuplexStream, extensions: &str, count: usize) -> Vec<usize> {
    let (mut relay, mut line, mut read, mut ahead) = (BufReader::new(theirs), String::new(), 0, Vec::new());
    relay.write_all(b"220 hi\r\n").await.unwrap();
    while relay.read_line(&mut line).await.unwrap() > 0 {
        let answer = match line.split([' ', ':']).next().unwrap() {
            "EHLO" => format!("250-hi\r\n250 {extensions}\r\n"),
            "RCPT" => {
                read += 1;
                if read < count {
                    line.clear();
                    continue;
                }
                let answers = "250 ok\r\n".repeat(read);
                ahead.push(std::mem::take(&mut read));
                answers
            }
            _ => "250 ok\r\n".to_owned(),
        };
        let goes_ahead = line.starts_with("MAIL") && extensions == "PIPELINING";
        assert_eq!(relay.buffer().is_empty(), !goes_ahead, "{extensions}: {line:?}");
        relay.write_all(answer.as_bytes()).await.unwrap();
        line.clear();
    }
    ahead
}

#[tokio::test]
async fn recipients_go_ahead_of_the_answers_where_a_relay_reads_ahead_and_nowhere_else() {
    for (extensions, count, ahead) in [("PIPELINING", 100, vec![100]), ("8BITMIME", 1, vec![1; 100])] {
        let (ours, theirs) = duplex(1 << 16);
        let mail = Mail::of(&mail_to_many(100), MetadataHeaders::None);
        let beginning = async {
            let session = Session::greet(Wire::new(ours), "[127.0.0.1]").await.unwrap();
            transaction::probe(session, &mail).await.map(|_| ())
        };
        let both = async { tokio::join!(beginning, withholding(theirs, extensions, count)) };
        let (begun, seen) = tokio::time::timeout(TIME, both).await.expect("neither waits for the other");
        assert_eq!((begun, seen), (Ok(()), ahead), "{extensions}");
    }
}

#[tokio::test]
async fn each_answer_is_the_one_of_its_recipient() {
    let stub = relay(|number| match number % 3 {
        0 => Act::say("550 5.1.1 unknown"),
        1 => Act::say("250-2.1.5 well\r\n250 2.1.5 ok"),
        _ => Act::say("450 4.2.0 greylisted"),
    })
    .await;
    let verdict = smtp(stub.port).first(&mail_to_many(1000)).await;
    let expected = (0..1000).map(|number| {
        let (outcome, code) =
            [(Outcome::MessageRejected, 550), (Outcome::Accepted, 250), (Outcome::Deferred, 450)][number % 3];
        Recipient { email: format!("b{number}@example.net"), outcome, reason: Reason::Smtp(code) }
    });
    assert_eq!(verdict.outcome, Outcome::Accepted);
    assert!(verdict.recipients.iter().eq(expected.collect::<Vec<_>>().iter()), "{:?}", verdict.recipients);
}

#[tokio::test]
async fn recipients_that_are_too_many_are_put_off_and_the_others_get_the_mail_once() {
    for refusal in ["452 4.5.3 too many recipients", "552 too many recipients", "550 5.5.3 too many"] {
        let stub = relay(move |number| (number >= 100).then(|| Act::say(refusal)).flatten()).await;
        let verdict = smtp(stub.port).first(&mail_to_many(250)).await;
        let count = |outcome| verdict.recipients.iter().filter(|recipient| recipient.outcome == outcome).count();
        let counted = (verdict.outcome, count(Outcome::Accepted), count(Outcome::Deferred));
        assert_eq!(counted, (Outcome::Accepted, 100, 150), "{refusal}");
        let transactions = stub.heard().iter().filter(|line| line.starts_with("MAIL")).count();
        assert_eq!((transactions, stub.connections()), (1, 1), "{refusal}");
    }
}

#[tokio::test]
async fn a_relay_that_hangs_up_among_many_has_taken_the_mail_for_none() {
    for (gone, verdict) in [
        (Act::Say("421 4.7.0 goodbye".to_owned()), is(Outcome::Throttled, 421)),
        (Act::Close, Verdict::new(Outcome::Unavailable, Reason::ConnectionLost)),
    ] {
        let stub = relay(move |number| (number == 50).then(|| gone.clone())).await;
        assert_eq!(bare(smtp(stub.port).first(&mail_to_many(100)).await), verdict);
        assert!(!stub.heard().contains(&"DATA".to_owned()), "{:?}", stub.heard());
    }
}
