//! The circuit breaker of one upstream: real mail flows only while it is `Closed`; while `HalfOpen` only probes do.
//!
//! Everything that decides lives in one atomic [`word`]; every visible change is one compare-and-swap on it and raises
//! the generation by one. A [`Permit`] belongs to the generation that gave it: an answer from before a trip changes
//! nothing after it. Admission costs one load. A success costs one count in the [`window`], and writes the word only if
//! there is a streak of failures to end.
//!
//! Deliberately absent: clocks, tasks, locks, I/O. Time is passed in, as milliseconds since a beginning of the caller's
//! choice. The ramp too: a circuit that has just closed knows which share of mail it takes, but only the router, which has
//! other upstreams to offer, leaves a mail out of it. Two numbers stand beside the word, and neither decides on admission:
//! `not_before`, raised before the trip that it belongs to and cleared once the circuit is closed, and `next_probe`, left by
//! the supervisor for others to read. A transition is returned to its caller, who publishes it after the swap; so no
//! subscriber can block, re-enter or reorder a circuit.

mod breaker;
mod permit;
mod policy;
mod settings;
mod settling;
mod snapshot;
mod sync;
mod transition;
mod window;
mod word;

pub use breaker::Circuit;
pub use permit::{Permit, ProbePermit};
pub use settings::{Rates, Settings};
pub use snapshot::Snapshot;
pub use transition::{CallResult, Settled, Transition, TransitionReason};
pub use window::Counts;
pub use word::{Override, State};

#[cfg(test)]
#[cfg(smsp_loom)]
mod interleavings;

#[cfg(test)]
#[cfg(not(smsp_loom))]
mod tests;
