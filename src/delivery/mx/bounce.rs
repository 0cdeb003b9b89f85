//! A bounce: the report (RFC 3464) to the envelope sender of a mail that it was not delivered to some of its recipients.
//!
//! It is a message of its own, with a text for people and the same for programs, and has no envelope sender, so that no
//! bounce is ever made of it. It says what is known in words of ours: never the text of another's server. Deliberately
//! absent: to whom and when, which is for who ends a mail to say; reports that a mail was delivered, or is late; a copy of
//! its content.

mod message;
mod status;
mod text;
mod undelivered;

pub use message::{CannotReport, message};
pub use undelivered::{ATTEMPTS, Bounce, EXPIRED, Undelivered};

#[cfg(test)]
mod tests;
