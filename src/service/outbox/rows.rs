//! Mails of the outbox as they are now: also at a node whose own outbox is off, which neither accepts nor sends any.

use std::sync::Arc;

use super::service::read;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::state::outbox::{Failed, Outbox, Sealer, Status};

/// A submission as it is now.
pub struct Shown {
    /// What the store knows.
    pub status: Status,
    /// Whom it goes to, in the order To, Cc, Bcc; none once they are erased.
    pub recipients: Option<Vec<String>>,
}

impl Shown {
    /// With its recipients, if they are not erased.
    pub(super) fn opened(sealer: &Sealer, status: Status) -> Self {
        let id = status.ticket.id;
        let open = |recipients| sealer.open_recipients(id, recipients);
        Self { recipients: status.recipients.as_ref().and_then(open), status }
    }
}

/// The mails of an outbox, to be looked up. Another caller's is as unknown as one that does not exist.
#[derive(Clone)]
pub struct Rows {
    store: Arc<dyn Outbox>,
    sealer: Sealer,
}

impl Rows {
    /// Those of this store, whose recipients this opens.
    pub fn new(store: Arc<dyn Outbox>, sealer: Sealer) -> Self {
        Self { store, sealer }
    }

    /// Has it a mail of this caller, or had it one whose status is kept? Costs less than a look at the mail.
    pub async fn has(&self, caller: &CallerName, id: Id) -> Result<bool, Failed> {
        read(self.store.has(caller, id)).await
    }

    /// What the store knows of a mail of this caller.
    pub async fn status(&self, caller: &CallerName, id: Id) -> Result<Option<Status>, Failed> {
        read(self.store.status(caller, id)).await
    }

    /// What the store knows of it, and whom it goes to.
    pub async fn shown(&self, caller: &CallerName, id: Id) -> Result<Option<Shown>, Failed> {
        let status = self.status(caller, id).await?;
        Ok(status.map(|status| Shown::opened(&self.sealer, status)))
    }
}
