//! What the proxy speaks about: messages and outcomes. No I/O, no clock, no randomness but for new ids.

pub mod message;
pub mod outcome;
