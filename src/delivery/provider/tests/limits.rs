//! How much of an answer is read, and what one proves that breaks off, is too long or comes compressed.

use super::*;

/// Accepted, if it were whole.
fn cut(status: u16) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: 100\r\n\r\n{{\"id\":\"<1@mg>\"}}")
}

#[tokio::test]
async fn an_answer_that_breaks_off_proves_what_its_status_proves_and_no_more() {
    assert_eq!(verdict("mailgun", cut(200)).await, Verdict::new(Outcome::Unknown, Reason::ConnectionLost));
    let with_id = cut(202).replace("\r\n\r\n", "\r\nX-Message-Id: 1\r\n\r\n");
    assert_eq!(verdict("sendgrid", with_id).await.outcome, Outcome::Accepted);
    assert_eq!(verdict("sendgrid", cut(202)).await.outcome, Outcome::Unknown, "a firewall's challenge is a 202, too");
    assert_eq!(verdict("mailgun", cut(401)).await.outcome, Outcome::AccountRefused);
    assert_eq!(verdict("mailgun", cut(400)).await.outcome, Outcome::Unclassified);
    for kind in ["mailgun", "sendgrid"] {
        assert_eq!(
            verdict(kind, String::new()).await,
            Verdict::new(Outcome::Unknown, Reason::ConnectionLost),
            "{kind}"
        );
        assert_eq!(verdict(kind, "nonsense\r\n\r\n".to_owned()).await.outcome, Outcome::Unknown, "{kind}");
    }
}

#[tokio::test]
async fn an_empty_body_whose_end_is_not_marked_may_have_broken_off() {
    let chunked = "HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n";
    assert_eq!(verdict("brevo", chunked.to_owned()).await.outcome, Outcome::Accepted);
    assert_eq!(verdict("brevo", answer(201, "", "")).await.outcome, Outcome::Accepted);
    let unmarked = "HTTP/1.1 201 X\r\nConnection: close\r\n\r\n";
    assert_eq!(verdict("brevo", unmarked.to_owned()).await, Verdict::new(Outcome::Unknown, Reason::ConnectionLost));
}

#[tokio::test]
async fn of_a_mail_to_one_no_more_than_65_kib_of_an_answer_are_read() {
    let padded = |pad: usize| format!(r#"{{"pad":"{}","id":"<1@mg>"}}"#, "x".repeat(pad));
    assert_eq!(verdict("mailgun", answer(200, "", &padded(66_000))).await.outcome, Outcome::Accepted);
    let too_long = verdict("mailgun", answer(200, "", &padded(66_600))).await;
    assert_eq!(too_long, Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer));
}

#[tokio::test]
async fn a_4xx_that_repeats_a_mail_at_length_or_comes_compressed_blames_nobody() {
    let long = format!(r#"{{"message":"no: {}"}}"#, "x".repeat(70_000));
    for unread in [answer(400, "", &long), answer(400, "Content-Encoding: gzip\r\n", "\u{1f}")] {
        assert_eq!(verdict("mailgun", unread.clone()).await.outcome, Outcome::Unlisted);
        let probe = Stub::of("mailgun").await.judge(&mail(), Mode::Probe, unread).await;
        assert_eq!(probe.outcome, Outcome::Unclassified, "a probe has nothing at length");
    }
}

#[tokio::test]
async fn mandrills_words_about_each_of_5000_recipients_are_read() {
    let emails: Vec<_> = (0..5000).map(|number| format!("recipient-{number}@subsidiary.example.org")).collect();
    let mail = mail_to(&emails.iter().map(String::as_str).collect::<Vec<_>>());
    let one = |email: &String| {
        format!(
            r#"{{"email": "{email}", "status": "sent", "_id": "d00c5c1d0f6d4e6f8a7b", "reject_reason": null, "queued_reason": null}}"#
        )
    };
    let body = format!("[{}]", emails.iter().map(one).collect::<Vec<_>>().join(",\n"));
    assert!(body.len() > 600_000);
    let stub = Stub::of("mandrill").await;
    let verdict = stub.judge(&mail, Mode::First, answer(200, "", &body)).await;
    assert_eq!((verdict.outcome, verdict.recipients.len()), (Outcome::Accepted, 0));
    let beyond = format!("{body}{}", " ".repeat(5_300_000));
    let verdict = stub.judge(&mail, Mode::First, answer(200, "", &beyond)).await;
    assert_eq!(verdict, Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer));
}
