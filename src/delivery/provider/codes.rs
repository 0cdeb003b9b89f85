//! The codes by which providers refuse, as data: a table per adapter, and what an error comes to by it.
//!
//! Who is blamed follows from what an error speaks of. A code that a provider's document lists decides; one in the
//! provider's own form that is in no table is [`Outcome::Unlisted`]: the provider lives and judges; anything else is another
//! party's, such as a gateway's, and its status decides. Only a code from a table ever gets out: whatever else a provider
//! writes is its text. Deliberately absent: providers; their tables stand beside their adapters.

use reqwest::StatusCode;
use serde_json::Value;

use crate::model::outcome::{Code, Outcome, Reason, Subject, Verdict};

/// Codes that come to the same.
pub(super) struct Listed {
    codes: Codes,
    refusal: Refusal,
}

enum Codes {
    Names(&'static [&'static str]),
    Numbers(&'static [u32]),
    /// From the first to the last.
    Range(u32, u32),
}

/// What an error comes to, and what it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) outcome: Outcome,
    pub(super) subject: Subject,
    pub(super) code: Option<Code>,
    /// Instead of the status.
    reason: Option<Reason>,
    /// Does it decide although the status is a 5xx?
    decides_5xx: bool,
}

impl Refusal {
    pub(super) const fn new(outcome: Outcome, subject: Subject) -> Self {
        Self { outcome, subject, code: None, reason: None, decides_5xx: false }
    }

    /// A second outcome about something else, by one code: where one code means two things.
    pub(super) fn but(self, outcome: Outcome, subject: Subject) -> Self {
        Self { outcome, subject, ..self }
    }

    /// The verdict, if this alone decides.
    pub(super) fn verdict(self, reason: Reason) -> Verdict {
        self.decide(Verdict::new(self.outcome, reason))
    }

    fn decide(self, by_status: Verdict) -> Verdict {
        let reason = self.reason.unwrap_or(by_status.reason);
        Verdict { outcome: self.outcome, reason, ..by_status }.about(self.subject, self.code)
    }
}

impl Listed {
    pub(super) const fn names(names: &'static [&'static str], outcome: Outcome, subject: Subject) -> Self {
        Self { codes: Codes::Names(names), refusal: Refusal::new(outcome, subject) }
    }

    pub(super) const fn numbers(numbers: &'static [u32], outcome: Outcome, subject: Subject) -> Self {
        Self { codes: Codes::Numbers(numbers), refusal: Refusal::new(outcome, subject) }
    }

    pub(super) const fn range(first: u32, last: u32, outcome: Outcome, subject: Subject) -> Self {
        Self { codes: Codes::Range(first, last), refusal: Refusal::new(outcome, subject) }
    }

    /// With a reason that says more than the status.
    pub(super) const fn because(self, reason: Reason) -> Self {
        Self { refusal: Refusal { reason: Some(reason), ..self.refusal }, ..self }
    }

    /// Such an error proves that nothing was taken, even with a 5xx.
    pub(super) const fn whatever_the_5xx(self) -> Self {
        Self { refusal: Refusal { decides_5xx: true, ..self.refusal }, ..self }
    }
}

/// The first listed name that this is, in the eyes of `is`.
pub(super) fn by_name(table: &[Listed], is: impl Fn(&str) -> bool) -> Option<Refusal> {
    table.iter().find_map(|listed| {
        let Codes::Names(names) = listed.codes else { return None };
        let name = names.iter().find(|name| is(name))?;
        Some(Refusal { code: Some(Code::Name(name)), ..listed.refusal })
    })
}

/// What this number is listed as.
pub(super) fn by_number(table: &[Listed], number: u32) -> Option<Refusal> {
    let has = |listed: &&Listed| match listed.codes {
        Codes::Names(_) => false,
        Codes::Numbers(numbers) => numbers.contains(&number),
        Codes::Range(first, last) => (first..=last).contains(&number),
    };
    let listed = table.iter().find(has)?;
    Some(Refusal { code: Some(Code::Number(number)), ..listed.refusal })
}

/// Whose words an error is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The provider's own, with a code that is listed or is not.
    Own(Option<Refusal>),
    /// The answer of another party, such as a gateway's, or in no known form.
    Foreign,
}

/// What an answer that is no acceptance comes to.
pub(super) fn decide(by_status: Verdict, form: Form) -> Verdict {
    use Outcome::{AccountRefused, NotCapable, Throttled, Unavailable, Unclassified, Unknown, Unlisted};
    let Form::Own(listed) = form else { return by_status };
    match (by_status.outcome, listed) {
        (Unknown, Some(refusal)) if refusal.decides_5xx && is_5xx(by_status.reason) => refusal.decide(by_status),
        // A conflict over the mail's own id is no less unknown for having a name.
        (Unknown, Some(refusal)) if refusal.outcome == Unknown => refusal.decide(by_status),
        // A 429 stays one, unless its code says that no wait within reason ends it.
        (Throttled, Some(refusal)) if matches!(refusal.outcome, AccountRefused | Throttled) => {
            refusal.decide(by_status)
        }
        (NotCapable, Some(refusal)) if refusal.subject.is_of_the_message() => {
            by_status.about(Subject::Size, refusal.code)
        }
        // What it came to is unknown all the same, but it speaks of the mail: the provider lives and judges.
        (Unknown, Some(refusal)) if refusal.subject.is_of_the_message() => {
            by_status.about(refusal.subject, refusal.code)
        }
        (Unknown, None) if !is_5xx(by_status.reason) => by_status.about(Subject::Content, None),
        (Unknown | Throttled | Unavailable | Outcome::Accepted, _) => by_status,
        (_, Some(refusal)) => refusal.decide(by_status),
        (Unclassified | Unlisted, None) => Verdict { outcome: Unlisted, ..by_status },
        (_, None) => by_status,
    }
}

fn is_5xx(reason: Reason) -> bool {
    let Reason::Status(status) = reason else { return false };
    StatusCode::from_u16(status).is_ok_and(|status| status.is_server_error())
}

/// An acceptance that is none.
pub(super) fn unreadable() -> Verdict {
    Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer)
}

/// A body as JSON; null if it is none. Fields are looked up in it by name, so that no list passes for an object.
pub(super) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// A field of an object that is a text with something in it.
pub(super) fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
pub(super) mod tests;
