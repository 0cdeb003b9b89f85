//! What is known of mails with an `Idempotency-Key`: those that are in flight, and what others came to.
//!
//! A repeat of a mail in flight at this node waits for its answer. What says that somebody has the mail, or may have it, is
//! held, so that a repeat hears it instead of sending a second mail; a `none` frees the key. A late verdict changes what is
//! held.
//!
//! Without a store this node holds answers for [`records::HOLD`], bounded in number: beyond it the oldest `accepted` goes
//! first. With one, the store holds them for [`KEPT`], for every node that shares it, and nothing is held here. The record of
//! a call is in the store before the mail is handed over: where the store does not say so, it is not.
//!
//! One lock guards what is in memory: only mails with a key take it, and hold it for a few map operations. Deliberately
//! absent: other nodes and a restart, where there is no store. Both know nothing of what is held here.

mod beginning;
mod call_record;
mod encoding;
mod kept;
mod known;
mod leader;
mod node;
mod postgres;
mod records;
mod retries;
mod role;
mod row;
mod sealing;
pub mod settings;
mod sqlite;
mod stored;
mod sweeping;
mod traced_answers;
mod without_key;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::receipt::{Failure, SendError};
use crate::runtime::ids;
use crate::runtime::metrics::Metrics;
use crate::state::store::Failed;
use beginning::{in_store, refused};
use call_record::CallRecord;
pub use kept::{Found, Kept, STORE_TIMEOUT};
pub use known::Known;
pub use leader::{Follower, Leader};
use node::Node;
pub use postgres::{PostgresAnswers, TABLES as POSTGRES_TABLES};
use records::{Held, State};
pub use role::{Call, Role};
pub use sealing::SealedAnswer;
pub use settings::Settings;
pub use sqlite::{SqliteAnswers, TABLES};
pub use stored::{Begun, CallNumber, CallState, End, KEPT, NewCall, Record, Recorded, Settled, StoredAnswers};
pub use sweeping::sweep;
pub use traced_answers::TracedAnswers;
pub use without_key::WithoutKey;

/// The mails with a key, as far as they are known. Clones share them.
#[derive(Clone)]
pub struct Answers(Arc<Node>);

impl Answers {
    /// Holds at most `limit` answers in memory; none, if there is a store that keeps them.
    pub fn new(limit: usize, kept: Option<Kept>, metrics: Arc<Metrics>) -> Self {
        Self(Arc::new(Node::new(limit, kept, metrics)))
    }

    /// Finds out what this call has to do. `is_queued` tells whether the outbox has the mail: it is asked only by a call that
    /// would send otherwise, and without its answer none does. `may_ask_again` tells whether asking again could bring clarity.
    pub async fn join(
        &self,
        call: Call<'_>,
        is_queued: impl Future<Output = Result<bool, Failed>>,
        may_ask_again: impl Fn(&SendError) -> bool,
    ) -> Role {
        let (leader, before) = match self.here(call, &may_ask_again) {
            Role::Leader(leader) => (leader, None),
            Role::Again(leader, before) => (leader, Some(before)),
            role => return role,
        };
        if self.0.kept.as_ref().is_some_and(|kept| !kept.is_up()) {
            return refused(leader, call.id, Failure::StoreUnavailable);
        }
        match (is_queued.await, before, &self.0.kept) {
            (Err(_), ..) => refused(leader, call.id, Failure::StoreUnavailable),
            (Ok(true), ..) => Role::Held(leader.release(Known::Queued)),
            (Ok(false), None, Some(kept)) => in_store(kept, leader, call, may_ask_again).await,
            (Ok(false), None, None) => Role::Leader(leader),
            (Ok(false), Some(before), _) => Role::Again(leader, before),
        }
    }

    /// For a mail without a key, where there is a store that can hear what becomes of it.
    pub fn without_key(&self, id: Id) -> Option<WithoutKey> {
        let kept = self.0.kept.as_ref()?;
        let number = CallNumber(ids::fresh());
        Some(WithoutKey(Arc::new(CallRecord::new(kept.clone(), id, number, None))))
    }

    /// What the store knows of a caller's mail. Nothing, if there is none.
    pub async fn look(&self, caller: &CallerName, id: Id) -> Result<Option<Found>, Failed> {
        match &self.0.kept {
            Some(kept) => kept.look(caller.clone(), id).await,
            None => Ok(None),
        }
    }

    /// What it has to do as far as this node knows.
    fn here(&self, call: Call<'_>, may_ask_again: &impl Fn(&SendError) -> bool) -> Role {
        let Call { key, id, .. } = call;
        let mut records = self.0.records();
        records.expire(Instant::now());
        let before = match records.get(&key) {
            None => None,
            Some((known, _)) if known != id => return Role::Refused(Failure::KeyReused),
            Some((_, State::InFlight(in_flight))) => {
                return Role::Follower(Follower::new(id, in_flight.answer.clone()));
            }
            Some((_, State::Held(Held { known: Known::Answered(Err(error)), .. }))) if may_ask_again(error) => {
                Some(error.clone())
            }
            Some((_, State::Held(Held { known, .. }))) => return Role::Held(known.clone()),
        };
        let (to_followers, answer) = watch::channel(None);
        let number = records.begin(key, id, answer);
        self.0.metrics.repeats.held_answers(records.held());
        drop(records);
        let leader = Leader::new(Arc::clone(&self.0), (key, id), number, to_followers);
        match before {
            Some(error) => Role::Again(leader, error),
            None => Role::Leader(leader),
        }
    }
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;
