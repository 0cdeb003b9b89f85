//! Opens what a store keeps sealed, and hides what is kept there beside it.

use super::super::sealed::{Hmac, KeyId, SealedContent, SealedRecipients};
use super::super::sealing::Sealer;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::submission::{SendOptions, Submission};

/// Opens what a store keeps sealed. A large message takes time, which is not to be that of a worker.
pub trait Contents: Send + Sync {
    /// The submission of a caller, by the id of its message, without a key; none, where it cannot be opened.
    fn open(&self, id: Id, caller: &CallerName, content: &SealedContent) -> Option<Submission>;

    /// Has this node this key of the store?
    fn has_key(&self, key: &KeyId) -> bool;

    /// The recipients of a mail, in the order To, Cc, Bcc; none, where they cannot be opened.
    fn recipients(&self, id: Id, recipients: &SealedRecipients) -> Option<Vec<String>>;

    /// What stands for a domain in the store; none, where there is no key.
    fn domain(&self, domain: &str) -> Option<Hmac>;
}

impl Contents for Sealer {
    fn open(&self, id: Id, caller: &CallerName, content: &SealedContent) -> Option<Submission> {
        let (message, failover) = self.open(id, content).ok()?;
        Some(Submission { message, caller: caller.clone(), options: SendOptions { failover, key: None } })
    }

    fn has_key(&self, key: &KeyId) -> bool {
        Self::has_key(self, key)
    }

    fn recipients(&self, id: Id, recipients: &SealedRecipients) -> Option<Vec<String>> {
        self.open_recipients(id, recipients)
    }

    fn domain(&self, domain: &str) -> Option<Hmac> {
        self.domain_hmac(domain)
    }
}
