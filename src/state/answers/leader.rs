//! The call that hands a mail with a key over, and those that wait for it.

use std::sync::Arc;

use tokio::sync::watch;

use super::call_record::CallRecord;
use super::known::Known;
use super::node::Node;
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::model::outcome::Verdict;
use crate::model::receipt::SendError;

/// The one call of this node that sends a mail with a key. Dropped without an answer, it leaves the key as `unknown`: a
/// provider may have the mail.
pub struct Leader {
    node: Arc<Node>,
    key: IdempotencyKey,
    id: Id,
    /// Tells its attempts from those of another call under the key.
    number: u64,
    to_followers: watch::Sender<Option<Known>>,
    /// Its record, where there is a store.
    call_record: Option<Arc<CallRecord>>,
}

/// A call that waits for the leader's answer.
pub struct Follower {
    id: Id,
    known: watch::Receiver<Option<Known>>,
}

impl Leader {
    /// The call of this number, which is in flight at this node.
    pub(super) fn new(
        node: Arc<Node>,
        (key, id): (IdempotencyKey, Id),
        number: u64,
        to_followers: watch::Sender<Option<Known>>,
    ) -> Self {
        Self { node, key, id, number, to_followers, call_record: None }
    }

    /// With its record in the store.
    pub(super) fn recorded(mut self, call_record: CallRecord) -> Self {
        self.call_record = Some(Arc::new(call_record));
        self
    }

    /// Records, when called, the verdict of an attempt of this call that comes after its answer.
    pub fn on_late_verdict(&self) -> impl Fn(&str, &Verdict) + Send + Sync + 'static {
        let (node, key, number, call_record) =
            (Arc::clone(&self.node), self.key, self.number, self.call_record.clone());
        move |upstream, verdict| match &call_record {
            Some(call_record) => call_record.late(upstream, verdict),
            None => node.late(key, number, upstream, verdict),
        }
    }

    /// Gives what is known now to the calls that wait for it, and to later ones.
    pub async fn finish(self, known: Known) -> Known {
        let known = match &self.call_record {
            Some(call_record) => call_record.end(known).await,
            None => known,
        };
        self.release(known)
    }

    /// Gives what is known now to the calls that wait for it. The store knows it, or has nothing to hear.
    pub(super) fn release(self, known: Known) -> Known {
        let known = self.node.end(self.key, self.id, self.number, known);
        self.to_followers.send_replace(Some(known.clone()));
        known
    }
}

impl Drop for Leader {
    /// The record in the store is `unknown` by itself once the call can no longer be under way.
    fn drop(&mut self) {
        if self.to_followers.borrow().is_none() {
            self.node.end(self.key, self.id, self.number, Known::Answered(Err(SendError::panicked(self.id))));
        }
    }
}

impl Follower {
    /// One that waits for the call that says there what it came to.
    pub(super) fn new(id: Id, known: watch::Receiver<Option<Known>>) -> Self {
        Self { id, known }
    }

    /// What the leader has come to know; if its call has panicked, that.
    pub async fn answer(mut self) -> Known {
        let known = self.known.wait_for(Option::is_some).await.ok().and_then(|known| known.clone());
        known.unwrap_or_else(|| Known::Answered(Err(SendError::panicked(self.id))))
    }
}
