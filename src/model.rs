//! What the proxy speaks about: messages, who sends them, and what became of them. No I/O, no clock, no randomness: new ids
//! are passed in.

pub mod caller;
pub mod left_out;
pub mod message;
pub mod outcome;
pub mod receipt;
pub mod skip;
pub mod submission;
