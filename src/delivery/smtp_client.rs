//! The client's side of a dialogue in SMTP (RFC 5321): greeting, EHLO, STARTTLS, an envelope, the lines of a mail, QUIT.
//!
//! Our own few commands on a stream of bytes, not a library's client: the usual one keeps what it has read ahead across
//! STARTTLS, and so believes in answers that an attacker wrote in clear; it hides SIZE; its errors do not tell whether the
//! end of the mail went out. A reply that is not the one that was hoped for comes back as a [`failure::Failure`], unjudged:
//! what it proves, and whom it blames, depends on who is at the other end.
//!
//! Each wait has the limit that the caller sets, or none where the caller keeps the time itself.
//!
//! Deliberately absent: AUTH.

pub mod connect;
pub mod envelope;
pub mod extensions;
pub mod failure;
pub mod pool;
pub mod progress;
pub mod reply;
pub mod session;
pub mod stage;
#[cfg(test)]
pub(crate) mod stub;
pub mod tls;
pub mod wire;
