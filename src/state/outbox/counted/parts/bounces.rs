//! The calls about bounces, counted as mails that come into the outbox.

use std::time::Duration;

use super::CountedParts;
use crate::state::outbox::{Answered, Batch, Bounced, DueBounce, DueBounces, Failed, PartId, RowId, Told};

impl CountedParts {
    fn bounced(&self, bounced: &Result<Bounced, Failed>) {
        match bounced {
            Ok(Bounced::Queued) => {
                self.metrics.accepted(1);
                self.metrics.bounced("queued");
            }
            Ok(Bounced::NoRoom) => self.metrics.bounced("no_room"),
            Ok(Bounced::NotDue) => {}
            Err(_) => self.metrics.bounced("no_store"),
        }
    }
}

impl DueBounces for CountedParts {
    fn due_bounces(&self, limit: usize) -> Answered<'_, Vec<DueBounce>> {
        self.parts.due_bounces(limit)
    }

    fn bounce_of(&self, part: PartId) -> Answered<'_, Option<DueBounce>> {
        self.parts.bounce_of(part)
    }

    fn queue_bounce<'a>(&'a self, told: &'a Told, bounce: Batch) -> Answered<'a, Bounced> {
        Box::pin(async move {
            let bounced = self.parts.queue_bounce(told, bounce).await;
            self.bounced(&bounced);
            bounced
        })
    }

    fn put_off_bounce(&self, row: RowId, wait: Duration) -> Answered<'_, ()> {
        self.parts.put_off_bounce(row, wait)
    }
}
