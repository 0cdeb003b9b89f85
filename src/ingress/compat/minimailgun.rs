//! The API of Mini-MailGun: `POST /send` and `POST /status`, over the outbox.
//!
//! A client sends a secret of its own as `client_id` in every body: here it is the key of a caller. Answers are those of
//! Mini-MailGun, errors all in the one form that it documents. A mail of which a provider may have a copy that nobody knows of
//! is `unknown`, a word that it did not have; it called such a mail `queued` for ever, or `sent`.

mod call;
mod error;
mod fields;
mod mail;
mod mail_id;
mod routes;
mod send;
mod status;
mod word;

pub use fields::NAMES;
pub use routes::{beside, document};

#[cfg(test)]
mod tests;
