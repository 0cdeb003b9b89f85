//! What a stub is told to do, and what it has received.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::behaviour::Behaviour;
use super::in_flight::InFlight;
use super::request::Request;
use super::request_peek::{Glance, Look};
use super::rules;
use crate::harness::lock::lock;

pub(super) type Script = Box<dyn FnMut(&Request) -> Behaviour + Send>;
/// Decides by the start of a request whether it is read at all.
pub(super) type Gatekeeper = Box<dyn Fn(&Glance) -> Look + Send + Sync>;

pub(super) struct State {
    pub(super) script: Mutex<Script>,
    pub(super) gatekeeper: Option<Gatekeeper>,
    pub(super) received: Mutex<Vec<Request>>,
    /// Does it take mails that its provider would not?
    pub(super) lenient: AtomicBool,
    /// Rules of its provider's that mails broke which it was to take.
    pub(super) broken: Mutex<Vec<String>>,
    pub(super) connections: AtomicUsize,
    pub(super) probes: InFlight,
}

impl State {
    pub(super) fn receive(&self, mut request: Request) -> Behaviour {
        let behaviour = self.by_the_rules(&request, lock(&self.script)(&request));
        request.taken = behaviour.takes();
        if self.gatekeeper.is_none() {
            lock(&self.received).push(request);
        }
        behaviour
    }

    /// What is to be taken must be what its provider takes.
    fn by_the_rules(&self, request: &Request, behaviour: Behaviour) -> Behaviour {
        if behaviour.takes() != Some(true) || self.lenient.load(Ordering::Relaxed) {
            return behaviour;
        }
        let Some(broken) = rules::broken(request) else { return behaviour };
        lock(&self.broken).push(format!("{}: {}", request.target, broken.rule));
        broken.refusal.into()
    }
}
