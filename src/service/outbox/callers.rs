//! What a caller sees of its submissions and changes of them. Another caller's is as unknown as one that does not exist.

use std::sync::Arc;

use super::rows::{Rows, Shown};
use super::service::{OutboxService, read, written};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Change, Cursor, Failed, Filter, Page, Status};

impl OutboxService {
    /// Its mails, to be looked up.
    pub fn rows(&self) -> Rows {
        Rows::new(Arc::clone(&self.parts.store), self.parts.sealer.clone())
    }

    /// A submission of this caller.
    pub async fn status(&self, caller: &CallerName, id: Id) -> Result<Option<Shown>, Failed> {
        let status = read(self.parts.store.status(caller, id)).await?;
        Ok(status.map(|status| self.shown(status)))
    }

    /// The submissions of this caller, the newest first, at most `limit` behind the cursor.
    pub async fn list(
        &self,
        caller: &CallerName,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, Failed> {
        read(self.parts.store.list(caller, filter, after, limit)).await
    }

    /// Changes when a queued submission is due.
    pub async fn reschedule(&self, caller: &CallerName, id: Id, send_at: UnixTime) -> Result<Change, Failed> {
        let change = written(self.parts.store.reschedule(caller, id, send_at)).await?;
        // It may be due earlier than the pump thinks.
        (self.parts.wake)();
        Ok(change)
    }

    /// Cancels a submission, unless it is under way or has ended.
    pub async fn cancel(&self, caller: &CallerName, id: Id) -> Result<Change, Failed> {
        written(self.parts.store.cancel(caller, id)).await
    }

    /// Drops content and recipients of a submission that is not under way; one that waits is cancelled first.
    pub async fn erase(&self, caller: &CallerName, id: Id) -> Result<Change, Failed> {
        written(self.parts.store.erase(caller, id)).await
    }

    /// With its recipients, if they are not erased.
    pub fn shown(&self, status: Status) -> Shown {
        Shown::opened(&self.parts.sealer, status)
    }
}
