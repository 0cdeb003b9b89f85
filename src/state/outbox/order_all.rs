//! One order on all rows of a selection, carried out step by step, each a transaction that others do not notice.
//!
//! Invariant: no more rows are met than the order names, so rows that join the selection meanwhile cannot make it larger than
//! the one who gave it has seen.

use std::time::Duration;

use super::history::Note;
use super::operators::Order;
use super::row::State;
use super::selection::{Selection, Walked};
use crate::runtime::millis::millis;

/// A step of an order on all rows of a selection.
#[derive(Clone, Debug)]
pub struct OrderAll {
    /// What becomes of each.
    pub order: Order,
    /// Which rows. It names a state.
    pub selection: Selection,
    /// Where the step before has come to.
    pub after: Option<Walked>,
    /// How many rows the order may meet.
    pub count: u64,
    /// How many the steps before have met.
    pub met: u64,
    /// Rows that go back to the queue become due one after the other within this time.
    pub over: Duration,
    /// Who gave the order, and which; with the first step, which keeps it.
    pub note: Option<Note>,
}

/// What a step has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderedAll {
    /// How many rows are in which state now.
    pub changed: Vec<(State, u64)>,
    /// Rows that stay as they are, because their content is gone: there is nothing left to send.
    pub content_gone: u64,
    /// Rows that stay as they are, because they would be sent again after their time.
    pub over: u64,
    /// Where the next step begins, if there may be more.
    pub next: Option<Walked>,
}

impl Order {
    /// May rows of this state be meant by an order on many?
    pub fn takes(self, state: State) -> bool {
        match self {
            Self::Retry => matches!(state, State::Parked | State::Unknown),
            Self::SettleAsAccepted | Self::SettleAsNone => state == State::Unknown,
            Self::Cancel => matches!(state, State::Queued | State::Parked),
        }
    }
}

impl OrderAll {
    /// The state of its rows, if the order takes rows of that.
    pub(super) fn state(&self) -> Option<State> {
        self.selection.state.filter(|state| self.order.takes(*state))
    }

    /// Rows that this step may meet still.
    pub(super) fn left(&self) -> u64 {
        self.count.saturating_sub(self.met)
    }

    /// How long the row waits that is met as this one of a step, in milliseconds.
    pub(super) fn wait(&self, place: u64) -> i64 {
        let among = u128::from(self.count.max(1));
        let wait = u128::from(millis(self.over)) * u128::from(self.met.saturating_add(place)) / among;
        wait.try_into().unwrap_or(i64::MAX)
    }
}

impl OrderedAll {
    /// How many rows were met.
    pub fn met(&self) -> u64 {
        self.changed.iter().map(|(_, rows)| rows).sum::<u64>() + self.content_gone + self.over
    }

    /// What this step and a later one have done.
    pub fn and(mut self, later: Self) -> Self {
        later.changed.iter().for_each(|(state, rows)| self.count(*state, *rows));
        let (content_gone, over) = (self.content_gone + later.content_gone, self.over + later.over);
        Self { changed: self.changed, content_gone, over, next: later.next }
    }

    /// So many more rows are in this state now.
    pub(super) fn count(&mut self, to: State, rows: u64) {
        match self.changed.iter_mut().find(|(state, _)| *state == to) {
            Some((_, changed)) => *changed += rows,
            None if rows > 0 => self.changed.push((to, rows)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_all_steps_become_due_evenly_within_the_time() {
        let selection = Selection { state: Some(State::Parked), ..Selection::default() };
        let all = OrderAll {
            order: Order::Retry,
            selection,
            after: None,
            count: 4,
            met: 2,
            over: Duration::from_secs(4),
            note: None,
        };
        assert_eq!([0, 1].map(|place| all.wait(place)), [2000, 3000]);
        assert_eq!(OrderAll { met: 0, ..all.clone() }.wait(0), 0);
        assert_eq!(OrderAll { count: 0, met: 0, ..all }.wait(0), 0);
    }

    #[test]
    fn what_steps_have_done_adds_up_by_state() {
        let step =
            |changed: &[(State, u64)]| OrderedAll { changed: changed.to_vec(), over: 1, ..OrderedAll::default() };
        let both = step(&[(State::Queued, 2)]).and(step(&[(State::Expired, 1), (State::Queued, 3)]));
        assert_eq!(both.changed, [(State::Queued, 5), (State::Expired, 1)]);
        assert_eq!((both.over, both.met()), (2, 8));
    }
}
