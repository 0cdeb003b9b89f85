//! What operators see of the outbox and order in it; the store keeps every order with who gave it.

use tracing::info;

use super::orders::Operation;
use super::service::{OutboxService, read, written};
use crate::model::message::{Address, Id};
use crate::state::audit::Origin;
use crate::state::outbox::{Answered, Count, Failed, History, Noted, Order, Ordered, Release, Released};

/// Orders that are shown.
const SHOWN: usize = 1000;

impl OutboxService {
    /// How many rows there are, by state and upstream.
    pub async fn counts(&self) -> Result<Vec<Count>, Failed> {
        read(self.parts.store.counts()).await
    }

    /// Who has ordered what, the newest first.
    pub async fn audit(&self) -> Result<Vec<Noted>, Failed> {
        read(self.parts.store.audit(SHOWN)).await
    }

    /// How far the store has come.
    pub async fn history(&self) -> Result<History, Failed> {
        read(self.parts.store.history()).await
    }

    /// Is it paused, for all nodes or since the start of this one?
    pub async fn is_paused(&self) -> Result<bool, Failed> {
        Ok(read(self.parts.store.is_paused()).await? || self.parts.paused_start.is_on())
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

    /// Carries out a decision on a submission that waits for people.
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

    /// Erases every submission to a recipient. How many.
    pub async fn erase_recipient(&self, recipient: &Address, origin: Origin) -> Result<usize, Failed> {
        let (operation, hmacs) = (Operation::EraseRecipient, self.parts.sealer.hmacs(recipient));
        let call = self.parts.store.erase_recipient(&hmacs, operation.note(&origin));
        self.carry_out(&operation, &origin, call, |_| true).await.map(|erased| erased.rows)
    }

    /// Logs what was done, or may have been.
    async fn carry_out<T>(
        &self,
        operation: &Operation,
        origin: &Origin,
        call: Answered<'_, T>,
        was_done: impl FnOnce(&T) -> bool,
    ) -> Result<T, Failed> {
        let answer = written(call).await;
        let may_be_done = match &answer {
            Ok(answer) => was_done(answer),
            Err(failed) => *failed == Failed::Unclear,
        };
        if may_be_done {
            log(operation, origin, answer.is_ok());
            (self.parts.wake)();
        }
        answer
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
