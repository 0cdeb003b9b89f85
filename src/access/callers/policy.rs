//! What an operator allows one caller.

use crate::access::rate_limiter::Rate;
use crate::model::message::Address;

/// The limits of a caller; `None` is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerPolicy {
    /// Calls per time, whatever they come to.
    pub rate: Option<Rate>,
    /// Mails in flight at a time.
    pub concurrency: Option<usize>,
    /// Domains (A-labels, lower case) to send from; `*.` in front stands for every domain below it.
    pub from_domains: Option<Vec<String>>,
    /// The envelope sender, where bounces go, if that is not the author (RFC 5321, section 3.6.3).
    pub bounce_address: Option<Address>,
}
