//! Direct delivery: from the outbox to the servers that receive mail for the recipients' domains.
//!
//! [`lookup`] finds the servers of a domain in the order in which they are tried, [`mta_sts`] what the domain demands of them,
//! and [`transmission`] carries a mail there. Domains with the same servers are one site ([`sites`]): it has its own
//! availability and its own limit on mails at once, so a dead destination costs the mail to others nothing. [`direct`] puts
//! these together. The pump of the outbox calls it, for one domain of a mail at a time.
//!
//! [`dkim`] signs the mail that goes there; [`readiness`] tells an operator what is missing outside, and [`bounce`] tells the
//! envelope sender of a mail whom it does not reach.

pub mod bounce;
pub mod direct;
pub mod dkim;
pub mod lookup;
pub mod mta_sts;
pub mod readiness;
pub mod settings;
pub mod sites;
pub mod transmission;
mod order;
mod static_hosts;

pub use settings::Settings;
