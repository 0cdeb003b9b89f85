//! The right to one send, bound to the generation that gave it and spent exactly once.
//!
//! A dropped permit is settled too: as a failure while unwinding, else as neutral. A dropped probe permit opens the
//! circuit again, and the supervisor tries anew. A forgotten permit holds nothing.

use std::mem::ManuallyDrop;

use super::breaker::Circuit;
use super::transition::{CallResult, Settled};
use super::word::State;
use crate::model::outcome::Blame;

type Settle = fn(&Circuit, u64, CallResult) -> Settled;

/// May send one real mail.
#[must_use = "a permit that is not settled says nothing about its provider"]
pub struct Permit<'a>(Spendable<'a>);

/// May send one probe.
#[must_use = "a probe permit that is not settled opens the circuit again"]
pub struct ProbePermit<'a>(Spendable<'a>);

impl Circuit {
    /// Lets one real mail pass if the circuit is closed, or an operator has overridden it closed.
    #[inline]
    pub fn admit(&self) -> Option<Permit<'_>> {
        let word = self.word.load();
        if word.admits() { Some(Permit::new(self, word.generation())) } else { None }
    }

    /// Lets one probe pass if the circuit is half open. The supervisor's call, one at a time.
    pub fn admit_probe(&self) -> Option<ProbePermit<'_>> {
        let word = self.word.load();
        (word.state() == State::HalfOpen).then(|| ProbePermit::new(self, word.generation()))
    }
}

impl<'a> Permit<'a> {
    #[inline]
    fn new(circuit: &'a Circuit, generation: u64) -> Self {
        Self(Spendable { circuit, generation, settle: Circuit::settle_mail })
    }

    /// Tells the circuit what became of the mail.
    #[inline]
    pub fn settle(self, result: CallResult) -> Settled {
        let spent = ManuallyDrop::new(self.0);
        spent.circuit.settle_mail(spent.generation, result)
    }
}

impl<'a> ProbePermit<'a> {
    fn new(circuit: &'a Circuit, generation: u64) -> Self {
        Self(Spendable { circuit, generation, settle: Circuit::settle_probe })
    }

    /// Tells the circuit what became of the probe.
    pub fn settle(self, result: CallResult) -> Settled {
        let spent = ManuallyDrop::new(self.0);
        spent.circuit.settle_probe(spent.generation, result)
    }
}

struct Spendable<'a> {
    circuit: &'a Circuit,
    generation: u64,
    settle: Settle,
}

impl Drop for Spendable<'_> {
    #[inline]
    fn drop(&mut self) {
        let blame = if std::thread::panicking() { Blame::Failure } else { Blame::Neutral };
        // No publisher is left for a transition: the supervisor's next tick finds the state, the history misses it.
        let _ = (self.settle)(self.circuit, self.generation, CallResult::undated(blame));
    }
}
