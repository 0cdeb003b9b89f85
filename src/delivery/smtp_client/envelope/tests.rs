//! What goes ahead of the answers, and how the answers are counted.

use proptest::prelude::*;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

use super::*;
use crate::delivery::smtp_client::wire::Wire;

proptest! {
    #[test]
    fn what_goes_ahead_fits_into_the_smallest_window_and_goes_on(lengths in prop::collection::vec(1..=64_usize, 1..300)) {
        let commands: Vec<_> =
            lengths.iter().map(|length| (Stage::Rcpt, format!("RCPT TO:<{}@example.net>", "x".repeat(*length)))).collect();
        let bytes =
            |count: usize| lengths[..count].iter().map(|length| length + "RCPT TO:<@example.net>\r\n".len()).sum::<usize>();
        let count = at_once(&commands, true);
        prop_assert!(count >= 1 && bytes(count) <= 4096, "{}", bytes(count));
        prop_assert!(count == commands.len() || bytes(count + 1) > 4096, "{count} of {}", commands.len());
        prop_assert_eq!(at_once(&commands, false), 1);
    }
}

fn envelope() -> Envelope {
    let to = ["b@example.net", "c@example.net"].map(|address| address.parse().unwrap());
    Envelope { from: "a@example.org".parse().ok(), to: to.into(), size: 9, utf8: false, eight_bit: false }
}

/// A far end with these extensions that says nothing before it has read so many lines, and then this.
async fn silent(theirs: DuplexStream, extensions: &str, lines: usize, answers: &str) -> Vec<String> {
    let (mut far, mut heard) = (BufReader::new(theirs), Vec::new());
    far.write_all(format!("220 hi\r\n250-hi\r\n250 {extensions}\r\n").as_bytes()).await.unwrap();
    for _ in 0..=lines {
        let mut line = String::new();
        far.read_line(&mut line).await.unwrap();
        heard.push(line.trim_end().to_owned());
    }
    far.write_all(answers.as_bytes()).await.unwrap();
    heard.split_off(1)
}

async fn announced(answers: &str) -> (Result<Vec<u16>, Failure>, Vec<String>) {
    let (ours, theirs) = duplex(1 << 16);
    let announcing = async {
        let mut session = Session::greet(Wire::new(ours), "out.example.org").await.unwrap();
        announce_next(&mut session, &envelope(), |reply| reply.code, &()).await
    };
    tokio::join!(announcing, silent(theirs, "PIPELINING", 4, answers))
}

#[tokio::test]
async fn the_whole_envelope_goes_ahead_of_the_answers_where_the_far_end_reads_ahead() {
    let (codes, heard) = announced("250 ok\r\n250 ok\r\n250 ok\r\n550 no\r\n").await;
    assert_eq!(codes, Ok(vec![250, 550]));
    assert_eq!(heard, ["RSET", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "RCPT TO:<c@example.net>"]);
}

#[tokio::test]
async fn an_answer_is_counted_for_the_command_that_it_answers() {
    let code = |answers: &'static str| async move {
        match announced(answers).await.0 {
            Err(Failure::Refused(stage, reply)) => (stage, reply.code),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code("421 bye\r\n").await, (Stage::Reset, 421));
    assert_eq!(code("250 ok\r\n450 later\r\n503 what\r\n503 what\r\n").await, (Stage::Mail, 450));
    assert_eq!(code("250 ok\r\n250 ok\r\n250 ok\r\n421 bye\r\n").await, (Stage::Rcpt, 421));
}
