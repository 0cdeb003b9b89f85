//! Answers as bytes: versioned, by words, so that another version of this program reads what it knows.
//!
//! An attempt has its age, not its time: what is read adds how long it was kept, by the store's clock. So the time for which
//! a provider takes a mail once goes on across a restart, and on another node. What cannot be read is no answer: a word of a
//! later version stands for something that this one must not guess.

mod names;
mod words;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::model::message::Id;
use crate::model::outcome::{Recipient, Verdict};
use crate::model::receipt::{Answer, Attempt, Failure, Receipt, SendError};
use crate::runtime::millis::millis;
use names::kept_name;

/// The version of this encoding.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    /// Absent where a provider has the mail.
    failure: Option<String>,
    rule: Option<String>,
    attempts: Vec<WrittenAttempt>,
}

#[derive(Serialize, Deserialize)]
struct WrittenAttempt {
    upstream: String,
    outcome: String,
    reason: String,
    subject: Option<String>,
    code: Option<String>,
    provider_message_id: Option<String>,
    retry_after_ms: Option<u64>,
    /// Each with its address, outcome and reason.
    recipients: Vec<(String, String, String)>,
    /// Absent where the mail was not offered.
    took_ms: Option<u64>,
    age_ms: u64,
    lookup: Option<(String, String)>,
}

/// The bytes of an answer at this time.
pub(super) fn encode(answer: &Answer, now: Instant) -> Vec<u8> {
    let (failure, rule, attempts) = match answer {
        Ok(receipt) => (None, &receipt.rule, &receipt.attempts),
        Err(error) => (Some(words::failure(error.failure).to_owned()), &error.rule, &error.attempts),
    };
    let attempts = attempts.iter().map(|attempt| write(attempt, now)).collect();
    let written = Written { version: VERSION, failure, rule: rule.as_deref().map(str::to_owned), attempts };
    serde_json::to_vec(&written).unwrap_or_default()
}

/// The answer for a mail, from bytes that were written so long ago.
pub(super) fn decode(id: Id, bytes: &[u8], written_ago: Duration, now: Instant) -> Option<Answer> {
    let Written { version, failure, rule, attempts } = serde_json::from_slice(bytes).ok()?;
    if version != VERSION {
        return None;
    }
    let attempts: Vec<_> = attempts.into_iter().map(|one| read(one, written_ago, now)).collect::<Option<_>>()?;
    let rule = rule.map(Into::into);
    Some(match failure {
        None => Ok(Receipt { rule, ..Receipt::new(id, attempts) }),
        Some(failure) => Err(SendError { rule, ..SendError::new(id, words::failure_of(&failure)?, attempts) }),
    })
}

fn write(attempt: &Attempt, now: Instant) -> WrittenAttempt {
    let Attempt { upstream, verdict, took, ended_at, lookup } = attempt;
    let recipient = |one: &Recipient| (one.email.clone(), one.outcome.as_str().to_owned(), one.reason.to_string());
    WrittenAttempt {
        upstream: upstream.to_string(),
        outcome: verdict.outcome.as_str().to_owned(),
        reason: verdict.reason.to_string(),
        subject: verdict.subject.map(|subject| words::subject(subject).to_owned()),
        code: verdict.code.map(|code| code.to_string()),
        provider_message_id: verdict.provider_message_id.clone(),
        retry_after_ms: verdict.retry_after.map(millis),
        recipients: verdict.recipients.iter().map(recipient).collect(),
        took_ms: took.map(millis),
        age_ms: millis(now.into_std().saturating_duration_since(*ended_at)),
        lookup: lookup.as_deref().map(|(field, value)| ((*field).to_owned(), value.clone())),
    }
}

fn read(written: WrittenAttempt, written_ago: Duration, now: Instant) -> Option<Attempt> {
    let recipients = written.recipients.into_iter().map(|(email, outcome, reason)| {
        Some(Recipient { email, outcome: words::outcome(&outcome)?, reason: words::reason(&reason)? })
    });
    let subject = match written.subject {
        Some(subject) => Some(words::subject_of(&subject)?),
        None => None,
    };
    let verdict = Verdict {
        outcome: words::outcome(&written.outcome)?,
        reason: words::reason(&written.reason)?,
        subject,
        code: written.code.as_deref().and_then(words::code),
        provider_message_id: written.provider_message_id,
        retry_after: written.retry_after_ms.map(Duration::from_millis),
        recipients: recipients.collect::<Option<_>>()?,
    };
    let age = Duration::from_millis(written.age_ms).saturating_add(written_ago);
    let lookup = written.lookup.and_then(|(field, value)| Some(Box::new((kept_name(&field)?, value))));
    let took = written.took_ms.map(Duration::from_millis);
    // Before this machine was started there was no time that it could tell.
    let ended_at = now.into_std().checked_sub(age)?;
    Some(Attempt { upstream: written.upstream.into(), verdict, took, ended_at, lookup })
}

/// The answer for a mail of which nothing can be read, or whose node has died.
pub(super) fn unreadable(id: Id) -> SendError {
    SendError::new(id, Failure::Unknown, Vec::new())
}

#[cfg(test)]
mod tests;
