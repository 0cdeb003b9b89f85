//! The mails that are under way on this node, by their key: a repeat waits for the answer to the first.
//!
//! Nothing is remembered beyond that: once the first has its answer, the key is forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{Failure, Receipt, SendError};
use crate::message::{Id, IdempotencyKey};

/// What everybody who waits for a mail gets.
type Answer = Result<Receipt, SendError>;

/// A mail that is under way; it has no answer yet.
struct Flight {
    id: Id,
    answer: watch::Receiver<Option<Answer>>,
}

/// The mails that are under way.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<IdempotencyKey, Flight>>>);

/// How a mail stands to those that are under way.
pub(super) enum Joined {
    /// It is the first of its key.
    First(Departure),
    /// The same mail is under way.
    Repeat(Landing),
    /// Another mail is under way under this key.
    Other,
}

/// Held by the task that sends a mail. When it is dropped, however that comes about, the key is free again.
pub(super) struct Departure {
    flights: Flights,
    key: IdempotencyKey,
    answer: watch::Sender<Option<Answer>>,
}

/// The answer that is to come.
pub(super) struct Landing {
    id: Id,
    answer: watch::Receiver<Option<Answer>>,
}

impl Flights {
    /// Joins the mail that is under way with this key, or is the first.
    pub(super) fn join(&self, key: IdempotencyKey, id: Id) -> Joined {
        let mut flights = self.lock();
        match flights.get(&key) {
            Some(flight) if flight.id == id => Joined::Repeat(Landing { id, answer: flight.answer.clone() }),
            Some(_) => Joined::Other,
            None => {
                let (sender, answer) = watch::channel(None);
                flights.insert(key, Flight { id, answer });
                Joined::First(Departure { flights: self.clone(), key, answer: sender })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IdempotencyKey, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Departure {
    /// Tells everybody who waits; only then is the key free, so that a repeat in between is not sent.
    pub(super) fn land(self, answer: &Answer) {
        self.answer.send_replace(Some(answer.clone()));
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
    }
}

impl Landing {
    /// The answer to the first; if its task has panicked, that.
    pub(super) async fn answer(mut self) -> Answer {
        let answer = self.answer.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
        answer.unwrap_or(Err(SendError { id: self.id, failure: Failure::Panicked, attempts: Vec::new() }))
    }
}
