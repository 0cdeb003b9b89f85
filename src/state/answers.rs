//! What this node knows of mails with an `Idempotency-Key`: those that are in flight, and the answers that it holds.
//!
//! A repeat of a mail in flight waits for its answer. An answer that says `accepted` or `unknown` is held for
//! [`records::HOLD`], so that a repeat hears it instead of sending a second mail; one that says `none` frees the key. The
//! number of held answers is bounded; beyond it the oldest `accepted` goes first. A late verdict changes a held `unknown`.
//!
//! One lock guards all records: only mails with a key take it, and hold it for a few map operations. Deliberately absent:
//! other nodes, and a restart. Both know nothing of what is held here.

mod known;
mod records;
pub mod settings;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::model::outcome::Verdict;
use crate::model::receipt::{SendError, settle_late};
use crate::runtime::metrics::Metrics;
pub use known::Known;
use records::{Held, Records, State};
pub use settings::Settings;

/// The mails with a key, as far as this node remembers them. Clones share them.
#[derive(Clone)]
pub struct Answers {
    records: Arc<Mutex<Records>>,
    metrics: Arc<Metrics>,
}

/// What a call with a key has to do.
pub enum Role {
    /// Send the mail: nothing is known of it yet.
    Leader(Leader),
    /// Ask again, where that cannot send a second mail: all that is known is that these attempts ended `unknown`.
    Again(Leader, SendError),
    /// Wait for the answer: the same mail is under way.
    Follower(Follower),
    /// Return what is held.
    Held(Known),
    /// Refuse it: the key names another message.
    Reused,
}

/// The one call that sends a mail with a key. Dropped without an answer, it leaves the key as `unknown`: a provider may
/// have the mail.
pub struct Leader {
    answers: Answers,
    key: IdempotencyKey,
    id: Id,
    /// Tells its attempts from those of another call under the key.
    number: u64,
    to_followers: watch::Sender<Option<Known>>,
}

/// A call that waits for the leader's answer.
pub struct Follower {
    id: Id,
    answer: watch::Receiver<Option<Known>>,
}

impl Answers {
    /// Holds at most `limit` answers.
    pub fn new(limit: usize, metrics: Arc<Metrics>) -> Self {
        Self { records: Arc::new(Mutex::new(Records::new(limit))), metrics }
    }

    /// Finds out what this call has to do. `may_ask_again` tells whether asking again could bring clarity.
    pub fn join(&self, key: IdempotencyKey, id: Id, may_ask_again: impl Fn(&SendError) -> bool) -> Role {
        let mut records = self.records();
        records.expire(Instant::now());
        let before = match records.get(&key) {
            None => None,
            Some((known, _)) if known != id => return Role::Reused,
            Some((_, State::InFlight(in_flight))) => {
                return Role::Follower(Follower { id, answer: in_flight.answer.clone() });
            }
            Some((_, State::Held(Held { known: Known::Answered(Err(error)), .. }))) if may_ask_again(error) => {
                Some(error.clone())
            }
            Some((_, State::Held(Held { known, .. }))) => return Role::Held(known.clone()),
        };
        let (to_followers, answer) = watch::channel(None);
        let number = records.begin(key, id, answer);
        self.metrics.held_answers(records.held());
        drop(records);
        let leader = Leader { answers: self.clone(), key, id, number, to_followers };
        match before {
            Some(error) => Role::Again(leader, error),
            None => Role::Leader(leader),
        }
    }

    /// Records the verdict of an attempt that came after the answer to its call, which has this number.
    fn late(&self, key: IdempotencyKey, number: u64, upstream: &str, verdict: &Verdict) {
        let mut records = self.records();
        match records.get_mut(&key) {
            Some((_, State::InFlight(in_flight))) if in_flight.number == number => {
                in_flight.late.push((upstream.into(), verdict.clone()));
            }
            Some((id, State::Held(held))) if held.of == number => {
                let (id, Known::Answered(Err(error))) = (*id, &held.known) else { return };
                let answer = settle_late(error.clone(), upstream, verdict);
                self.keep(&mut records, key, id, number, Known::Answered(answer));
            }
            _ => {}
        }
    }

    /// Holds what says that somebody has the mail or may have it; anything else frees the key.
    fn keep(&self, records: &mut Records, key: IdempotencyKey, id: Id, number: u64, known: Known) {
        if known.is_none() {
            records.free(&key);
        } else {
            self.metrics.evicted(records.hold(key, id, number, known, Instant::now()));
        }
        self.metrics.held_answers(records.held());
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leader {
    /// Records, when called, the verdict of an attempt of this call that comes after its answer.
    pub fn on_late_verdict(&self) -> impl Fn(&str, &Verdict) + Send + Sync + 'static {
        let (answers, key, number) = (self.answers.clone(), self.key, self.number);
        move |upstream, verdict| answers.late(key, number, upstream, verdict)
    }

    /// Gives what is known now to the calls that wait for it, and to later ones.
    pub async fn finish(self, known: Known) -> Known {
        let mut records = self.answers.records();
        let late = match records.get_mut(&self.key) {
            Some((_, State::InFlight(in_flight))) => std::mem::take(&mut in_flight.late),
            _ => Vec::new(),
        };
        let known = late.iter().fold(known, |known, (upstream, verdict)| match known {
            Known::Answered(Err(error)) => Known::Answered(settle_late(error, upstream, verdict)),
            known => known,
        });
        self.answers.keep(&mut records, self.key, self.id, self.number, known.clone());
        drop(records);
        self.to_followers.send_replace(Some(known.clone()));
        known
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if self.to_followers.borrow().is_none() {
            let mut records = self.answers.records();
            let panicked = Known::Answered(Err(SendError::panicked(self.id)));
            self.answers.keep(&mut records, self.key, self.id, self.number, panicked);
        }
    }
}

impl Follower {
    /// What the leader has come to know; if its call has panicked, that.
    pub async fn answer(mut self) -> Known {
        let known = self.answer.wait_for(Option::is_some).await.ok().and_then(|known| known.clone());
        known.unwrap_or_else(|| Known::Answered(Err(SendError::panicked(self.id))))
    }
}

#[cfg(test)]
mod tests;
