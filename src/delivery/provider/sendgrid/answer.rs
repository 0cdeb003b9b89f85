//! What SendGrid's answers come to.
//!
//! Source: Twilio's OpenAPI document `tsg_mail_v3` and its pages of Mail Send errors and of the sandbox. 202 is the
//! acceptance, with an id or without a body; the sandbox's is a 200 without one. Its errors have no codes, but name the field of the
//! request that is wrong, of which the first part is one of the document's.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::super::call::Mode;
use super::super::client::{self, Answer};
use super::super::codes::{self, Form, Listed, Refusal};
use crate::model::message::Message;
use crate::model::outcome::Outcome::{
    AccountRefused, MessageRejected, NotCapable, SenderRejected, Unclassified, Unlisted,
};
use crate::model::outcome::{Outcome, Reason, Subject, Verdict};

pub(super) const LISTED: &[Listed] = &[
    Listed::names(&["from"], MessageRejected, Subject::Sender),
    Listed::names(&["personalizations"], MessageRejected, Subject::Recipient),
    Listed::names(
        &["reply_to", "reply_to_list", "subject", "content", "attachments", "template_id", "headers"],
        MessageRejected,
        Subject::Content,
    ),
    Listed::names(
        &["send_at", "batch_id", "asm", "ip_pool_name", "mail_settings", "tracking_settings"],
        MessageRejected,
        Subject::Content,
    ),
    // Their form is ours, so only their length or number can be refused: another may take them.
    Listed::names(&["categories", "custom_args"], NotCapable, Subject::Size),
];

pub(super) async fn judge(answer: Answer, message: &Message, mode: Mode) -> Verdict {
    if let Some(verdict) = by_status(&answer) {
        if mode == Mode::Probe {
            // For the operator, who may want to see it.
            let _ = answer.text().await;
        }
        return verdict;
    }
    let (verdict, text) = answer.text().await;
    let reason = verdict.reason;
    match reason {
        _ if verdict.outcome != Outcome::Accepted => codes::decide(verdict, form(reason, &text, message)),
        Reason::Status(202) if text.is_empty() => Verdict::accepted(verdict.reason, None),
        Reason::Status(200) if mode == Mode::Probe && text.is_empty() => Verdict::accepted(verdict.reason, None),
        // So answers whatever else may stand at a wrong URL, or in front of it.
        _ => codes::unreadable(),
    }
}

/// The verdict, where the body adds nothing.
fn by_status(answer: &Answer) -> Option<Verdict> {
    let verdict = answer.verdict();
    match verdict.reason {
        Reason::Status(202) => {
            let id = answer.header("X-Message-Id").filter(|id| !id.is_empty())?;
            Some(Verdict::accepted(verdict.reason, Some(id.to_owned())))
        }
        Reason::Status(429) => Some(verdict.waiting(until_reset(answer))),
        // The wrong region.
        Reason::Status(451) => Some(Refusal::new(AccountRefused, Subject::Account).verdict(verdict.reason)),
        _ => Some(verdict).filter(|verdict| !matches!(verdict.outcome, Outcome::Accepted | Unclassified | Unlisted)),
    }
}

/// `{"errors": [{"message", "field", "help"}]}`.
fn form(reason: Reason, text: &str, message: &Message) -> Form {
    let body = codes::json(text);
    let errors = body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<_> = errors.iter().filter_map(|error| error.get("message")?.as_str()).collect();
    if texts.is_empty() {
        return Form::Foreign;
    }
    let listed = errors.iter().find_map(|error| {
        // The innermost name that is listed: `personalizations.0.custom_args` is about the arguments.
        let parts = codes::text(error, "field")?.rsplit(['.', '[']);
        parts.into_iter().find_map(|part| codes::by_name(LISTED, |name| name == part))
    });
    Form::Own(refused(reason, listed, &texts, message))
}

/// A 400 is about the message; a 403 about the sender identity, the account (key, scope, plan), or nothing that we know; a
/// 406 about our call.
fn refused(reason: Reason, listed: Option<Refusal>, texts: &[&str], message: &Message) -> Option<Refusal> {
    let of_the_sender = listed.filter(|refusal| refusal.subject == Subject::Sender);
    match reason {
        Reason::Status(400) => Some(listed.unwrap_or(Refusal::new(MessageRejected, Subject::Content))),
        Reason::Status(403) if of_the_sender.is_some() => {
            of_the_sender.map(|refusal| refusal.but(SenderRejected, Subject::Sender))
        }
        Reason::Status(403) if texts.iter().any(|text| text.starts_with("The from address ")) => {
            Some(Refusal::new(SenderRejected, Subject::Sender))
        }
        Reason::Status(403) => {
            let of_the_account = texts.iter().any(|text| client::names_the_account(text, message));
            of_the_account.then_some(Refusal::new(AccountRefused, Subject::Account))
        }
        Reason::Status(406) => Some(Refusal::new(AccountRefused, Subject::Account)),
        _ => listed,
    }
}

/// `X-RateLimit-Reset` is the Unix time at which the limit ends; Retry-After is not documented, but clearer.
fn until_reset(answer: &Answer) -> Option<Duration> {
    let reset = answer.header("X-RateLimit-Reset")?.parse().ok().map(Duration::from_secs)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Some(reset.saturating_sub(now))
}
