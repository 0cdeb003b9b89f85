//! Direct delivery: from the outbox to the servers that receive mail for the recipients' domains.
//!
//! Domains with the same servers are one site ([`sites`]): it has its own availability and its own limit on mails at once,
//! so a dead destination costs the mail to others nothing.

pub mod sites;
mod lru;
