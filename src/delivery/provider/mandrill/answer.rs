//! What Mandrill's answers come to: a call's error by its name, a mail by what is said of each recipient.
//!
//! Source: Mailchimp's "Transactional API" document and SDKs. The classic API answers 500 to everything, a wrong key
//! included, so a listed name decides whatever the 5xx; the `GeneralError` that it calls unexpected itself is unknown. A 200
//! has a status for each recipient, and that is the acceptance: it can come without an id. Recipients in a verdict are the
//! message's: an address that is none of them is dropped, and one of them that is not named is unknown.

use std::collections::HashMap;

use serde_json::Value;

use super::super::client::Answer;
use super::super::codes::{self, Form, Listed, Refusal};
use crate::model::message::Message;
use crate::model::outcome::Outcome::{AccountRefused, MessageRejected, SenderRejected, Throttled, Unavailable};
use crate::model::outcome::{Outcome, Reason, Recipient, Subject, Verdict};

pub(super) const LISTED: &[Listed] = &[
    Listed::names(
        &["Invalid_Key", "PaymentRequired", "Unknown_Subaccount", "Unknown_Template"],
        AccountRefused,
        Subject::Account,
    )
    .whatever_the_5xx(),
    Listed::names(&["ValidationError"], MessageRejected, Subject::Content).whatever_the_5xx(),
    Listed::names(&["RequestLimitExceeded"], Throttled, Subject::Account).whatever_the_5xx(),
    Listed::names(&["ServiceUnavailable"], Unavailable, Subject::System).whatever_the_5xx(),
];

/// Why a recipient is refused.
pub(super) const REJECTED: &[Listed] = &[
    Listed::names(&["unsigned"], SenderRejected, Subject::Sender),
    Listed::names(&["test-mode-limit"], AccountRefused, Subject::Account),
    Listed::names(&["invalid-sender"], MessageRejected, Subject::Sender),
    Listed::names(&["invalid"], MessageRejected, Subject::Recipient),
    Listed::names(
        &["hard-bounce", "soft-bounce", "spam", "unsub", "custom", "rule"],
        MessageRejected,
        Subject::Recipient,
    )
    .because(Reason::Suppressed),
];

/// Taken, but it will not go out before the operator has seen to the account.
const STUCK: [&str; 5] =
    ["account-suspended", "sending-paused", "sending-suspended", "monthly-limit-reached", "free-trial-sends-exhausted"];

pub(super) async fn judge(answer: Answer, message: &Message) -> Verdict {
    let (verdict, text) = answer.text().await;
    let body = codes::json(&text);
    match verdict.reason {
        Reason::Status(200) if verdict.outcome == Outcome::Accepted => {
            accepted(&body, message).unwrap_or_else(codes::unreadable)
        }
        _ if verdict.outcome == Outcome::Accepted => codes::unreadable(),
        _ => decide(verdict, form(&body)),
    }
}

/// Mandrill answers 500 to everything, so an error of its own form that no table lists is as likely the mail's as its own: it is
/// unknown what it did, and nobody is blamed.
fn decide(verdict: Verdict, form: Form) -> Verdict {
    match (form, verdict.outcome) {
        (Form::Own(None), Outcome::Unknown) => verdict.about(Subject::Content, None),
        _ => codes::decide(verdict, form),
    }
}

/// `{"status": "error", "code", "name", "message"}`.
fn form(body: &Value) -> Form {
    let is_own = codes::text(body, "status") == Some("error") && body.get("code").is_some_and(Value::is_number);
    match codes::text(body, "name").filter(|_| is_own) {
        Some(code) => Form::Own(codes::by_name(LISTED, |name| name == code)),
        None => Form::Foreign,
    }
}

/// What it says of one recipient.
struct Response<'a> {
    email: &'a str,
    outcome: Outcome,
    reason: Reason,
    refusal: Option<Refusal>,
    id: Option<&'a str>,
    is_stuck: bool,
}

impl Response<'_> {
    fn is_taken(&self) -> bool {
        self.outcome == Outcome::Accepted
    }
}

/// `None`: not its answer, in words that are not in its document, or about an address that is not in the message.
fn accepted(body: &Value, message: &Message) -> Option<Verdict> {
    let responses = body.as_array()?.iter().map(response).collect::<Option<Vec<_>>>()?;
    let emails: Vec<_> = message.recipient_mailboxes().map(|mailbox| mailbox.address().as_str()).collect();
    let named = named(&emails, &responses);
    let mut taken = named.iter().flatten().filter(|response| response.is_taken());
    let Some(first) = taken.next() else { return all_refused(&named) };
    let is_whole = taken.count() + 1 == emails.len();
    let recipients = if is_whole { Vec::new() } else { emails.into_iter().zip(&named).map(recipient).collect() };
    let is_stuck = named.iter().flatten().any(|response| response.is_stuck);
    let reason = if is_stuck { Reason::Stuck } else { Reason::Status(200) };
    Some(Verdict { recipients, ..Verdict::accepted(reason, first.id.map(str::to_owned)) })
}

/// What is said of each of the message's recipients, whatever the case of their letters; of what is said twice, that it was
/// taken.
fn named<'a>(emails: &[&str], responses: &'a [Response<'a>]) -> Vec<Option<&'a Response<'a>>> {
    let mut by_email: HashMap<String, &Response<'_>> = HashMap::with_capacity(responses.len());
    for response in responses {
        let known = by_email.entry(response.email.to_ascii_lowercase()).or_insert(response);
        if response.is_taken() {
            *known = response;
        }
    }
    let mut named: Vec<_> = emails.iter().map(|email| by_email.remove(&email.to_ascii_lowercase())).collect();
    // What is left may be recipients in another spelling. Where all were taken, or none, it is all the same who is who.
    let unnamed = named.iter().filter(|response| response.is_none()).count();
    let is_uniform = responses.iter().all(Response::is_taken) || !responses.iter().any(Response::is_taken);
    if is_uniform && by_email.len() >= unnamed {
        named.iter_mut().filter(|response| response.is_none()).for_each(|response| *response = responses.first());
    }
    named
}

/// A suppressed recipient is not taken elsewhere for the others' sake.
fn all_refused(named: &[Option<&Response<'_>>]) -> Option<Verdict> {
    let refused = named.iter().copied().collect::<Option<Vec<_>>>()?;
    let of_the_message = |response: &&&Response<'_>| response.outcome == MessageRejected;
    let decisive = refused.iter().find(of_the_message).or(refused.first())?;
    Some(match decisive.refusal {
        Some(refusal) => refusal.verdict(Reason::RefusedInBody),
        None => Verdict::new(decisive.outcome, decisive.reason),
    })
}

fn recipient((email, response): (&str, &Option<&Response<'_>>)) -> Recipient {
    let unnamed = (Outcome::Unknown, Reason::UnreadableAnswer);
    let (outcome, reason) = response.map_or(unnamed, |response| (response.outcome, response.reason));
    Recipient { email: email.to_owned(), outcome, reason }
}

fn response(entry: &Value) -> Option<Response<'_>> {
    let (email, status) = (codes::text(entry, "email")?, codes::text(entry, "status")?);
    let why = codes::text(entry, "reject_reason");
    let refusal = match status {
        "rejected" => codes::by_name(REJECTED, |name| Some(name) == why),
        "invalid" => codes::by_name(REJECTED, |name| name == "invalid"),
        _ => None,
    };
    let (outcome, reason) = match (status, refusal) {
        ("sent" | "queued" | "scheduled", _) => (Outcome::Accepted, Reason::Status(200)),
        (_, Some(refusal)) => (refusal.outcome, refusal.verdict(Reason::RefusedInBody).reason),
        ("rejected", None) => (Outcome::Unlisted, Reason::RefusedInBody),
        _ => return None,
    };
    let is_stuck = codes::text(entry, "queued_reason").is_some_and(|reason| STUCK.contains(&reason));
    Some(Response { email, outcome, reason, refusal, id: codes::text(entry, "_id"), is_stuck })
}
