//! Sending later, for every way in: submissions in, an answer from the store, and what callers and operators ask of it then.
//!
//! Invariants: nothing is said to be accepted before the store has said so, on the disk. A call that the store does not
//! answer in time is [unclear](crate::state::outbox::Failed::Unclear) where it may have written: never accepted, and never
//! not accepted. Contents and recipients are sealed before they leave this process. Deliberately absent: sending, which the
//! pump does, and words for clients, which each way in has its own of.

mod accept;
mod callers;
mod fallback;
mod filed;
mod many;
mod operators;
mod orders;
mod rows;
mod service;
pub mod settings;

pub use accept::{Later, Offer};
pub use fallback::{Before, FALLBACK_TIME, Share};
pub use filed::Filed;
pub use many::{CarriedOut, ManyOrdered, OrderOnMany};
pub use orders::SiteOrder;
pub use rows::{Rows, Shown};
pub use service::{OutboxService, Parts};
pub use settings::Settings;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
