//! What this node knows of mails with a key: those that are under way, and the answers that it holds.
//!
//! A repeat of a mail that is under way waits for its answer. An answer that says `accepted` or `unknown` is held for
//! [`held::HOLD`], so that a repeat hears it instead of sending a second mail; one that says `none` frees the key. There are at
//! most so many held answers; beyond that the oldest `accepted` goes first. A late verdict changes a held `unknown`.
//!
//! Deliberately absent: other nodes, and a restart. Both know nothing of what is held here.

mod held;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use super::receipt::settled;
use super::{Attempt, Failure, Receipt, SendError};
use crate::delivery::upstream::LateVerdict;
use crate::model::message::{Id, IdempotencyKey};
use crate::model::outcome::Verdict;
use crate::runtime::metrics::Metrics;
use held::{Held, Records, State};

/// What a call comes to.
pub(super) type Answer = Result<Receipt, SendError>;

/// The mails with a key, as far as this node remembers them.
#[derive(Clone)]
pub(super) struct Answers {
    records: Arc<Mutex<Records>>,
    metrics: Arc<Metrics>,
}

/// What a call with a key has to do.
pub(super) enum Role {
    /// Send the mail: nothing is known of it.
    Leader(Leader),
    /// Ask again, where that cannot send a second mail: all that is known is that these attempts ended `unknown`.
    Again(Leader, SendError),
    /// Wait for the answer: the same mail is under way.
    Follower(Follower),
    /// Hear the answer that is held.
    Held(Answer),
    /// Refuse it: the key names another message.
    Reused,
}

/// The one call that sends a mail with a key. Dropped without an answer it leaves the key as `unknown`: a provider may have
/// the mail.
pub(super) struct Leader {
    answers: Answers,
    key: IdempotencyKey,
    id: Id,
    /// Tells its attempts from those of another call under the key.
    number: u64,
    told: watch::Sender<Option<Answer>>,
}

/// A call that waits for the leader's answer.
pub(super) struct Follower {
    id: Id,
    answer: watch::Receiver<Option<Answer>>,
}

impl Answers {
    /// Of at most so many held answers.
    pub(super) fn new(limit: usize, metrics: Arc<Metrics>) -> Self {
        Self { records: Arc::new(Mutex::new(Records::new(limit))), metrics }
    }

    /// Finds out what this call has to do. `may_ask_again` tells whether asking again could bring clarity.
    pub(super) fn join(&self, key: IdempotencyKey, id: Id, may_ask_again: impl Fn(&SendError) -> bool) -> Role {
        let mut records = self.records();
        records.expire(Instant::now());
        let before = match records.get(&key) {
            None => None,
            Some((known, _)) if known != id => return Role::Reused,
            Some((_, State::UnderWay(under_way))) => {
                return Role::Follower(Follower { id, answer: under_way.answer.clone() });
            }
            Some((_, State::Held(Held { answer: Err(error), .. }))) if may_ask_again(error) => Some(error.clone()),
            Some((_, State::Held(Held { answer, .. }))) => return Role::Held(answer.clone()),
        };
        let (told, answer) = watch::channel(None);
        let number = records.begin(key, id, answer);
        self.metrics.held_answers(records.held());
        drop(records);
        let leader = Leader { answers: self.clone(), key, id, number, told };
        match before {
            Some(error) => Role::Again(leader, error),
            None => Role::Leader(leader),
        }
    }

    /// What became of an attempt at this upstream, of the call of this number, after its answer.
    fn late(&self, key: IdempotencyKey, number: u64, upstream: &str, verdict: &Verdict) {
        let mut records = self.records();
        match records.get_mut(&key) {
            Some((_, State::UnderWay(under_way))) if under_way.number == number => {
                under_way.late.push((upstream.to_owned(), verdict.clone()));
            }
            Some((id, State::Held(held))) if held.of == number => {
                let (id, Err(error)) = (*id, &held.answer) else { return };
                let answer = settled(error.clone(), upstream, verdict);
                self.keep(&mut records, key, id, number, answer);
            }
            _ => {}
        }
    }

    /// Holds an answer that says that somebody has the mail or may have it; any other frees the key.
    fn keep(&self, records: &mut Records, key: IdempotencyKey, id: Id, number: u64, answer: Answer) {
        match answer {
            Err(error) if !error.failure.is_unknown() => records.free(&key),
            answer => self.metrics.evicted(records.hold(key, id, number, answer, Instant::now())),
        }
        self.metrics.held_answers(records.held());
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leader {
    /// Hears of attempts of this call whose end comes after its answer.
    pub(super) fn late(&self) -> LateVerdict {
        let (answers, key, number) = (self.answers.clone(), self.key, self.number);
        Arc::new(move |upstream, verdict| answers.late(key, number, upstream, verdict))
    }

    /// Gives the answer to whoever waits, and to whoever asks later.
    pub(super) fn finish(self, answer: Answer) -> Answer {
        let mut records = self.answers.records();
        let late = match records.get_mut(&self.key) {
            Some((_, State::UnderWay(under_way))) => std::mem::take(&mut under_way.late),
            _ => Vec::new(),
        };
        let answer = late.iter().fold(answer, |answer, (upstream, verdict)| match answer {
            Err(error) => settled(error, upstream, verdict),
            accepted => accepted,
        });
        self.answers.keep(&mut records, self.key, self.id, self.number, answer.clone());
        drop(records);
        self.told.send_replace(Some(answer.clone()));
        answer
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if self.told.borrow().is_none() {
            let mut records = self.answers.records();
            self.answers.keep(&mut records, self.key, self.id, self.number, Err(panicked(self.id)));
        }
    }
}

impl Follower {
    /// The leader's answer; if its task has panicked, that.
    pub(super) async fn answer(mut self) -> Answer {
        let answer = self.answer.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
        answer.unwrap_or_else(|| Err(panicked(self.id)))
    }
}

/// What is told of a mail during whose hand-over our code panicked.
pub(super) fn panicked(id: Id) -> SendError {
    SendError::new(id, Failure::Panicked, Vec::<Attempt>::new())
}

#[cfg(test)]
mod tests;
