//! The two answers for a submission.

use std::sync::Arc;

use super::attempt::Attempt;
use super::failure::Failure;
use crate::model::message::Id;

/// What a submission came to.
pub type Answer = Result<Receipt, SendError>;

/// The answer for a mail whose upstreams the rule of this name chose.
pub fn by_rule(answer: Answer, rule: Option<&Arc<str>>) -> Answer {
    let rule = rule.cloned();
    match answer {
        Ok(receipt) => Ok(Receipt { rule, ..receipt }),
        Err(error) => Err(SendError { rule, ..error }),
    }
}

/// A provider took the mail.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Our id of the mail.
    pub id: Id,
    /// Every attempt; the last one was accepted.
    pub attempts: Vec<Attempt>,
    /// The name of the rule that chose the upstreams, if one did.
    pub rule: Option<Arc<str>>,
    /// Is it the answer to an earlier call under the same key?
    pub replayed: bool,
}

impl Receipt {
    /// The answer to this call; the last attempt was accepted.
    pub fn new(id: Id, attempts: Vec<Attempt>) -> Self {
        Self { id, attempts, rule: None, replayed: false }
    }

    /// May another upstream have the mail too? A repeat at the upstream that took it is no danger: an upstream is asked
    /// again only if it takes a mail once.
    pub fn may_be_duplicate(&self) -> bool {
        let taker = self.attempts.last().map(|attempt| &attempt.upstream);
        self.attempts.iter().filter(|attempt| attempt.is_unknown()).any(|attempt| Some(&attempt.upstream) != taker)
    }
}

/// No provider is known to have taken the mail.
#[derive(Clone, Debug)]
pub struct SendError {
    /// Our id of the mail.
    pub id: Id,
    /// What the caller may conclude.
    pub failure: Failure,
    /// Every attempt.
    pub attempts: Vec<Attempt>,
    /// The name of the rule that chose the upstreams, if one did.
    pub rule: Option<Arc<str>>,
    /// Is it the answer to an earlier call under the same key?
    pub replayed: bool,
}

impl SendError {
    /// The answer to this call.
    pub fn new(id: Id, failure: Failure, attempts: Vec<Attempt>) -> Self {
        Self { id, failure, attempts, rule: None, replayed: false }
    }

    /// The answer for a mail during whose hand-over our code panicked.
    pub fn panicked(id: Id) -> Self {
        Self::new(id, Failure::Panicked, Vec::new())
    }
}
