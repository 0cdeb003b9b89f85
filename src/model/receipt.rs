//! The answer for a whole submission, and the attempts that it is drawn from.
//!
//! [`Receipt`]: a provider took the mail. [`SendError`]: none is known to have taken it, with what that leaves open.
//! [`conclude`] is the one rule that draws either from attempts that differ. Deliberately absent: how an answer is
//! written; every way in does that in its own protocol.

mod answer;
mod attempt;
mod conclusion;
mod failure;

pub use answer::{Answer, Receipt, SendError, by_rule};
pub use attempt::Attempt;
pub use conclusion::{Remaining, conclude, settle_late};
pub use failure::Failure;
