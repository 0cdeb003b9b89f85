//! Mail that this node cannot open.
//!
//! Where it is sealed under a key of the store that this node has not, another node has begun to use a new one: the mail
//! waits for a node that has the key, until its time is over, and that is no loss. The log tells of each such key, not of each
//! mail. After an hour nobody is about to give this node the key: then the log has an error, and the mail is looked at less
//! often, because each look takes it away from the nodes that have the key.
//!
//! Deliberately absent: claims by key. The key of a mail is beside its content, not in the queue. A claim would have to walk past
//! all mail of other keys at its head, each time.

use std::time::Duration;

use tracing::{error, warn};

use super::super::sealed::SealedContent;
use super::context::Context;
use super::schedule;
use crate::model::message::Id;
use crate::state::store::Missing;

/// For so long a node may lack a key of the others, while they are given one after another.
const ROLL_OUT: Duration = Duration::from_secs(3600);

/// What becomes of mail that this node cannot open.
pub(super) enum Unopened {
    /// It waits so long for a node that has its key.
    Waits(Duration),
    /// It is lost, and waits so long.
    Lost(Duration),
}

impl Context {
    /// What becomes of a mail, or of a part of it, that cannot be opened.
    pub(super) fn unopened(&self, id: Id, content: Option<&SealedContent>) -> Unopened {
        if let Some(content) = content.filter(|content| !self.parts.contents.has_key(&content.key_id)) {
            let (key_id, Missing { since, is_due }) = (&content.key_id.0, self.missing_keys.met(&content.key_id.0));
            let is_late = since >= ROLL_OUT;
            self.parts.metrics.sealed_elsewhere();
            match (is_due, is_late) {
                (true, false) => {
                    warn!(
                        key_id,
                        "mail of the outbox is sealed under a key that is not in SMSP_STORE_KEY of this node: it waits"
                    );
                }
                (true, true) => {
                    error!(
                        key_id,
                        "for an hour mail of the outbox has waited for a key that is not in SMSP_STORE_KEY of this node"
                    );
                }
                (false, _) => {}
            }
            return Unopened::Waits(schedule::sealed_elsewhere(is_late, fastrand::f64()));
        }
        error!(%id, "a mail of the outbox cannot be opened: its key must be in SMSP_STORE_KEY until it has ended");
        Unopened::Lost(self.parts.policy.schedule.after(1, fastrand::f64()))
    }
}
