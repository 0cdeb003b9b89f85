//! What conditions may look at of a submission.

use crate::model::message::{Address, Mailbox};
use crate::model::submission::Submission;

/// What conditions may look at.
pub(super) trait Facts {
    /// The name of the caller.
    fn caller(&self) -> &str;

    /// The author's address.
    fn author(&self) -> &str;

    /// Does this hold for every recipient's address?
    fn all_recipients(&self, holds: impl Fn(&str) -> bool) -> bool;

    /// Does this hold for any tag?
    fn any_tag(&self, holds: impl Fn(&str) -> bool) -> bool;

    /// Does this hold for any header of this name, which is written in any case?
    fn any_header(&self, name: &str, holds: impl Fn(&str) -> bool) -> bool;
}

impl Facts for Submission {
    fn caller(&self) -> &str {
        self.caller.as_str()
    }

    fn author(&self) -> &str {
        self.message.from().address().as_str()
    }

    fn all_recipients(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.message.recipient_mailboxes().map(Mailbox::address).map(Address::as_str).all(holds)
    }

    fn any_tag(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.message.tags().iter().any(|tag| holds(tag.as_str()))
    }

    fn any_header(&self, name: &str, holds: impl Fn(&str) -> bool) -> bool {
        self.message.headers().iter().any(|header| header.is(name) && holds(header.value()))
    }
}
