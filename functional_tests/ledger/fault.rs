//! A fault: what a provider does with a mail instead of its work, and what the proxy may call that.
//!
//! Some are half lies: the mail is accepted, and the caller is never told. Others look worse than they are.

mod catalogue;
pub(crate) mod refusals;
mod definition;
mod replies;

pub(crate) use catalogue::{FAULTS, FORGETS, KEEPS, KEEPS_THE_WRONG, STALLS_IN_MUCH};
pub(crate) use definition::{Accepts, Fault, Kind, Outcomes, WELL};
pub(crate) use replies::well;

/// One of the catalogue.
pub(crate) fn named(name: &str) -> &'static Fault {
    FAULTS.iter().find(|fault| fault.name == name).unwrap_or_else(|| panic!("no fault is called {name}"))
}
