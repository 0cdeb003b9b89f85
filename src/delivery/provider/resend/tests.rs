//! What every answer of Resend comes to.

use super::super::tests::stub::{answer, check, verdict};
use crate::model::outcome::Outcome::*;
use std::time::Duration;

fn error(name: &str, message: &str) -> String {
    format!(r#"{{"statusCode":0,"status":"error","code":-1,"name":"{name}","message":"{message}"}}"#)
}

#[tokio::test]
async fn answers_are_judged_by_name_then_by_status() {
    for (status, name, message, outcome) in [
        (400, "validation_error", "API key is invalid", AccountRefused),
        (400, "validation_error", "Invalid `to` field", MessageRejected),
        (400, "invalid_idempotency_key", "", MessageRejected),
        (422, "missing_required_field", "", MessageRejected),
        (422, "invalid_attachment", "", MessageRejected),
        (422, "invalid_parameter", "", MessageRejected),
        (401, "missing_api_key", "", AccountRefused),
        (401, "restricted_api_key", "", AccountRefused),
        (403, "invalid_api_key", "", AccountRefused),
        (403, "suspended_api_key", "", AccountRefused),
        (403, "invalid_permission", "", AccountRefused),
        (400, "validation_error", "No tag 'API key is invalid'", MessageRejected),
        (422, "invalid_from_address", "", MessageRejected),
        (451, "security_error", "", MessageRejected),
        (422, "something_new", "", Unlisted),
        (403, "something_new", "", Unlisted),
        (403, "validation_error", "The x domain is not verified.", SenderRejected),
        (404, "not_found", "", AccountRefused),
        (405, "method_not_allowed", "", AccountRefused),
        (409, "invalid_idempotent_request", "", Unknown),
        (409, "concurrent_idempotent_requests", "", Unknown),
        (429, "rate_limit_exceeded", "", Throttled),
        (429, "daily_quota_exceeded", "", AccountRefused),
        (429, "monthly_quota_exceeded", "", AccountRefused),
        (500, "application_error", "", Unknown),
        (500, "service_unavailable", "", Unknown),
        (503, "service_unavailable", "", Unknown),
    ] {
        let verdict = verdict("resend", answer(status, "", &error(name, message))).await;
        assert_eq!(verdict.outcome, outcome, "{status} {name} {message}");
    }
    let rows = [
        (200, r#"{"id":"e1"}"#, Accepted),
        (200, "", Unknown),
        (200, "{}", Unknown),
        (400, "<html>", Unclassified),
        (403, "<html>", Unlisted),
        (409, "<html>", Unknown),
        (429, "", Throttled),
        (502, "<html>", Unknown),
        (308, "", Unavailable),
    ];
    check("resend", &rows).await;
}

#[tokio::test]
async fn the_wait_stands_in_either_header() {
    for (headers, seconds) in [("Retry-After: 7\r\n", Some(7)), ("ratelimit-reset: 3\r\n", Some(3)), ("", None)] {
        let verdict = verdict("resend", answer(429, headers, &error("rate_limit_exceeded", ""))).await;
        assert_eq!(verdict.retry_after, seconds.map(Duration::from_secs), "{headers}");
    }
}
