//! Whatever a host says: nobody is told a lie.

use proptest::prelude::*;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

use super::*;
use crate::delivery::smtp_client::wire::Wire;

/// Greets, answers each command with the next of these, hangs up where there is none left, and returns what it has heard.
async fn host(theirs: DuplexStream, greeting: String, answers: &[String]) -> String {
    let (mut host, mut heard, mut in_mail) = (BufReader::new(theirs), String::new(), false);
    host.write_all(greeting.as_bytes()).await.unwrap();
    let mut answers = answers.iter();
    loop {
        let mut line = String::new();
        if host.read_line(&mut line).await.unwrap_or_default() == 0 {
            return heard;
        }
        heard += &line;
        // EHLO has its answer with the greeting.
        if line.starts_with("EHLO") || (in_mail && line != ".\r\n") {
            continue;
        }
        let Some(answer) = whole(&mut answers) else { break };
        in_mail = line == "DATA\r\n" && answer.starts_with("354");
        if host.write_all(answer.as_bytes()).await.is_err() {
            break;
        }
    }
    let _ = host.shutdown().await;
    let _ = host.read_to_string(&mut heard).await;
    heard
}

/// The next answer with all that its last line wants behind it; none, where it has no end.
fn whole<'a>(answers: &mut impl Iterator<Item = &'a String>) -> Option<String> {
    let mut said = String::new();
    let has_end = |said: &str| {
        said.ends_with('\n') && said.lines().last().is_none_or(|line| line.as_bytes().get(3) != Some(&b'-'))
    };
    while !has_end(&said) {
        said += answers.next()?;
    }
    Some(said)
}

/// What the recipients are told, and what the host has heard.
fn transmitted(pipelining: bool, answers: &[String]) -> (Vec<RecipientEnd>, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let (ours, theirs) = duplex(1 << 16);
        let extensions = if pipelining { "250 PIPELINING" } else { "250 8BITMIME" };
        let greeting = format!("220 hi\r\n250-hi\r\n{extensions}\r\n");
        let sending = async {
            let mail = mail_to(&["b@example.net", "c@example.net"]);
            let session = Session::greet(Wire::new(ours), "out.example.org").await.unwrap();
            let drain = Shutdown::default();
            let done = transact(session, &mail, &[0, 1], Bounds::new(mail.time_left(), TIME, &drain)).await.unwrap();
            drop(done.session);
            done.ends
        };
        tokio::join!(sending, host(theirs, greeting, answers))
    })
}

fn answer() -> impl Strategy<Value = String> {
    let codes = prop::sample::select(vec![220, 250, 251, 252, 354, 421, 450, 451, 452, 500, 503, 530, 550, 552, 554]);
    let words = prop::sample::select(vec!["", " ok", " 2.0.0 ok", " 5.1.1 no", " 4.5.3 many", " 5.5.3 many", "-more"]);
    prop_oneof![
        6 => Just("250 ok\r\n".to_owned()),
        2 => Just("354 go on\r\n".to_owned()),
        6 => (codes, words).prop_map(|(code, words)| format!("{code}{words}\r\n")),
        1 => "[ -~]{0,12}".prop_map(|text| text + "\r\n"),
        1 => "\\PC{0,9}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn taken_is_told_only_after_an_answer_to_the_end_and_unknown_only_where_the_end_was_written(
        pipelining: bool,
        answers in prop::collection::vec(answer(), 0..7),
    ) {
        let (ends, heard) = transmitted(pipelining, &answers);
        let is_ended = heard.contains("\r\n.\r\n");
        let said: Vec<_> = answers.concat().lines().map(str::to_owned).collect();
        let positive = said.iter().filter(|line| line.starts_with('2')).count();
        for end in &ends {
            match end.outcome {
                // MAIL, one RCPT and the end of the mail; DATA has another code.
                Outcome::Accepted => prop_assert!(is_ended && positive >= 3 && said.iter().any(|line| line.starts_with("354"))),
                Outcome::Unknown => prop_assert!(is_ended),
                _ => prop_assert!(end.is_pending() != end.is_refused(), "{end:?}"),
            }
        }
        // Whom the mail was for is told the same.
        let of_the_end: Vec<_> = ends.iter().filter(|end| matches!(end.outcome, Outcome::Accepted | Outcome::Unknown)).collect();
        prop_assert!(of_the_end.windows(2).all(|two| two[0] == two[1]), "{ends:?}");
        prop_assert_eq!(ends.len(), 2);
    }
}
