//! What a circuit looks like, for those who only look.

use super::word::{FULL, Override, State};

/// What a circuit looks like at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Closed, open or half open.
    pub state: State,
    /// What the operator has ordered.
    pub overriding: Override,
    /// Counts the visible changes.
    pub generation: u64,
    /// Openings and failed probes since the provider was last seen stable.
    pub trips: u8,
    /// The share of mail, of 127, that the circuit takes while it is closed.
    pub ramp: u8,
    /// The circuit waits only for as long as the provider asked.
    pub held: bool,
    /// No probe before this time, in milliseconds.
    pub not_before: u64,
    /// The time that [`schedule_probe`](super::Circuit::schedule_probe) left last; says nothing while it is closed.
    pub next_probe: u64,
}

impl Snapshot {
    /// The share of all mail.
    pub const ALL_MAIL: u8 = FULL;

    /// Does any real mail flow?
    pub fn admits(&self) -> bool {
        self.share() > 0
    }

    /// The share of mail that it takes, of [`Snapshot::ALL_MAIL`], an operator's order included. A closed circuit always
    /// takes some.
    pub fn share(&self) -> u8 {
        match self.overriding {
            Override::Auto if self.state == State::Closed => self.ramp,
            Override::Auto | Override::Open => 0,
            Override::Closed => FULL,
        }
    }
}
