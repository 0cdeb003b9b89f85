//! Parts in a real store that fail on demand, and write down what they are asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::super::super::{
    Answered, Batch, Bounced, ClaimedPart, DueBounce, DueBounces, Failed, Hmac, Hold, NodeId, PartEnded, PartHold,
    PartId, Parts, RowId, Split, State, Told, WantedParts,
};
use super::super::fake::Fault;
use crate::runtime::unix_time::UnixTime;

/// These parts, and what the next calls come to.
pub(super) struct Faulty {
    parts: Arc<dyn Parts>,
    faults: Mutex<Vec<(&'static str, Fault)>>,
    calls: Mutex<Vec<&'static str>>,
}

impl Faulty {
    pub(super) fn new(parts: Arc<dyn Parts>) -> Self {
        Self { parts, faults: Mutex::default(), calls: Mutex::default() }
    }

    /// The next call of this name fails so.
    pub(super) fn fail(&self, call: &'static str, fault: Fault) {
        self.faults.lock().unwrap().push((call, fault));
    }

    /// How often it was asked this.
    pub(super) fn asked(&self, call: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|asked| **asked == call).count()
    }

    fn call<'a, T: Send + 'a>(&'a self, name: &'static str, no: T, call: Answered<'a, T>) -> Answered<'a, T> {
        self.calls.lock().unwrap().push(name);
        let mut faults = self.faults.lock().unwrap();
        let fault = faults.iter().position(|(call, _)| *call == name).map(|at| faults.remove(at).1);
        Box::pin(async move {
            match fault {
                Some(Fault::NotYet) | None => call.await,
                Some(Fault::Down) => Err(Failed::Down),
                Some(Fault::No) => Ok(no),
                Some(Fault::Panic) => panic!("a fault of ours"),
                Some(Fault::Hang) => std::future::pending().await,
                Some(Fault::Unclear) => call.await.and(Err(Failed::Unclear)),
            }
        })
    }
}

impl Parts for Faulty {
    fn split<'a>(&'a self, hold: &'a Hold, split: &'a Split) -> Answered<'a, bool> {
        self.call("split", false, self.parts.split(hold, split))
    }

    fn claim_parts<'a>(&'a self, node: NodeId, wanted: &'a WantedParts) -> Answered<'a, Vec<ClaimedPart>> {
        self.call("claim_parts", Vec::new(), self.parts.claim_parts(node, wanted))
    }

    fn give_back_parts<'a>(&'a self, holds: &'a [PartHold], wait: Duration) -> Answered<'a, usize> {
        self.call("give_back_parts", 0, self.parts.give_back_parts(holds, wait))
    }

    fn close_domain<'a>(&'a self, domain: &'a Hmac, wait: Duration) -> Answered<'a, ()> {
        self.call("close_domain", (), self.parts.close_domain(domain, wait))
    }

    fn open_domain<'a>(&'a self, domain: &'a Hmac, closed_for: Duration) -> Answered<'a, ()> {
        self.call("open_domain", (), self.parts.open_domain(domain, closed_for))
    }

    fn mark_part<'a>(&'a self, hold: &'a PartHold) -> Answered<'a, bool> {
        self.call("mark_part", false, self.parts.mark_part(hold))
    }

    fn oldest_of<'a>(&'a self, domains: &'a [Hmac]) -> Answered<'a, Vec<Option<UnixTime>>> {
        self.call("oldest_of", Vec::new(), self.parts.oldest_of(domains))
    }

    fn end_part<'a>(&'a self, hold: &'a PartHold, ended: &'a PartEnded) -> Answered<'a, Option<State>> {
        self.call("end_part", None, self.parts.end_part(hold, ended))
    }
}

impl DueBounces for Faulty {
    fn due_bounces(&self, limit: usize) -> Answered<'_, Vec<DueBounce>> {
        self.call("due_bounces", Vec::new(), self.parts.due_bounces(limit))
    }

    fn bounce_of(&self, part: PartId) -> Answered<'_, Option<DueBounce>> {
        self.call("bounce_of", None, self.parts.bounce_of(part))
    }

    fn queue_bounce<'a>(&'a self, told: &'a Told, bounce: Batch) -> Answered<'a, Bounced> {
        self.call("queue_bounce", Bounced::NoRoom, self.parts.queue_bounce(told, bounce))
    }

    fn put_off_bounce(&self, row: RowId, wait: Duration) -> Answered<'_, ()> {
        self.call("put_off_bounce", (), self.parts.put_off_bounce(row, wait))
    }
}
