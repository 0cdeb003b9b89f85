//! How much of an answer is read, and what one proves that breaks off, is too long or comes compressed.

use super::super::call::Mode;
use super::stub::{Stub, answer, mail, verdict};
use crate::model::outcome::{Outcome, Reason, Verdict};

/// Accepted, if it were whole.
fn cut(status: u16) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: 100\r\n\r\n{{\"id\":\"<1@mg>\"}}")
}

#[tokio::test]
async fn truncated_answer_is_judged_by_its_status() {
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
async fn empty_body_without_length_is_unknown() {
    let chunked = "HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n";
    assert_eq!(verdict("brevo", chunked.to_owned()).await.outcome, Outcome::Accepted);
    assert_eq!(verdict("brevo", answer(201, "", "")).await.outcome, Outcome::Accepted);
    let unmarked = "HTTP/1.1 201 X\r\nConnection: close\r\n\r\n";
    assert_eq!(verdict("brevo", unmarked.to_owned()).await, Verdict::new(Outcome::Unknown, Reason::ConnectionLost));
}

#[tokio::test]
async fn answer_is_read_up_to_65_kib_for_one_recipient() {
    let padded = |pad: usize| format!(r#"{{"pad":"{}","id":"<1@mg>"}}"#, "x".repeat(pad));
    assert_eq!(verdict("mailgun", answer(200, "", &padded(66_000))).await.outcome, Outcome::Accepted);
    let too_long = verdict("mailgun", answer(200, "", &padded(66_600))).await;
    assert_eq!(too_long, Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer));
}

#[tokio::test]
async fn unreadable_4xx_blames_nobody() {
    let long = format!(r#"{{"message":"no: {}"}}"#, "x".repeat(70_000));
    for unread in [answer(400, "", &long), answer(400, "Content-Encoding: gzip\r\n", "\u{1f}")] {
        assert_eq!(verdict("mailgun", unread.clone()).await.outcome, Outcome::Unlisted);
        let probe = Stub::of("mailgun").await.judge(&mail(), Mode::Probe, unread).await;
        assert_eq!(probe.outcome, Outcome::Unclassified, "a probe has nothing at length");
    }
}
