//! The records behind the answers: bounded in number and time, the oldest first out.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Answer;
use crate::message::{Id, IdempotencyKey};
use crate::outcome::Verdict;

/// How long an answer is held.
pub(super) const HOLD: Duration = Duration::from_secs(600);
/// So many recipients in an answer count as one answer more.
const RECIPIENTS: usize = 8;

/// What is known of one mail.
pub(super) enum State {
    /// It is being sent.
    UnderWay(UnderWay),
    /// It has an answer.
    Held(Held),
}

/// A mail that is being sent.
pub(super) struct UnderWay {
    /// What is going to be the answer.
    pub(super) answer: watch::Receiver<Option<Answer>>,
    /// What has become known of its attempts meanwhile, by upstream.
    pub(super) late: Vec<(String, Verdict)>,
}

impl UnderWay {
    pub(super) fn new(answer: watch::Receiver<Option<Answer>>) -> Self {
        Self { answer, late: Vec::new() }
    }
}

/// An answer that is held.
pub(super) struct Held {
    pub(super) answer: Answer,
    /// Which entry of its queue is this one's.
    number: u64,
    weight: usize,
}

/// The place of an answer in its queue.
struct Entry {
    key: IdempotencyKey,
    number: u64,
    until: Instant,
}

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

    /// A mail is being sent from now on. What was held of it before, if anything was.
    pub(super) fn begin(&mut self, key: IdempotencyKey, id: Id, under_way: UnderWay) -> Option<()> {
        let before = self.by_key.insert(key, (id, State::UnderWay(under_way)));
        self.forget(before).then_some(())
    }

    /// Holds an answer. How many others had to go for it?
    pub(super) fn hold(&mut self, key: IdempotencyKey, id: Id, answer: Answer, now: Instant) -> usize {
        let number = self.next;
        self.next += 1;
        let weight = weight(&answer);
        let queue = if answer.is_ok() { &mut self.accepted } else { &mut self.unknown };
        queue.push_back(Entry { key, number, until: now + HOLD });
        let before = self.by_key.insert(key, (id, State::Held(Held { answer, number, weight })));
        self.forget(before);
        self.weight += weight;
        self.evict()
    }

    /// Forgets a mail. Nothing has to go for that.
    pub(super) fn free(&mut self, key: &IdempotencyKey) -> usize {
        let before = self.by_key.remove(key);
        self.forget(before);
        0
    }

    /// Forgets what has been held for long enough.
    pub(super) fn expire(&mut self, now: Instant) {
        for accepted in [true, false] {
            while self.queue(accepted).front().is_some_and(|entry| entry.until <= now) {
                self.drop_oldest(accepted);
            }
        }
    }

    /// Whoever was accepted hears less from a forgotten answer than whoever may be sent twice: those go first.
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
        let is_current = |(_, state): &(Id, State)| matches!(state, State::Held(held) if held.number == entry.number);
        let before =
            if self.by_key.get(&entry.key).is_some_and(is_current) { self.by_key.remove(&entry.key) } else { None };
        self.forget(before)
    }

    /// Takes a record that is gone out of the sum. Was it held?
    fn forget(&mut self, before: Option<(Id, State)>) -> bool {
        let Some((_, State::Held(held))) = before else { return false };
        self.weight -= held.weight;
        true
    }
}

fn weight(answer: &Answer) -> usize {
    let attempts = match answer {
        Ok(receipt) => &receipt.attempts,
        Err(error) => &error.attempts,
    };
    let recipients: usize = attempts.iter().map(|attempt| attempt.verdict.recipients.len()).sum();
    1 + recipients / RECIPIENTS
}
