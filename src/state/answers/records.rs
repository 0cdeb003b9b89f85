//! The records behind the answers: bounded in number and time, the oldest first out.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::known::Known;
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::model::outcome::Verdict;

/// How long an answer is held.
pub(super) const HOLD: Duration = Duration::from_secs(600);
/// Recipients of an answer that weigh as much as one answer.
const RECIPIENTS_PER_WEIGHT: usize = 8;

/// What is known of one mail.
pub(super) enum State {
    /// The mail is being sent.
    InFlight(InFlight),
    /// The mail has an answer.
    Held(Held),
}

/// A mail that is being sent.
pub(super) struct InFlight {
    /// The call that sends it.
    pub(super) number: u64,
    /// What its call came to, once that is known.
    pub(super) answer: watch::Receiver<Option<Known>>,
    /// What has become known of its attempts meanwhile, by upstream.
    pub(super) late: Vec<(Arc<str>, Verdict)>,
    /// What was held of it before, if it is asked about again.
    before: Option<Held>,
}

/// What is held of a mail.
pub(super) struct Held {
    pub(super) known: Known,
    /// The call that came to it.
    pub(super) of: u64,
    /// Which entry of its queue is this one's.
    entry: u64,
    until: Instant,
    weight: usize,
}

/// The place of an answer in its queue.
struct Entry {
    key: IdempotencyKey,
    number: u64,
    until: Instant,
}

/// Stale entries that the queues may hold beyond twice the records.
const MAX_STALE: usize = 64;

/// All records. Two queues hold the order of the answers, each the oldest first; an entry whose number is not its record's
/// any more is stale.
pub(super) struct Records {
    limit: usize,
    by_key: HashMap<IdempotencyKey, (Id, State)>,
    accepted: VecDeque<Entry>,
    unknown: VecDeque<Entry>,
    weight: usize,
    next: u64,
}

impl Records {
    pub(super) fn new(limit: usize) -> Self {
        let (accepted, unknown) = (VecDeque::new(), VecDeque::new());
        Self { limit, by_key: HashMap::new(), accepted, unknown, weight: 0, next: 0 }
    }

    pub(super) fn get(&self, key: &IdempotencyKey) -> Option<(Id, &State)> {
        self.by_key.get(key).map(|(id, state)| (*id, state))
    }

    pub(super) fn get_mut(&mut self, key: &IdempotencyKey) -> Option<&mut (Id, State)> {
        self.by_key.get_mut(key)
    }

    /// The weight of everything that is held: the number of answers, and more for long ones.
    pub(super) fn held(&self) -> usize {
        self.weight
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.accepted.len() + self.unknown.len()
    }

    /// Marks a mail as in flight, and returns the number of its call. What was held of it is kept until that ends.
    pub(super) fn begin(&mut self, key: IdempotencyKey, id: Id, answer: watch::Receiver<Option<Known>>) -> u64 {
        let number = self.number();
        let before = match self.by_key.remove(&key) {
            Some((_, State::Held(held))) => Some(held),
            _ => None,
        };
        self.weight -= before.as_ref().map_or(0, |held| held.weight);
        let in_flight = InFlight { number, answer, late: Vec::new(), before };
        self.by_key.insert(key, (id, State::InFlight(in_flight)));
        number
    }

    /// Holds what the call of this number came to, and returns how many others were evicted for it. Asking again in vain
    /// does not prolong the hold.
    pub(super) fn hold(&mut self, key: IdempotencyKey, id: Id, of: u64, known: Known, now: Instant) -> usize {
        let before = self.by_key.remove(&key);
        let asked_in_vain = match before {
            Some((_, State::InFlight(InFlight { before: Some(held), .. }))) if known.is_unknown() => Some(held),
            before => {
                self.forget(before);
                None
            }
        };
        let (known, until) = match asked_in_vain.filter(|held| held.until > now) {
            Some(held) => (held.known, held.until),
            None => (known, now + HOLD),
        };
        let (entry, weight) = (self.number(), weight(&known));
        let queue = if known.is_unknown() { &mut self.unknown } else { &mut self.accepted };
        queue.push_back(Entry { key, number: entry, until });
        self.weight += weight;
        self.by_key.insert(key, (id, State::Held(Held { known, of, entry, until, weight })));
        self.sweep();
        self.evict()
    }

    /// Forgets a mail.
    pub(super) fn free(&mut self, key: &IdempotencyKey) {
        let before = self.by_key.remove(key);
        self.forget(before);
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Takes out stale entries once they are more than the others.
    fn sweep(&mut self) {
        let Self { by_key, accepted, unknown, .. } = self;
        if accepted.len() + unknown.len() > 2 * by_key.len() + MAX_STALE {
            for queue in [accepted, unknown] {
                queue.retain(|entry| is_current(by_key, entry));
            }
        }
    }

    /// Forgets what has been held for long enough.
    pub(super) fn expire(&mut self, now: Instant) {
        for accepted in [true, false] {
            while self.queue(accepted).front().is_some_and(|entry| entry.until <= now) {
                self.drop_oldest(accepted);
            }
        }
    }

    /// Makes room, the oldest `accepted` first: to forget an `unknown` is worse, for its repeat may send a second mail.
    fn evict(&mut self) -> usize {
        let mut evicted = 0;
        while self.weight > self.limit {
            let accepted = !self.accepted.is_empty();
            if !accepted && self.unknown.is_empty() {
                break;
            }
            evicted += usize::from(self.drop_oldest(accepted));
        }
        evicted
    }

    fn queue(&mut self, accepted: bool) -> &mut VecDeque<Entry> {
        if accepted { &mut self.accepted } else { &mut self.unknown }
    }

    /// Was the oldest entry of this queue still a held answer?
    fn drop_oldest(&mut self, accepted: bool) -> bool {
        let Some(entry) = self.queue(accepted).pop_front() else { return false };
        let before = is_current(&self.by_key, &entry).then(|| self.by_key.remove(&entry.key)).flatten();
        self.forget(before)
    }

    /// Takes the weight of a removed record out of the sum. Was it held?
    fn forget(&mut self, before: Option<(Id, State)>) -> bool {
        let Some((_, State::Held(held))) = before else { return false };
        self.weight -= held.weight;
        true
    }
}

/// Does this entry still stand for an answer that is held?
fn is_current(by_key: &HashMap<IdempotencyKey, (Id, State)>, entry: &Entry) -> bool {
    let held = by_key.get(&entry.key).map(|(_, state)| state);
    matches!(held, Some(State::Held(held)) if held.entry == entry.number)
}

fn weight(known: &Known) -> usize {
    let attempts = match known {
        Known::Answered(Ok(receipt)) => &receipt.attempts[..],
        Known::Answered(Err(error)) => &error.attempts,
        Known::Queued => &[],
    };
    let recipients: usize = attempts.iter().map(|attempt| attempt.verdict.recipients.len()).sum();
    1 + recipients / RECIPIENTS_PER_WEIGHT
}
