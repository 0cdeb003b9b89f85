//! The outside world that takes mail: one adapter per provider, all behind [`Provider`].
//!
//! To add one: see "Adding a provider" in CONTRIBUTING.md. An adapter renders the message
//! afresh for every call, hands it over at most once, and judges the answer by the provider's own code first, the
//! status second, text last. It never lets a provider's text out. Deliberately absent: retries, but for an SMTP
//! connection that was kept too long and failed before the mail; and time limits. The caller of an adapter bounds the
//! call: when the time is over it revokes the [`HandOver`] and drops the call.

mod api;
mod brevo;
mod call;
mod capabilities;
mod client;
mod codes;
mod connections;
pub mod egress_proxy;
mod hand_over;
mod json;
mod kind;
mod maildir;
mod mailgun;
mod mailjet;
mod mandrill;
mod metadata_headers;
mod mock;
mod postmark;
mod resend;
mod sendgrid;
mod ses;
mod smtp;
mod sparkpost;
mod table;
mod values;

pub use call::{Call, Delivery, Mode, Provider};
pub use capabilities::{Capabilities, Files, Inline, Lookup, MaxLength, Parameters, WordLimits};
pub use connections::Unsent;
pub use egress_proxy::EgressProxy;
pub use hand_over::HandOver;
pub use kind::{Build, Kind};
pub use values::{Connect, Invalid, Values};

use crate::model::message::ReservedHeaders;

/// Every kind of provider, in the order in which configured ones are used by default.
pub static KINDS: &[Kind] = &[
    mailgun::KIND,
    sendgrid::KIND,
    mandrill::KIND,
    postmark::KIND,
    sparkpost::KIND,
    resend::KIND,
    brevo::KIND,
    mailjet::KIND,
    ses::KIND,
    smtp::KIND,
    maildir::KIND,
    mock::KIND,
];

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// What every kind reads as its own: no caller may write it, whichever upstreams are configured.
pub const RESERVED_HEADERS: ReservedHeaders =
    ReservedHeaders(|name| KINDS.iter().any(|kind| kind.reserves_header(name)));

/// Every kind and what it can carry, as a table in Markdown.
pub fn table() -> String {
    table::markdown(KINDS)
}

#[cfg(test)]
mod tests;
