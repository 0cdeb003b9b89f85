//! What an operator may order of a circuit, and what the order has changed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::delivery::circuit::{Override, State};
use crate::delivery::upstream::Upstream;

/// One order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Overrides the circuit's own decision, or hands it back with [`Override::Auto`].
    Override {
        /// What is to hold.
        to: Override,
        /// After this time it is [`Override::Auto`] again; `None`: at the next order, or when this process ends.
        ends_after: Option<Duration>,
    },
    /// Closes the circuit and forgets what it has counted; an override stays, and so does its end.
    Reset,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Override { to, ends_after: None } => write!(f, "override {}", to.as_str()),
            Self::Override { to, ends_after: Some(time) } => {
                write!(f, "override {} for {}ms", to.as_str(), time.as_millis())
            }
            Self::Reset => f.write_str("reset"),
        }
    }
}

/// What an order can change of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The circuit's own state.
    pub state: State,
    /// What holds instead of it.
    pub overriding: Override,
    /// Until the override ends by itself, if it does.
    pub ends_in: Option<Duration>,
}

impl Status {
    /// The circuit of this upstream as it is now.
    pub(super) fn of(upstream: &Upstream, ends_in: Option<Duration>) -> Self {
        let circuit = upstream.snapshot();
        Self { state: circuit.state, overriding: circuit.overriding, ends_in }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, override {}", self.state.as_str(), self.overriding.as_str())?;
        self.ends_in.map_or(Ok(()), |time| write!(f, " for {}ms", time.as_millis()))
    }
}

/// One order that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose circuit it was about.
    pub upstream: Arc<str>,
    /// What was ordered.
    pub order: Order,
    /// The circuit before it.
    pub before: Status,
    /// The circuit after it.
    pub after: Status,
}
