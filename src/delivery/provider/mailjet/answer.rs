//! What Mailjet's answers come to.
//!
//! Source: its guide "Send API v3.1", which has the codes, and its examples (200 with `Status` "success" for the message).
//! A code stands at the root, if nothing was looked at, or in the message's errors. Under a 4xx, too, each message has a
//! status of its own, and there is one message a call. Under a 5xx no word of its counts.

use serde_json::Value;

use super::super::client::Answer;
use super::super::codes::{self, Form, Listed};
use crate::model::outcome::Outcome::{AccountRefused, MessageRejected, NotCapable, SenderRejected};
use crate::model::outcome::{Outcome, Reason, Subject, Verdict};

pub(super) const LISTED: &[Listed] = &[
    Listed::names(&["mj-0001", "mj-0015"], AccountRefused, Subject::Account),
    // Too many characters, elements or bytes: another may take them.
    Listed::names(&["mj-0006", "mj-0008", "mj-0011"], NotCapable, Subject::Size),
    // Too many recipients.
    Listed::names(&["send-0015"], NotCapable, Subject::Recipient),
    Listed::names(&["mj-0013"], MessageRejected, Subject::Recipient),
    Listed::names(
        &["mj-0002", "mj-0003", "mj-0004", "mj-0005", "mj-0007", "mj-0012"],
        MessageRejected,
        Subject::Content,
    ),
    Listed::names(
        &["send-0003", "send-0004", "send-0010", "send-0011", "send-0012", "send-0013", "send-0014", "send-0016"],
        MessageRejected,
        Subject::Content,
    ),
    Listed::names(&["send-0006", "send-0007", "send-0008"], SenderRejected, Subject::Sender),
];

pub(super) async fn judge(answer: Answer) -> Verdict {
    let by_status = answer.verdict();
    let (verdict, text) = answer.text().await;
    let body = codes::json(&text);
    let Reason::Status(status @ (200 | 400..=499)) = by_status.reason else {
        return if verdict.outcome == Outcome::Accepted { codes::unreadable() } else { verdict };
    };
    let message = the_message(&body);
    if message.and_then(|message| codes::text(message, "Status")) == Some("success") {
        return Verdict::accepted(Reason::Status(status), message.and_then(id));
    }
    match (form(&body, message), verdict.outcome) {
        (Form::Own(Some(refusal)), Outcome::Accepted) => refusal.verdict(Reason::RefusedInBody),
        (Form::Own(None), Outcome::Accepted) => Verdict::new(Outcome::Unlisted, Reason::RefusedInBody),
        (Form::Foreign, Outcome::Accepted) => codes::unreadable(),
        (form, _) => codes::decide(verdict, form),
    }
}

fn the_message(body: &Value) -> Option<&Value> {
    match body.get("Messages")?.as_array()?.as_slice() {
        [message] => Some(message),
        _ => None,
    }
}

/// A number of 64 bits; of the first recipient, since each has one.
fn id(message: &Value) -> Option<String> {
    let id = message.pointer("/To/0/MessageID")?;
    id.as_u64().map(|id| id.to_string()).or_else(|| id.as_str().map(str::to_owned))
}

/// `{"ErrorCode", ...}`, or the same among the errors of a message.
fn form(body: &Value, message: Option<&Value>) -> Form {
    let of_the_message = || message?.pointer("/Errors/0").and_then(|error| codes::text(error, "ErrorCode"));
    match codes::text(body, "ErrorCode").or_else(of_the_message) {
        Some(code) => Form::Own(codes::by_name(LISTED, |name| name == code)),
        None => Form::Foreign,
    }
}
