//! Lists of mail for operators, and orders on all mail that they mean.
//!
//! Invariant: an order on many names how many its giver has seen. It is refused where there are more by then, and never meets
//! more. It is carried out in steps, and goes on with the next call where its time is over. Each call is kept as an order; one
//! that goes on says how many mails were met before, so that no order looks like several.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::orders::Operation;
use super::service::{OutboxService, read, written};
use crate::state::audit::Origin;
use crate::state::outbox::{
    Bound, CountedRows, Failed, Listing, Note, Order, OrderAll, OrderedAll, Place, Selection, Sort, Walked,
};

/// After this no step begins: the last one has ended before the request would be given up.
const STEPS: Duration = Duration::from_secs(4);

/// For the mail of an order to be counted, before its first step: with that, too, it has ended by then.
const COUNTING: Duration = Duration::from_secs(5);

/// An order on all mail of a selection.
#[derive(Clone, Debug)]
pub struct OrderOnMany {
    /// What becomes of each.
    pub order: Order,
    /// Which mail. It names a state that the order takes.
    pub selection: Selection,
    /// How much mail its giver has seen.
    pub count: u64,
    /// What goes back to the queue becomes due evenly within this time.
    pub over: Duration,
    /// Where the call before has come to.
    pub after: Option<CarriedOut>,
}

/// How far an order on many has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedOut {
    /// The mail that was looked at last.
    pub walked: Walked,
    /// How much mail it has met.
    pub met: u64,
}

/// What became of an order on many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManyOrdered {
    /// This was done, and the order is to be given again with how far it has come, if that is there.
    Done(OrderedAll, Option<CarriedOut>),
    /// Nothing was done: there is more mail than the order names.
    More,
    /// Nothing was done: there is so much mail that it could not be counted in time.
    Uncounted,
}

impl OutboxService {
    /// Mail of all callers that fits, at most `limit` behind this one. It may be less, though there is more: then it took long
    /// to find that.
    pub async fn select(
        &self,
        selection: &Selection,
        sort: Sort,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Listing, Failed> {
        let (mut all, start) = (Listing { rows: Vec::new(), next: after }, Instant::now());
        loop {
            let left = limit.saturating_sub(all.rows.len());
            let page = read(self.parts.store.select(selection, sort, all.next, left)).await?;
            all.rows.extend(page.rows);
            all.next = page.next;
            if all.next.is_none() || all.rows.len() >= limit || start.elapsed() > STEPS {
                return Ok(all);
            }
        }
    }

    /// How much mail fits, as far as it could be counted in time.
    pub async fn count(&self, selection: &Selection, after: Option<Walked>) -> Result<CountedRows, Failed> {
        self.count_to(selection, after, u64::MAX, Instant::now()).await
    }

    /// Carries out an order on all mail of a selection.
    pub async fn order_many(&self, order: OrderOnMany, origin: Origin) -> Result<ManyOrdered, Failed> {
        let start = Instant::now();
        if order.after.is_none() {
            let counting = self.count_to(&order.selection, None, order.count, start);
            match timeout(COUNTING, counting).await.unwrap_or(Err(Failed::Down))? {
                CountedRows { rows, .. } if rows > order.count => return Ok(ManyOrdered::More),
                CountedRows { next: Some(_), .. } => return Ok(ManyOrdered::Uncounted),
                CountedRows { .. } => {}
            }
        }
        let met = order.after.as_ref().map(|after| after.met);
        let operation =
            Operation::Many { order: order.order, selection: order.selection.clone(), count: order.count, met };
        let answer = self.carry_out_on(order, operation.note(&origin), start).await;
        self.tell(&operation, &origin, &answer, |_| true);
        answer.map(|(done, next)| ManyOrdered::Done(done, next))
    }

    /// Until more than `most` are counted.
    async fn count_to(
        &self,
        selection: &Selection,
        after: Option<Walked>,
        most: u64,
        start: Instant,
    ) -> Result<CountedRows, Failed> {
        let mut counted = CountedRows { rows: 0, next: after };
        loop {
            let step = read(self.parts.store.count(selection, counted.next)).await?;
            counted = CountedRows { rows: counted.rows.saturating_add(step.rows), next: step.next };
            if counted.next.is_none() || counted.rows > most || start.elapsed() > STEPS {
                return Ok(counted);
            }
        }
    }

    /// One step at least.
    async fn carry_out_on(
        &self,
        order: OrderOnMany,
        note: Note,
        start: Instant,
    ) -> Result<(OrderedAll, Option<CarriedOut>), Failed> {
        let OrderOnMany { order, selection, count, over, after } = order;
        let (before, after) = after.map_or((0, None), |after| (after.met, Some(after.walked)));
        let mut step = OrderAll { order, selection, after, count, met: before, over, note: Some(note) };
        let mut done = OrderedAll::default();
        loop {
            let is_first = step.note.is_some();
            let answer = written(self.parts.store.order_all(step.clone(), Bound::STEP)).await;
            // The steps before are on the disk.
            done = done.and(answer.map_err(|failed| if is_first { failed } else { Failed::Unclear })?);
            (step.met, step.after, step.note) = (before.saturating_add(done.met()), done.next.clone(), None);
            let next = step.after.clone().filter(|_| step.met < count);
            let next = next.map(|walked| CarriedOut { walked, met: step.met });
            if next.is_none() || start.elapsed() > STEPS {
                return Ok((done, next));
            }
        }
    }
}
