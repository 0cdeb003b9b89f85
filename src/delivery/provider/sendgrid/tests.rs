//! What every answer of SendGrid comes to.

use super::super::call::Mode;
use super::super::tests::blame;
use super::super::tests::stub::{Stub, answer, check, mail, verdict};
use crate::model::outcome::{Code, Outcome, Reason, Verdict};
use std::time::Duration;

#[tokio::test]
async fn answers_are_judged_by_the_table() {
    use Outcome::*;
    let sender =
        r#"{"errors":[{"message":"The from address does not match a verified Sender Identity.","field":"from"}]}"#;
    let rows = [
        (202, "", Accepted),
        (200, "<html>a parked domain</html>", Unknown),
        (400, "<html>plain HTTP to an HTTPS port</html>", Unclassified),
        (
            400,
            r#"{"errors":[{"message":"Does not contain a valid address.","field":"personalizations.0.to.0.email"}]}"#,
            MessageRejected,
        ),
        (400, r#"{"errors":[{"message":"too many","field":"categories"}]}"#, NotCapable),
        (400, r#"{"errors":[{"message":"too long","field":"personalizations.0.custom_args"}]}"#, NotCapable),
        (401, r#"{"errors":[{"message":"Maximum credits exceeded"}]}"#, AccountRefused),
        (403, sender, SenderRejected),
        (403, r#"{"errors":[{"message":"You do not have the scope for this action"}]}"#, AccountRefused),
        (403, r#"{"errors":[{"message":"access forbidden"}]}"#, Unlisted),
        (403, "<html>", Unlisted),
        (404, "", AccountRefused),
        (405, "", AccountRefused),
        (406, "", Unlisted),
        (406, r#"{"errors":[{"message":"Accept is missing","field":null}]}"#, AccountRefused),
        (422, r#"{"errors":[{"message":"new","field":"novel"}]}"#, Unlisted),
        (408, "", Unknown),
        (413, "", NotCapable),
        (429, "", Throttled),
        (451, "", AccountRefused),
        (500, "", Unknown),
        (502, "", Unknown),
        (503, "", Unknown),
        (504, "", Unknown),
        (307, "", Unavailable),
    ];
    check("sendgrid", &rows).await;
}

#[tokio::test]
async fn the_id_in_its_header_is_kept() {
    let verdict = verdict("sendgrid", answer(202, "X-Message-Id: abc\r\n", "")).await;
    assert_eq!(verdict, Verdict::accepted(Reason::Status(202), Some("abc".to_owned())));
}

#[tokio::test]
async fn a_rate_limit_reset_far_away_is_an_hour() {
    let reset = verdict("sendgrid", answer(429, "X-RateLimit-Reset: 99999999999\r\n", "")).await;
    assert_eq!(reset.retry_after, Some(Duration::from_secs(3600)));
}

#[tokio::test]
async fn the_code_is_the_first_part_of_the_field() {
    let stub = Stub::of("sendgrid").await;
    for (status, field, outcome, code) in [
        (400, "personalizations.0.to.0.email", Outcome::MessageRejected, Some("personalizations")),
        (400, "content[0].value", Outcome::MessageRejected, Some("content")),
        (400, "novel.0", Outcome::MessageRejected, None),
        (403, "from", Outcome::SenderRejected, Some("from")),
    ] {
        let verdict = stub.judge(&mail(), Mode::First, blame::own_form("sendgrid", status, field, "said")).await;
        assert_eq!((verdict.outcome, verdict.code), (outcome, code.map(Code::Name)), "{status} {field}");
    }
}

#[tokio::test]
async fn account_words_count_unless_the_mail_holds_them() {
    blame::account_words_count_unless_the_mail_holds_them("sendgrid").await;
}
