//! Direct delivery: from the outbox to the servers that receive mail for the recipients' domains.
//!
//! [`mta_sts`] finds what a domain demands of its servers. Domains with the same servers are one site ([`sites`]): it has its
//! own availability and its own limit on mails at once, so a dead destination costs the mail to others nothing.

pub mod mta_sts;
pub mod sites;
mod lru;
