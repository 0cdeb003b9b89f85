//! A provider that strikes at random, and writes down every mail that it met and whether it accepted it.

mod per_recipient;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::fates::{Fate, Fates};
use super::fault::{self, Accepts, Fault, Kind, refusals};
use super::mail;
use super::random::SeededRng;
use super::record::Arrival;
use super::scenario::Acceptance;
use crate::harness::lock::lock;
use crate::harness::settings::POLL_ADDRESS;
use crate::harness::stub_provider::{Glance, Look, Request, Step};
use crate::harness::{Behaviour, Gate, StubProvider};

/// What it has seen so far.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    arrivals: Arc<Mutex<BTreeMap<usize, Vec<Arrival>>>>,
    /// Under which it has accepted a mail.
    keys: Arc<Mutex<BTreeSet<String>>>,
    pub(crate) probes: Arc<Mutex<Vec<SystemTime>>>,
}

/// How it behaves.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Half of the mails meet one of these.
    pub(crate) faults: Vec<&'static Fault>,
    /// What it does with the others.
    pub(crate) acceptance: Acceptance,
    /// Every mail goes to so many.
    pub(crate) recipients: usize,
    pub(crate) rng: SeededRng,
    /// Holds every answer back.
    pub(crate) gate: Option<Gate>,
}

/// Starts it.
pub(crate) fn start(script: Script) -> (StubProvider, Seen) {
    let seen = Seen::default();
    let (gatekeeper, reader) = ((script.clone(), seen.clone()), (script, seen.clone()));
    let stub = StubProvider::gated(
        move |glance| gatekeeper.0.glance(glance, &gatekeeper.1),
        move |request| reader.0.read(request, &reader.1),
    );
    (stub, seen)
}

impl Script {
    /// Each visit of a mail meets a fault of its own.
    fn fault(&self, number: usize, visit: usize) -> Option<&'static Fault> {
        let rng = self.rng.of(&format!("{} {visit}", self.name));
        let struck = !self.faults.is_empty() && rng.coin("struck", number);
        struck.then(|| self.faults[rng.below("by", number, self.faults.len())])
    }

    /// Probes are always well.
    fn glance(&self, glance: &Glance, seen: &Seen) -> Look {
        if glance.text.contains(POLL_ADDRESS) {
            return Look::Read;
        }
        let Some(number) = mail::number(&glance.text) else { return Look::Again };
        match self.fault(number, seen.visits(number).len()).filter(|fault| !fault.reads) {
            Some(fault) if !fault.kept || glance.before > 0 => Look::Instead(self.strike(fault, number, None, seen)),
            _ => Look::Read,
        }
    }

    fn read(&self, request: &Request, seen: &Seen) -> Behaviour {
        if request.is_probe() {
            lock(&seen.probes).push(request.at);
            return Behaviour::Steps(vec![fault::well(self.kind)]);
        }
        let number = mail::number(&request.text()).unwrap_or_else(|| panic!("a mail without a number: {request}"));
        let text = request.text();
        let in_body = text.split_once(r#""idempotencyKey":""#).and_then(|(_, rest)| rest.split('"').next());
        let key = request.header("idempotency-key").or(in_body);
        let steps = match self.fault(number, seen.visits(number).len()).filter(|fault| fault.reads) {
            Some(fault) => self.strike(fault, number, key, seen),
            None => vec![self.work(number, key, seen)],
        };
        let gate = self.gate.clone().map(Step::Pass);
        Behaviour::Steps(gate.into_iter().chain(steps).collect())
    }

    /// What it does with a mail that no fault strikes.
    fn work(&self, number: usize, key: Option<&str>, seen: &Seen) -> Step {
        let rng = self.rng.of(&format!("{} {}", self.name, seen.visits(number).len()));
        let refuses = match self.acceptance {
            Acceptance::Takes => false,
            Acceptance::RefusesHalf => rng.coin("refuses", number),
            Acceptance::RefusesAll => true,
            Acceptance::TakesInPart => {
                let fates = per_recipient::fates(self.kind, &mail::recipients(number, self.recipients), number, rng);
                let reply = per_recipient::reply(self.kind, &fates);
                seen.note_in_part(number, fates);
                return reply.into();
            }
        };
        if refuses {
            seen.note(number, false, refusals::BLAMELESS);
            return refusals::reply(self.kind, rng.below("how", number, refusals::count(self.kind))).into();
        }
        seen.note(number, self.takes(key, seen), fault::WELL);
        fault::well(self.kind)
    }

    /// What it has accepted already under this key it does not accept again.
    fn takes(&self, key: Option<&str>, seen: &Seen) -> bool {
        match key {
            Some(key) if self.kind.is_idempotent() => lock(&seen.keys).insert(key.to_owned()),
            _ => true,
        }
    }

    fn strike(&self, fault: &Fault, number: usize, key: Option<&str>, seen: &Seen) -> Vec<Step> {
        let accepted = match fault.accepts {
            Accepts::Yes => true,
            Accepts::No => false,
            Accepts::Perhaps => self.rng.coin("accepts", number),
        };
        seen.note(number, accepted && self.takes(key, seen), fault.outcomes(self.kind));
        fault.steps(self.kind)
    }
}

impl Seen {
    /// Every mail that was here.
    pub(crate) fn all(&self) -> Vec<Arrival> {
        lock(&self.arrivals).values().flatten().cloned().collect()
    }

    fn visits(&self, number: usize) -> Vec<Arrival> {
        lock(&self.arrivals).get(&number).cloned().unwrap_or_default()
    }

    fn note(&self, number: usize, accepted: bool, outcomes: fault::Outcomes) {
        self.push(Arrival { number, at: SystemTime::now(), accepted, outcomes, fates: None });
    }

    fn note_in_part(&self, number: usize, fates: Fates) {
        let accepted = fates.has(Fate::Taken);
        let outcomes = if accepted { fault::WELL } else { refusals::BLAMELESS };
        self.push(Arrival { number, at: SystemTime::now(), accepted, outcomes, fates: Some(fates) });
    }

    fn push(&self, arrival: Arrival) {
        lock(&self.arrivals).entry(arrival.number).or_default().push(arrival);
    }
}
