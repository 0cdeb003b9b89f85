//! What the proxy speaks about: messages, who sends them, and what they came to. No I/O, no clock, no randomness but for
//! new ids.

pub mod caller;
pub mod message;
pub mod outcome;
pub mod receipt;
pub mod submission;
