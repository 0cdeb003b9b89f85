//! The calls about bounces, each a span.

use std::time::Duration;

use super::TracedParts;
use crate::state::outbox::{Answered, Batch, Bounced, DueBounce, DueBounces, PartId, RowId, Told};

impl DueBounces for TracedParts {
    fn due_bounces(&self, limit: usize) -> Answered<'_, Vec<DueBounce>> {
        self.spans.of("due_bounces", self.parts.due_bounces(limit))
    }

    fn bounce_of(&self, part: PartId) -> Answered<'_, Option<DueBounce>> {
        self.spans.of("bounce_of", self.parts.bounce_of(part))
    }

    fn queue_bounce<'a>(&'a self, told: &'a Told, bounce: Batch) -> Answered<'a, Bounced> {
        self.spans.of("queue_bounce", self.parts.queue_bounce(told, bounce))
    }

    fn put_off_bounce(&self, row: RowId, wait: Duration) -> Answered<'_, ()> {
        self.spans.of("put_off_bounce", self.parts.put_off_bounce(row, wait))
    }
}
