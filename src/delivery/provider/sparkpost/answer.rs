//! What `SparkPost`'s answers come to.
//!
//! Source: its "Transmissions API" (200 with the numbers of recipients that were accepted and rejected) and its page of
//! extended error codes. A 200 can have refused some without saying whom, so then nobody knows who has the mail.

use serde_json::Value;

use super::super::client::Answer;
use super::super::codes::{self, Form, Listed};
use crate::model::message::Message;
use crate::model::outcome::Outcome::{AccountRefused, MessageRejected, NotCapable, SenderRejected, Unavailable};
use crate::model::outcome::{Outcome, Reason, Recipient, Subject, Verdict};

pub(super) const LISTED: &[Listed] = &[
    Listed::numbers(&[1100, 1101, 1102, 1303, 1304, 1600, 1601], AccountRefused, Subject::Account),
    // Its limits of sending, by the hour, the day, the sandbox.
    Listed::numbers(&[2101, 2102, 2103], AccountRefused, Subject::Account),
    Listed::numbers(&[1301, 1305, 1400, 1901], MessageRejected, Subject::Content),
    // "Invalid data format/type/length": another may take the length.
    Listed::numbers(&[1300], NotCapable, Subject::Size),
    // Of templates: syntax, rendering, headers, MIME.
    Listed::range(3000, 3050, MessageRejected, Subject::Content),
    // Substitution data, of which the metadata is a part.
    Listed::numbers(&[2002], NotCapable, Subject::Size),
    Listed::numbers(&[5002], MessageRejected, Subject::Recipient),
    // Rejected while it was made: seen where the one recipient is suppressed.
    Listed::numbers(&[1902], MessageRejected, Subject::Recipient).because(Reason::Suppressed),
    Listed::numbers(&[7000, 7001], SenderRejected, Subject::Sender),
    // A lack of resources, as a 400; the generation of messages is not set up, as another.
    Listed::numbers(&[1502, 1910], Unavailable, Subject::System),
    // The generation of messages is not there; of all its 5xx only this says so.
    Listed::numbers(&[1900], Unavailable, Subject::System).whatever_the_5xx(),
];

pub(super) async fn judge(answer: Answer, message: &Message) -> Verdict {
    let (verdict, text) = answer.text().await;
    let body = codes::json(&text);
    match verdict.reason {
        Reason::Status(200) if verdict.outcome == Outcome::Accepted => {
            accepted(&body, message).unwrap_or_else(codes::unreadable)
        }
        _ if verdict.outcome == Outcome::Accepted => codes::unreadable(),
        // The hourly limit of the account, whatever the body.
        Reason::Status(420) => {
            codes::decide(Verdict { outcome: AccountRefused, ..verdict }.about(Subject::Account, None), form(&body))
        }
        _ => codes::decide(verdict, form(&body)),
    }
}

/// `{"errors": [{"message", "code", "description"}]}`, the code as a text.
fn form(body: &Value) -> Form {
    let errors = body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_own = errors.iter().any(|error| error.get("message").is_some_and(Value::is_string));
    let mut numbers = errors.iter().filter_map(|error| codes::text(error, "code")?.parse().ok());
    if is_own { Form::Own(numbers.find_map(|code| codes::by_number(LISTED, code))) } else { Form::Foreign }
}

/// `None`: not its answer, or numbers that say nothing.
fn accepted(body: &Value, message: &Message) -> Option<Verdict> {
    let number = |name| body.pointer(name).and_then(Value::as_u64);
    let taken = number("/results/total_accepted_recipients")?;
    let refused = number("/results/total_rejected_recipients").unwrap_or(0);
    match (taken, refused) {
        (0, 0) => return None,
        (0, _) => return Some(Verdict::new(MessageRejected, Reason::RefusedInBody).about(Subject::Recipient, None)),
        _ => {}
    }
    let id = body.pointer("/results/id").and_then(Value::as_str).map(str::to_owned);
    let verdict = Verdict::accepted(Reason::Status(200), id);
    if refused == 0 && taken >= message.recipients() as u64 {
        return Some(verdict);
    }
    let reason = Reason::RefusedInBody;
    let recipient = |email: &str| Recipient { email: email.to_owned(), outcome: Outcome::Unknown, reason };
    let recipients = message.recipient_mailboxes().map(|mailbox| recipient(mailbox.address().as_str())).collect();
    Some(Verdict { recipients, ..verdict })
}
