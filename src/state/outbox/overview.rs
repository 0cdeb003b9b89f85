//! What a store says of its outbox to somebody who only looks, without a node.

use super::{Count, History, State};

/// What a store says of its outbox.
#[derive(Clone, Debug)]
pub struct Overview {
    /// How far it has come, and whether it is an older copy of itself.
    pub history: History,
    /// Have people said that nothing is to be claimed?
    pub paused: bool,
    /// What is in it.
    pub counts: Vec<Count>,
}

impl Overview {
    /// How many mails are in each state, without states that have none.
    pub fn mails(&self) -> Vec<(State, u64)> {
        let of = |state| self.counts.iter().filter(|count| count.state == state).map(|count| count.rows).sum();
        let all = State::ALL.into_iter().map(|state| (state, of(state)));
        all.filter(|(_, mails)| *mails > 0).collect()
    }
}
