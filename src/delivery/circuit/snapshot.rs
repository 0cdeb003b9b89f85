//! What a circuit looks like, for those who only look.

use super::word::{Override, State};

/// What a circuit looks like at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Closed, open or half open.
    pub state: State,
    /// What the operator has ordered.
    pub overriding: Override,
    /// Counts the visible changes.
    pub generation: u64,
    /// Openings and failed dummies since the provider was last seen stable.
    pub trips: u8,
    /// The share of mail that it takes, of 127; says nothing while it is not closed.
    pub ramp: u8,
    /// It waits only for as long as the provider asked.
    pub held: bool,
    /// No dummy before this time, in milliseconds.
    pub not_before: u64,
    /// The time that [`schedule_probe`](super::Circuit::schedule_probe) left last; says nothing while it is closed.
    pub next_probe: u64,
}

impl Snapshot {
    /// May real mail flow, were it not for a ramp?
    pub fn admits(&self) -> bool {
        match self.overriding {
            Override::Auto => self.state == State::Closed,
            Override::Open => false,
            Override::Closed => true,
        }
    }
}
