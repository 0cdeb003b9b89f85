//! What every answer of Brevo comes to.

use super::super::call::Mode;
use super::super::tests::stub::{Stub, answer, check, mail, verdict};
use crate::model::outcome::Outcome::*;
use crate::model::outcome::{Blame, Reason};
use std::time::Duration;

fn error(code: &str, message: &str) -> String {
    format!(r#"{{"code":"{code}","message":"{message}"}}"#)
}

#[tokio::test]
async fn answers_are_judged_by_code_then_by_status() {
    for (status, code, message, outcome) in [
        (400, "invalid_parameter", "email is not valid in to", MessageRejected),
        (400, "missing_parameter", "", MessageRejected),
        (400, "out_of_range", "", NotCapable),
        (400, "bad_request", "", MessageRejected),
        (400, "invalid_parameter", "Unexpected long headers length, got: 5000 want: less than 4096 chars", NotCapable),
        (
            400,
            "invalid_parameter",
            "Sending has been rejected because the sender you used is not valid",
            SenderRejected,
        ),
        (422, "invalid_parameter", "", MessageRejected),
        (400, "not_enough_credits", "", AccountRefused),
        (402, "not_enough_credits", "", AccountRefused),
        (401, "unauthorized", "", AccountRefused),
        (403, "permission_denied", "", AccountRefused),
        (403, "account_under_validation", "", AccountRefused),
        (400, "invalid_parameter", "email is not valid in to: domain does not exist", MessageRejected),
    ] {
        let verdict = verdict("brevo", answer(status, "", &error(code, message))).await;
        assert_eq!(verdict.outcome, outcome, "{status} {code} {message}");
    }
    let rows = [
        (400, r#"{"code":"something_new","message":"said"}"#, Unlisted),
        (406, r#"{"code":"not_acceptable","message":"said"}"#, Unlisted),
        (400, r#"{"code":"invalid_parameter","message":"no such file: sender is not valid.exe"}"#, MessageRejected),
        (402, r#"{"code":"account_under_validation","message":"said"}"#, AccountRefused),
        (201, r#"{"messageId":"<1@bv>"}"#, Accepted),
        (202, "", Accepted),
        (400, "<html>", Unclassified),
        (404, "", AccountRefused),
        (425, "", Unknown),
        (429, "", Throttled),
        (500, "", Unknown),
        (502, "", Unknown),
        (503, "", Unknown),
        (504, "", Unknown),
    ];
    check("brevo", &rows).await;
    let reset = verdict("brevo", answer(429, "x-sib-ratelimit-reset: 9\r\n", "")).await;
    assert_eq!(reset.retry_after, Some(Duration::from_secs(9)));
}

#[tokio::test]
async fn a_duplicate_is_an_acceptance_only_to_a_repeat() {
    let stub = Stub::of("brevo").await;
    for code in ["duplicate_parameter", "duplicate_request"] {
        let refused = answer(400, "", &error(code, "said"));
        for mode in [Mode::First, Mode::Probe] {
            let verdict = stub.judge(&mail(), mode, refused.clone()).await;
            assert_eq!((verdict.outcome, verdict.reason), (Unknown, Reason::Duplicate), "{code} {mode:?}");
            assert_eq!(verdict.blame(), Blame::Neutral, "a caller who repeats a mail closes it to nobody");
        }
        let verdict = stub.judge(&mail(), Mode::Repeat, refused).await;
        assert_eq!((verdict.outcome, verdict.provider_message_id), (Accepted, None), "{code}");
    }
}
