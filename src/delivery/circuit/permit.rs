//! The right to one send, bound to the generation that gave it and spent exactly once.
//!
//! A permit that is dropped speaks too: while unwinding it is a failure, else it says nothing. A lost probe permit
//! gives the place back: the circuit is open again and the supervisor will try anew. A forgotten one holds nothing.

use std::mem::ManuallyDrop;

use super::{Circuit, News, Settled};
use crate::model::outcome::Blame;

type Settle = fn(&Circuit, u64, News) -> Settled;

/// May send one real mail.
#[must_use = "a permit that is not settled says nothing about its provider"]
pub struct Permit<'a>(Spendable<'a>);

/// May send one dummy.
#[must_use = "a probe permit that is not settled opens the circuit again"]
pub struct ProbePermit<'a>(Spendable<'a>);

impl<'a> Permit<'a> {
    #[inline]
    pub(super) fn new(circuit: &'a Circuit, generation: u64) -> Self {
        Self(Spendable { circuit, generation, settle: Circuit::settle_mail })
    }

    /// Tells the circuit what became of the mail.
    #[inline]
    pub fn settle(self, news: News) -> Settled {
        let spent = ManuallyDrop::new(self.0);
        spent.circuit.settle_mail(spent.generation, news)
    }
}

impl<'a> ProbePermit<'a> {
    pub(super) fn new(circuit: &'a Circuit, generation: u64) -> Self {
        Self(Spendable { circuit, generation, settle: Circuit::settle_probe })
    }

    /// Tells the circuit what became of the dummy.
    pub fn settle(self, news: News) -> Settled {
        let spent = ManuallyDrop::new(self.0);
        spent.circuit.settle_probe(spent.generation, news)
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
        // Nobody is left to publish a transition: the supervisor's own tick finds the state, the story misses it.
        let _ = (self.settle)(self.circuit, self.generation, News::undated(blame));
    }
}
