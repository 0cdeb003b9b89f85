//! What an attempt came to, and the three questions that every other system mixes up.
//!
//! May another upstream try? Is the provider to blame? What do we tell the caller? Each is one exhaustive match in
//! [`Outcome`].
//!
//! Deliberately absent: HTTP, providers' codes and texts (adapters judge those), time.

mod code;
mod kind;
mod reason;
mod subject;
mod verdict;

pub use code::Code;
pub use kind::{Blame, Delivery, FailoverSafety, Outcome};
pub use reason::Reason;
pub use subject::Subject;
pub use verdict::{Recipient, Verdict};
