//! The right to one send, bound to the generation that gave it and spent exactly once.
//!
//! A permit that is dropped speaks too: while unwinding it is a failure, else it says nothing. A lost probe permit
//! gives the place back: the circuit is open again and the supervisor will try anew.

use super::{Circuit, Transition};
use crate::outcome::Blame;

type Settle = fn(&Circuit, u64, Blame) -> Option<Transition>;

/// May send one real mail.
#[must_use = "a permit that is not settled says nothing about its provider"]
pub struct Permit<'a>(Spendable<'a>);

/// May send one dummy.
#[must_use = "a probe permit that is not settled opens the circuit again"]
pub struct ProbePermit<'a>(Spendable<'a>);

impl<'a> Permit<'a> {
    pub(super) fn new(circuit: &'a Circuit, generation: u64) -> Self {
        Self(Spendable { circuit, generation, settle: Some(Circuit::settle_mail) })
    }

    /// Tells the circuit what became of the mail.
    pub fn settle(mut self, blame: Blame) -> Option<Transition> {
        self.0.spend(blame)
    }
}

impl<'a> ProbePermit<'a> {
    pub(super) fn new(circuit: &'a Circuit, generation: u64) -> Self {
        Self(Spendable { circuit, generation, settle: Some(Circuit::settle_probe) })
    }

    /// Tells the circuit what became of the dummy.
    pub fn settle(mut self, blame: Blame) -> Option<Transition> {
        self.0.spend(blame)
    }
}

struct Spendable<'a> {
    circuit: &'a Circuit,
    generation: u64,
    settle: Option<Settle>,
}

impl Spendable<'_> {
    fn spend(&mut self, blame: Blame) -> Option<Transition> {
        self.settle.take().and_then(|settle| settle(self.circuit, self.generation, blame))
    }
}

impl Drop for Spendable<'_> {
    fn drop(&mut self) {
        let blame = if std::thread::panicking() { Blame::Failure } else { Blame::Neutral };
        // Nobody is left to publish this transition: the supervisor's own tick finds it.
        let _ = self.spend(blame);
    }
}
