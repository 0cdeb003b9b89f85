//! What operators see of the outbox and order in it; the store keeps every order with who gave it.

use std::time::Duration;

use tokio::time::Instant;
use tracing::info;

use super::orders::{Operation, SiteOrder};
use super::service::{OutboxService, Parts, read, written};
use crate::model::caller::CallerName;
use crate::model::message::{Address, Id};
use crate::runtime::unix_time::UnixTime;
use crate::state::audit::Origin;
use crate::state::outbox::{
    Answered, Bound, Erasing, Estimate, Failed, Hmac, Note, Noted, Order, Ordered, Overview, Release, Released,
};

/// Mails to a recipient that are shown.
const FOUND: usize = 100;

/// After this no step of an erasure begins: the last one has ended before the request would be given up.
const ERASING: Duration = Duration::from_secs(4);

impl OutboxService {
    /// All that is to be seen of it, within the time of one call.
    pub async fn overview(&self) -> Result<Overview, Failed> {
        let Parts { store, paused_start, .. } = &self.parts;
        let overview = async {
            let paused = store.is_paused().await? || paused_start.is_on();
            Ok(Overview { paused, counts: store.counts().await?, history: store.history().await? })
        };
        read(Box::pin(overview)).await
    }

    /// How fast it drains, by the counts of this node; none: what waits does not get less.
    pub fn drain(&self) -> Option<Estimate> {
        self.parts.drain.estimate()
    }

    /// Who has ordered what, or what before this number, the newest first: at most `limit`.
    pub async fn audit(&self, before: Option<i64>, limit: usize) -> Result<Vec<Noted>, Failed> {
        read(self.parts.store.audit(before, limit)).await
    }

    /// Drops the oldest records of orders that were kept for this long: one step. True: there may be more.
    pub async fn sweep_audit(&self, keep: Duration) -> Result<bool, Failed> {
        self.parts.store.sweep_audit(keep).await
    }

    /// Stops all claims of all nodes, or lets them go on; this node too, if it has started paused.
    pub async fn pause(&self, paused: bool, origin: Origin) -> Result<(), Failed> {
        let operation = Operation::Pause(paused);
        let call = self.parts.store.pause(paused, operation.note(&origin));
        let carried_out = self.carry_out(&operation, &origin, call, |()| true).await;
        if carried_out.is_ok() && !paused {
            self.parts.paused_start.end();
            (self.parts.wake)();
        }
        carried_out
    }

    /// Keeps an order for a site of this node, which is carried out once it is kept.
    pub async fn order_site(&self, key: &str, order: SiteOrder, origin: Origin) -> Result<(), Failed> {
        let operation = Operation::Site(order, key.to_owned());
        let call = self.parts.store.note(operation.note(&origin));
        self.carry_out(&operation, &origin, call, |()| true).await
    }

    /// Has the mail for this site of the node come by at once that waits because the site took none.
    pub fn open_site(&self, key: &str) {
        (self.parts.open_site)(key.to_owned());
    }

    /// Since when the oldest mail for each of these sites is in the store, as far as this node knows their domains.
    pub async fn oldest_of_sites(&self, keys: Vec<String>) -> Vec<Option<UnixTime>> {
        (self.parts.oldest_of_sites)(keys).await
    }

    /// Carries out a decision on one submission.
    pub async fn order(&self, id: Id, order: Order, origin: Origin) -> Result<Ordered, Failed> {
        let operation = Operation::Settle(id, order);
        let call = self.parts.store.order(id, order, operation.note(&origin));
        self.carry_out(&operation, &origin, call, |ordered| matches!(ordered, Ordered::Done(_))).await
    }

    /// Gives submissions back to the queue that were parked with an older copy of the store.
    pub async fn release(&self, release: Release, origin: Origin) -> Result<Released, Failed> {
        let operation = Operation::Release(release.clone());
        let call = self.parts.store.release(release, operation.note(&origin));
        self.carry_out(&operation, &origin, call, |_| true).await
    }

    /// The newest submissions to a recipient, each with its caller, and whether there are more.
    pub async fn find_recipient(
        &self,
        recipient: &Address,
        origin: Origin,
    ) -> Result<(Vec<(CallerName, Id)>, bool), Failed> {
        let (operation, hmacs) = (Operation::FindRecipient, self.parts.sealer.hmacs(recipient));
        let call = self.parts.store.of_recipient(&hmacs, FOUND + 1, operation.note(&origin));
        let mut found = self.carry_out(&operation, &origin, call, |_| true).await?;
        let is_cut = found.len() > FOUND;
        found.truncate(FOUND);
        Ok((found, is_cut))
    }

    /// Erases every submission to a recipient that there is when it begins. How many. Where it stops before the end, the same
    /// order erases the rest.
    pub async fn erase_recipient(&self, recipient: &Address, origin: Origin) -> Result<usize, Failed> {
        let (operation, hmacs) = (Operation::EraseRecipient, self.parts.sealer.hmacs(recipient));
        let answer = self.erase_in_steps(&hmacs, operation.note(&origin)).await;
        self.tell(&operation, &origin, &answer, |_| true);
        answer
    }

    async fn erase_in_steps(&self, hmacs: &[Hmac], note: Note) -> Result<usize, Failed> {
        let (mut step, mut erased, start) = (Some(Erasing::First(note)), 0, Instant::now());
        while let Some(next) = step {
            if start.elapsed() > ERASING {
                return Err(Failed::Unclear);
            }
            let is_first = matches!(next, Erasing::First(_));
            let done = written(self.parts.store.erase_recipient(hmacs, next, Bound::STEP)).await;
            // The steps before are on the disk.
            let done = done.map_err(|failed| if is_first { failed } else { Failed::Unclear })?;
            (step, erased) = (done.next.map(Erasing::Next), erased + done.rows);
        }
        Ok(erased)
    }

    async fn carry_out<T>(
        &self,
        operation: &Operation,
        origin: &Origin,
        call: Answered<'_, T>,
        was_done: impl FnOnce(&T) -> bool,
    ) -> Result<T, Failed> {
        let answer = written(call).await;
        self.tell(operation, origin, &answer, was_done);
        answer
    }

    /// Logs what was done, or may have been.
    pub(super) fn tell<T>(
        &self,
        operation: &Operation,
        origin: &Origin,
        answer: &Result<T, Failed>,
        was_done: impl FnOnce(&T) -> bool,
    ) {
        let may_be_done = match answer {
            Ok(answer) => was_done(answer),
            Err(failed) => *failed == Failed::Unclear,
        };
        if may_be_done {
            log(operation, origin, answer.is_ok());
            (self.parts.wake)();
        }
    }
}

fn log(operation: &Operation, origin: &Origin, is_clear: bool) {
    let peer = origin.peer.map(|peer| peer.to_string());
    info!(
        order = %operation,
        is_clear,
        who = origin.actor.as_str(),
        from = peer.as_deref().unwrap_or("none"),
        "order to the outbox carried out"
    );
}
