//! What a mail is filed under that waits in a store.

use std::sync::Arc;

/// The upstreams that may ever have a mail, by the rules, the domains that they send for and what they can carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eligible {
    /// Their names, the preferred one first; `mx` stands for the servers of the recipients.
    pub upstreams: Vec<Arc<str>>,
    /// Says which rules that follows from: a number that differs where they do, and is the same on every node.
    pub rules: u64,
}
