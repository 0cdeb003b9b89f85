//! What is said to a mail host, whole.

use super::*;

/// What a host with these extensions hears of a mail; and what the mail came to for its first recipient.
async fn dialogue(extensions: &'static str, mail: &Mail) -> (Vec<String>, RecipientEnd) {
    let stub = Stub::that("EHLO", Act::Say(extensions.to_owned())).await;
    let report = sent(&transmitter(), &targets(&[stub.port]), mail).await;
    let heard = stub.heard().into_iter().filter(|line| line != "QUIT").collect();
    (heard, report.recipients[0].clone())
}

#[tokio::test]
async fn a_host_without_extensions_hears_the_plain_dialogue() {
    let (heard, end) = dialogue("250 stub", &mail_to(&["b@example.net", "c@example.net"])).await;
    let golden = [
        "EHLO out.example.org",
        "MAIL FROM:<a@example.org>",
        "RCPT TO:<b@example.net>",
        "RCPT TO:<c@example.net>",
        "DATA",
        "Subject: s",
        "",
        "text",
        "..",
        ".",
    ];
    assert_eq!(heard, golden);
    assert_eq!(end.host.as_deref(), Some("mx.example.net"));
}

#[tokio::test]
async fn a_host_that_knows_no_ehlo_hears_helo() {
    let (heard, end) = dialogue("502 5.5.1 what", &mail()).await;
    assert_eq!(heard[..3], ["EHLO out.example.org", "HELO out.example.org", "MAIL FROM:<a@example.org>"]);
    assert_eq!((end.outcome, end.reason), TAKEN);
}

#[tokio::test]
async fn a_bounce_has_the_null_sender() {
    let bounce = Mail::new(None, vec!["b@example.net".parse().unwrap()], FILE.into());
    let (heard, end) = dialogue("250-stub\r\n250 SIZE", &bounce).await;
    assert_eq!(heard[1], format!("MAIL FROM:<> SIZE={}", FILE.len()));
    assert_eq!((end.outcome, end.reason), TAKEN);
}

fn utf8() -> Mail {
    mail_to(&["用户@example.net"])
}

/// Another recipient's address in the head needs SMTPUTF8, too.
fn utf8_head() -> Mail {
    Mail::new(None, vec!["b@example.net".parse().unwrap()], "Cc: ü@example.com\r\n\r\ntext\r\n".into())
}

fn eight_bit() -> Mail {
    Mail::new(None, vec!["b@example.net".parse().unwrap()], "Subject: s\r\n\r\nü\r\n".into())
}

#[tokio::test]
async fn a_host_is_told_only_what_it_offers_to_hear() {
    for (extensions, mail, parameters) in [
        ("250-stub\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 SMTPUTF8", mail(), " SIZE=23"),
        ("250-stub\r\n250-8BITMIME\r\n250 SMTPUTF8", utf8(), " BODY=8BITMIME SMTPUTF8"),
        ("250-stub\r\n250-8BITMIME\r\n250 SMTPUTF8", utf8_head(), " BODY=8BITMIME SMTPUTF8"),
        ("250-stub\r\n250-8BITMIME\r\n250 SMTPUTF8", eight_bit(), " BODY=8BITMIME"),
        ("250 stub", mail(), ""),
    ] {
        let (heard, end) = dialogue(extensions, &mail).await;
        assert_eq!((heard[1].split_once('>').unwrap().1, end.outcome), (parameters, Outcome::Accepted), "{extensions}");
    }
}

#[tokio::test]
async fn what_a_host_cannot_carry_is_refused_for_good_and_no_other_host_is_asked() {
    for (extensions, mail, reason, code) in [
        ("250-stub\r\n250 SIZE 9", mail(), Reason::Size, "5.3.4"),
        ("250-stub\r\n250 8BITMIME", utf8(), Reason::Smtputf8, "5.6.7"),
        ("250-stub\r\n250 8BITMIME", utf8_head(), Reason::Smtputf8, "5.6.7"),
        ("250 stub", eight_bit(), Reason::AttachmentType, "5.6.3"),
    ] {
        let (poor, other) = (Stub::that("EHLO", Act::Say(extensions.to_owned())).await, Stub::new(|_, _| None).await);
        let report = sent(&transmitter(), &targets(&[poor.port, other.port]), &mail).await;
        let end = &report.recipients[0];
        assert_eq!((end.outcome, end.reason), (Outcome::NotCapable, reason));
        assert_eq!(end.code.map(|code| code.to_string()).as_deref(), Some(code));
        assert!(end.is_refused() && count(&poor, "MAIL") == 0 && other.connections() == 0);
    }
}
