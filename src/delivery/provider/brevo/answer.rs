//! What Brevo's answers come to.
//!
//! Source: its reference of "Send a transactional email" (201 or, of a scheduled mail, 202, with a `messageId`), the codes of
//! its SDK's error model, its page "Idempotency"; an empty body is an acceptance to django-anymail, which has seen one. A
//! duplicate is refused with a 400: asked once more after an unclear answer, the mail was taken; else nobody knows.

use std::time::Duration;

use super::super::call::Mode;
use super::super::client::Answer;
use super::super::codes::{self, Form, Listed, Refusal};
use crate::model::outcome::Outcome::{AccountRefused, MessageRejected, NotCapable, SenderRejected};
use crate::model::outcome::{Outcome, Reason, Subject, Verdict};

pub(super) const LISTED: &[Listed] = &[
    Listed::names(
        &["unauthorized", "permission_denied", "account_under_validation", "not_enough_credits", "method_not_allowed"],
        AccountRefused,
        Subject::Account,
    ),
    Listed::names(&["invalid_parameter", "missing_parameter", "bad_request"], MessageRejected, Subject::Content),
    Listed::names(&["out_of_range"], NotCapable, Subject::Size),
    Listed::names(&["duplicate_parameter", "duplicate_request"], Outcome::Unknown, Subject::Content)
        .because(Reason::Duplicate),
];

/// How its texts about the sender begin, for which it has no code. A mail may hold the word itself, but not this early.
const OF_THE_SENDER: [&str; 3] =
    ["sending has been rejected because the sender", "sender is not valid", "invalid sender"];

/// How its text about a head that is too long begins.
const OF_THE_SIZE: &str = "unexpected long headers length";

pub(super) async fn judge(answer: Answer, mode: Mode) -> Verdict {
    let reset = answer.header("x-sib-ratelimit-reset").and_then(|value| value.parse().ok()).map(Duration::from_secs);
    let (verdict, text) = answer.text().await;
    if verdict.outcome == Outcome::Accepted {
        return accepted(&verdict, &text);
    }
    let verdict = codes::decide(verdict.waiting(reset), form(&text));
    // Of our own first attempt, a moment ago; else nobody knows what became of the mail that had the key before.
    if verdict.reason == Reason::Duplicate && mode == Mode::Repeat {
        return Verdict::accepted(Reason::Duplicate, None);
    }
    verdict
}

fn accepted(verdict: &Verdict, text: &str) -> Verdict {
    if !matches!(verdict.reason, Reason::Status(201 | 202)) {
        return codes::unreadable();
    }
    match codes::text(&codes::json(text), "messageId") {
        Some(id) => Verdict::accepted(verdict.reason, Some(id.to_owned())),
        None if text.is_empty() => Verdict::accepted(verdict.reason, None),
        None => codes::unreadable(),
    }
}

/// `{"code", "message"}`.
fn form(text: &str) -> Form {
    let body = codes::json(text);
    match (codes::text(&body, "code"), body.get("message").and_then(|message| message.as_str())) {
        (Some(code), Some(message)) => {
            Form::Own(codes::by_name(LISTED, |name| name == code).map(|refusal| refine(refusal, message)))
        }
        _ => Form::Foreign,
    }
}

fn refine(refusal: Refusal, message: &str) -> Refusal {
    let message = message.trim_start().to_ascii_lowercase();
    let of_the_sender = OF_THE_SENDER.iter().any(|start| message.starts_with(start));
    match refusal.outcome {
        MessageRejected if of_the_sender => refusal.but(SenderRejected, Subject::Sender),
        MessageRejected if message.starts_with(OF_THE_SIZE) => refusal.but(NotCapable, Subject::Size),
        _ => refusal,
    }
}
