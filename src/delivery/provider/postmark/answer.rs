//! What Postmark's answers come to.
//!
//! Source: its documentation, "API overview" and its error codes, which are no HTTP statuses though the numbers overlap:
//! the code decides, then the status. An acceptance is a 200 with `ErrorCode` 0, or none (seen by django-anymail), and a
//! `MessageID`. It can name inactive addresses in an English sentence, the only word there is on them: the others got the
//! mail.

use serde_json::Value;

use super::super::client::Answer;
use super::super::codes::{self, Form, Listed};
use crate::model::message::Message;
use crate::model::outcome::Outcome::{
    AccountRefused, MessageRejected, NotCapable, SenderRejected, Throttled, Unavailable,
};
use crate::model::outcome::{Outcome, Reason, Recipient, Subject, Verdict};

pub(super) const LISTED: &[Listed] = &[
    Listed::numbers(&[10, 405, 412, 413, 1235, 1236], AccountRefused, Subject::Account),
    // Maintenance: it says itself that it did nothing.
    Listed::numbers(&[100], Unavailable, Subject::System).whatever_the_5xx(),
    Listed::numbers(&[300, 402, 403, 409, 410], MessageRejected, Subject::Content),
    // A type of file that others take.
    Listed::numbers(&[411], NotCapable, Subject::Content),
    Listed::numbers(&[400, 401], SenderRejected, Subject::Sender),
    Listed::numbers(&[406], MessageRejected, Subject::Recipient).because(Reason::Suppressed),
    Listed::numbers(&[429], Throttled, Subject::Account),
];

pub(super) async fn judge(answer: Answer, message: &Message) -> Verdict {
    let (verdict, text) = answer.text().await;
    let body = codes::json(&text);
    match verdict.reason {
        Reason::Status(200) if verdict.outcome == Outcome::Accepted => accepted(&body, message),
        _ if verdict.outcome == Outcome::Accepted => codes::unreadable(),
        _ => codes::decide(verdict, form(&body)),
    }
}

/// `{"ErrorCode", "Message"}`.
fn form(body: &Value) -> Form {
    let code = body.get("ErrorCode").and_then(Value::as_u64).filter(|code| *code > 0);
    match (code, body.get("Message").and_then(Value::as_str)) {
        (Some(code), Some(_)) => Form::Own(u32::try_from(code).ok().and_then(|code| codes::by_number(LISTED, code))),
        _ => Form::Foreign,
    }
}

fn accepted(body: &Value, message: &Message) -> Verdict {
    let is_fine = matches!(body.get("ErrorCode").map(Value::as_u64), None | Some(Some(0)));
    match (codes::text(body, "MessageID"), form(body)) {
        (Some(id), Form::Foreign) if is_fine => {
            let recipients = recipients(codes::text(body, "Message").unwrap_or_default(), message);
            Verdict { recipients, ..Verdict::accepted(Reason::Status(200), Some(id.to_owned())) }
        }
        (None, Form::Own(Some(refusal))) => refusal.verdict(Reason::RefusedInBody),
        (None, Form::Own(None)) => Verdict::new(Outcome::Unlisted, Reason::RefusedInBody),
        _ => codes::unreadable(),
    }
}

/// "OK, but will not deliver to these inactive addresses: a@b.org, c@d.org. Inactive recipients are ..."
fn recipients(sentence: &str, message: &Message) -> Vec<Recipient> {
    let list =
        sentence.split_once("inactive addresses:").map(|(_, rest)| rest.split(". Inactive").next().unwrap_or_default());
    let inactive: Vec<_> = list.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let is_inactive = |email: &str| inactive.iter().any(|name| name.eq_ignore_ascii_case(email));
    let emails: Vec<_> = message.recipient_mailboxes().map(|mailbox| mailbox.address().as_str()).collect();
    if !emails.iter().any(|email| is_inactive(email)) {
        return Vec::new();
    }
    let recipient = |email: &&str| {
        let suppressed = (MessageRejected, Reason::Suppressed);
        let (outcome, reason) = if is_inactive(email) { suppressed } else { (Outcome::Accepted, Reason::Status(200)) };
        Recipient { email: (*email).to_owned(), outcome, reason }
    };
    emails.iter().map(recipient).collect()
}
