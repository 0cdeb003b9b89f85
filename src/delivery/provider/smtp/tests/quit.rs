//! How a session begins and ends: HELO where there is no EHLO, QUIT before an early end, progress, a transcript.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, duplex};

use super::*;
use crate::delivery::smtp_client::wire::Wire;
use crate::runtime::transcript::recording;

#[tokio::test]
async fn helo_is_the_fallback_without_extensions() {
    for answer in ["500 what", "502 5.5.1 what", "501 what", "504 what", "550 no"] {
        let stub = Stub::that("EHLO", Act::Say(answer.to_owned())).await;
        assert_eq!(smtp(stub.port).first(&mail()).await.outcome, Outcome::Accepted, "{answer}");
        assert_eq!(
            stub.heard()[..3],
            ["EHLO [127.0.0.1]", "HELO [127.0.0.1]", "MAIL FROM:<a@example.org>"],
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_relay_that_refuses_helo_too_is_unavailable() {
    let stub = Stub::new(|_, line| match &line[..4] {
        "EHLO" => Act::say("550 no"),
        "HELO" => Act::say("550 5.7.1 not you"),
        _ => None,
    })
    .await;
    assert_eq!(bare(smtp(stub.port).first(&mail()).await), is(Outcome::Unavailable, 550));
}

#[tokio::test]
async fn a_session_that_ends_before_a_mail_says_goodbye() {
    const OFFERS: &str = "250-stub\r\n250 AUTH PLAIN";
    let rows: [(&'static [&'static str], &str); 6] = [
        (&["554 no service"], "QUIT"),
        (&["what"], "QUIT"),
        (&["220 hi", "421 later"], "EHLO QUIT"),
        (&["220 hi", "502 what", "502 what"], "EHLO HELO QUIT"),
        (&["220 hi", OFFERS, "535 5.7.8 no"], "EHLO AUTH QUIT"),
        (&["220 hi", OFFERS, "235 ok", "550 5.7.1 no"], "EHLO AUTH MAIL QUIT"),
    ];
    for (replies, words) in rows {
        let (port, relay) = scripted(replies).await;
        let verdict = with_login(smtp(port)).first(&mail()).await;
        // It does not wait for the answer, which never comes.
        let heard = relay.await.unwrap();
        let heard: Vec<_> = heard.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(heard.join(" "), words, "{replies:?} {verdict:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_goes_on_answering_is_still_moving() {
    let (ours, theirs) = duplex(1 << 16);
    let relay = async {
        let (mut relay, mut line) = (BufReader::new(theirs), String::new());
        relay.write_all(b"220 hi\r\n").await.unwrap();
        while relay.read_line(&mut line).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            relay.write_all(b"250 ok\r\n").await.unwrap();
        }
    };
    let addresses: Vec<_> = (0..100).map(|number| format!("b{number}@example.net")).collect();
    let mail = Mail::of(&mail_to(&addresses.iter().map(String::as_str).collect::<Vec<_>>()), MetadataHeaders::None);
    let hand_over = HandOver::begin(0, None);
    hand_over.track();
    let beginning = async {
        let session = Session::greet(Wire::new(ours), "[127.0.0.1]").await.unwrap();
        assert!(!hand_over.has_moved());
        transaction::begin(session, &mail, &hand_over).await.map(|_| ())
    };
    let both = async { tokio::join!(beginning, relay) };
    assert!(tokio::time::timeout(Duration::from_millis(30_500), both).await.is_err(), "it takes longer");
    assert!(hand_over.last_moved().elapsed() <= Duration::from_secs(1) && !hand_over.is_writing());
    assert!(hand_over.revoke());
}

#[tokio::test]
async fn an_operator_may_read_every_reply_the_last_one_too() {
    let stub = Stub::that("MAIL", Act::Say("250-2.1.0 well\r\n250 2.1.0 ok".to_owned())).await;
    let (smtp, mail) = (smtp(stub.port), mail());
    let (verdict, replies) = recording(smtp.first(&mail)).await;
    assert_eq!(verdict.outcome, Outcome::Accepted);
    assert_eq!((replies.len(), replies[0].as_str()), (6, "220 stub"), "{replies:?}");
    assert_eq!(replies[2..], ["250-2.1.0 well\n250 2.1.0 ok", "250 2.0.0 ok", "354 go on", "250 2.0.0 ok"]);
    let stub = Stub::that("CONNECT", Act::Say("HTTP/1.1 400 Bad Request".to_owned())).await;
    let smtp = self::smtp(stub.port);
    assert_eq!(recording(smtp.rehearsed(&mail)).await.1, ["HTTP/1.1 400 Bad Request"]);
}
