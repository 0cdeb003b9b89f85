//! What a transmission came to.

use super::recipient_end::RecipientEnd;

/// What a transmission came to, for its recipients and for its site.
#[derive(Debug)]
pub struct Report {
    /// What became of each recipient, in the order of the mail.
    pub recipients: Vec<RecipientEnd>,
    /// What it says of the site.
    pub contact: Contact,
    /// Is there no way from this machine to any address that was tried, and none was reached a moment ago for another mail?
    /// Then it is not known whether the hosts are there.
    pub is_isolated: bool,
    /// Has no host taken up a session, and was one of them given less than [`WHOLE_PATIENCE`](super::WHOLE_PATIENCE) for that?
    /// Then another attempt, which waits for longer, may find it there.
    pub is_hurried: bool,
}

/// What a transmission says of the site that it went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// A host has taken up a session.
    Served,
    /// A host asks to wait.
    Throttled,
    /// No host could be reached, or none has taken up a session.
    Failed,
    /// Nothing: this machine has met a limit of its own, or ends.
    Untold,
}
