//! What Resend's answers come to.
//!
//! Source: Resend's OpenAPI document (200 with an `id`), its pages "Errors" and "Idempotency keys", and the kinds of error of
//! its Rust SDK. The name decides before the status does: a spent quota is a 429 that no wait within reason ends. A conflict
//! over the key means that an earlier call under it was or is being taken: unknown, and nobody's fault.

use std::time::Duration;

use super::super::client::Answer;
use super::super::codes::{self, Form, Listed, Refusal};
use crate::model::outcome::Outcome::{AccountRefused, MessageRejected, SenderRejected, Throttled, Unknown};
use crate::model::outcome::{Outcome, Reason, Subject, Verdict};

pub(super) const LISTED: &[Listed] = &[
    Listed::names(
        &["missing_api_key", "restricted_api_key", "invalid_api_key", "suspended_api_key", "invalid_permission"],
        AccountRefused,
        Subject::Account,
    ),
    Listed::names(
        &["daily_quota_exceeded", "monthly_quota_exceeded", "not_found", "method_not_allowed"],
        AccountRefused,
        Subject::Account,
    ),
    Listed::names(&["rate_limit_exceeded"], Throttled, Subject::Account).whatever_the_5xx(),
    Listed::names(
        &["validation_error", "missing_required_field", "invalid_attachment", "invalid_parameter"],
        MessageRejected,
        Subject::Content,
    ),
    // 451: it may have found something dangerous in the mail.
    Listed::names(&["security_error", "invalid_idempotency_key"], MessageRejected, Subject::Content),
    Listed::names(&["invalid_from_address"], MessageRejected, Subject::Sender),
    // Under way at this moment: asking again brings the first call's answer.
    Listed::names(&["concurrent_idempotent_requests"], Unknown, Subject::Content),
    Listed::names(&["invalid_idempotent_request"], Unknown, Subject::Content).because(Reason::Duplicate),
];

pub(super) async fn judge(answer: Answer) -> Verdict {
    let reset = reset(&answer);
    let (verdict, text) = answer.text().await;
    if verdict.outcome == Outcome::Accepted {
        return accepted(&verdict, &text);
    }
    let form = form(verdict.reason, &text);
    codes::decide(verdict.waiting(reset), form)
}

fn accepted(verdict: &Verdict, text: &str) -> Verdict {
    match codes::text(&codes::json(text), "id") {
        Some(id) if verdict.reason == Reason::Status(200) => Verdict::accepted(verdict.reason, Some(id.to_owned())),
        _ => codes::unreadable(),
    }
}

/// `{"statusCode", "name", "message"}`.
fn form(reason: Reason, text: &str) -> Form {
    let body = codes::json(text);
    match (codes::text(&body, "name"), body.get("message").and_then(|message| message.as_str())) {
        (Some(code), Some(message)) => {
            let listed = codes::by_name(LISTED, |name| name == code);
            Form::Own(
                listed.map(
                    |refusal| if code == "validation_error" { validation(refusal, reason, message) } else { refusal },
                ),
            )
        }
        _ => Form::Foreign,
    }
}

/// As a 403 it is about the sender's domain; a wrong key has been seen as a 400 of this name, by its whole sentence.
fn validation(refusal: Refusal, reason: Reason, message: &str) -> Refusal {
    match reason {
        Reason::Status(403) => refusal.but(SenderRejected, Subject::Sender),
        Reason::Status(400) if message.starts_with("API key is invalid") => {
            refusal.but(AccountRefused, Subject::Account)
        }
        _ => refusal,
    }
}

/// `ratelimit-reset` counts seconds.
fn reset(answer: &Answer) -> Option<Duration> {
    answer.header("ratelimit-reset")?.parse().ok().map(Duration::from_secs)
}
