//! What Mailgun's answers come to.
//!
//! Source: its OpenAPI document (`POST /v3/{domain}/messages`: 200 with `id` and "Queued. Thank you.") and its list of
//! errors. It has no codes: a 400 in its own form is about the message, but for the one sentence about the domain. A wrong
//! URL answers 200 too, in prose.

use std::time::Duration;

use serde_json::Value;

use super::super::client::{self, Answer};
use super::super::codes::{self, Form, Refusal};
use crate::model::message::Message;
use crate::model::outcome::Outcome::{AccountRefused, MessageRejected, NotCapable};
use crate::model::outcome::{Outcome, Reason, Subject, Verdict};

pub(super) async fn judge(answer: Answer, message: &Message) -> Verdict {
    let (verdict, text) = answer.text().await;
    let body = codes::json(&text);
    if verdict.outcome == Outcome::Accepted {
        return accepted(&verdict, &text, &body);
    }
    let (reason, said) = (verdict.reason, codes::text(&body, "message"));
    let listed = said.and_then(|said| refused(reason, said, message));
    let verdict = codes::decide(verdict, said.map_or(Form::Foreign, |_| Form::Own(listed)));
    match reason {
        // The hourly limit of the account, whatever the body.
        Reason::Status(420) => Verdict { outcome: AccountRefused, ..verdict }.about(Subject::Account, None),
        Reason::Status(429) => verdict.waiting(said.and_then(named_wait)),
        _ => verdict,
    }
}

/// The id is the proof; without one, the word that it is queued.
fn accepted(verdict: &Verdict, text: &str, body: &Value) -> Verdict {
    let is_queued = codes::text(body, "message").is_some_and(|message| message.starts_with("Queued"));
    match (verdict.reason, body.get("id")) {
        (Reason::Status(200), Some(Value::String(id))) if !id.is_empty() => {
            Verdict::accepted(verdict.reason, Some(id.clone()))
        }
        (Reason::Status(200), None) if is_queued => Verdict::accepted(verdict.reason, None),
        _ if text.contains("Mailgun Magnificent API") => Verdict::new(Outcome::Unavailable, Reason::WrongBaseUrl),
        _ => codes::unreadable(),
    }
}

fn refused(reason: Reason, said: &str, message: &Message) -> Option<Refusal> {
    match reason {
        Reason::Status(400) if is_of_the_domain(said) => Some(Refusal::new(AccountRefused, Subject::Account)),
        // A limit of its own that its document names.
        Reason::Status(400) if said.starts_with("Too many recipients") => {
            Some(Refusal::new(NotCapable, Subject::Recipient))
        }
        Reason::Status(400) if said.starts_with("Send options (") => Some(Refusal::new(NotCapable, Subject::Size)),
        Reason::Status(400) => Some(Refusal::new(MessageRejected, Subject::Content)),
        Reason::Status(403) if client::names_the_account(said, message) => {
            Some(Refusal::new(AccountRefused, Subject::Account))
        }
        _ => None,
    }
}

/// "Domain mg.example.com is not allowed to send: ...", from its first word on, where nothing of the mail's can stand.
fn is_of_the_domain(said: &str) -> bool {
    let rest = said.strip_prefix("Domain ").and_then(|rest| rest.split_once(' '));
    rest.is_some_and(|(_, rest)| rest.starts_with("is not allowed to send"))
}

/// "try again after 30 seconds", or after a date.
fn named_wait(text: &str) -> Option<Duration> {
    let rest = text.split_once("after ")?.1;
    let seconds = rest.split_once(" second").and_then(|(number, _)| number.parse().ok()).map(Duration::from_secs);
    seconds.or_else(|| client::until_date(&rest.get(..29)?.replace("UTC", "GMT")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_that_a_429_names_is_read_from_its_text() {
        for (text, seconds) in [
            ("Too many requests, try again after 30 seconds", Some(30)),
            ("Please try again after 1 second.", Some(1)),
            ("try again after Sun, 06 Nov 1994 08:49:37 UTC", Some(0)),
            ("try again after Sun, 06 Nov 1994 08:49:37 GMT.", Some(0)),
            ("try again later", None),
            ("try again after lunch", None),
            ("try again after üüüüüüüüüüüüüüüüüüüüüüüüüüüüüü", None),
        ] {
            assert_eq!(named_wait(text), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn only_its_own_sentence_is_about_the_domain() {
        assert!(is_of_the_domain("Domain mg.example.com is not allowed to send: the domain is unverified"));
        for text in ["'is not allowed to send' is no address", "Domain a b is not allowed to send", "Domain", ""] {
            assert!(!is_of_the_domain(text), "{text}");
        }
    }
}
