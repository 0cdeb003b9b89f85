//! Mail that this node cannot open.
//!
//! Where it is sealed under a key of the store that this node has not, another node has begun to use a new one: the mail
//! waits for that node, or for the next start of this one, and that is no loss. After an hour of it nobody is about to give
//! this node the key, and a person has to look: then it counts as a loss, as with any other mail that cannot be opened.

use std::time::Duration;

use tracing::{error, warn};

use super::super::parts::PartId;
use super::super::sealed::SealedContent;
use super::context::Context;
use super::schedule;
use crate::model::message::Id;

/// So often in a row a mail waits for another node: each time a minute.
pub(super) const FOR_ANOTHER_NODE: u32 = 60;

/// What becomes of mail that this node cannot open.
pub(super) enum Unopened {
    /// It waits so long for a node that has its key.
    Waits(Duration),
    /// It is lost, and waits so long.
    Lost(Duration),
}

impl Context {
    /// What becomes of a mail, or of a part of it, that cannot be opened.
    pub(super) fn unopened(&self, id: Id, part: Option<PartId>, content: Option<&SealedContent>) -> Unopened {
        let is_sealed_elsewhere = content.is_some_and(|content| !self.parts.contents.has_key(&content.key_id));
        if is_sealed_elsewhere {
            let times = self.sealed_elsewhere.count((id, part));
            if times == 1 {
                warn!(%id, "a mail of the outbox is sealed under a key that is not in SMSP_STORE_KEY of this node: it waits");
            }
            if times <= FOR_ANOTHER_NODE {
                return Unopened::Waits(schedule::sealed_elsewhere(fastrand::f64()));
            }
        }
        error!(%id, "a mail of the outbox cannot be opened: its key must be in SMSP_STORE_KEY until it has ended");
        Unopened::Lost(self.parts.policy.schedule.after(1, fastrand::f64()))
    }
}
