//! What operators see of the outbox and order in it; every order that may have been carried out is recorded.

use std::time::SystemTime;

use tracing::info;

use super::orders::{Operation, OutboxOrder};
use super::service::{OutboxService, read, written};
use crate::model::message::{Address, Id};
use crate::state::audit::{AuditLog, Origin, Record};
use crate::state::outbox::{Answered, Count, Failed, Order, Ordered};

impl OutboxService {
    /// How many rows there are, by state and upstream.
    pub async fn counts(&self) -> Result<Vec<Count>, Failed> {
        read(self.parts.store.counts()).await
    }

    /// Who has ordered what.
    pub fn audit(&self) -> &AuditLog<OutboxOrder> {
        &self.parts.audit
    }

    /// Is it paused?
    pub async fn is_paused(&self) -> Result<bool, Failed> {
        read(self.parts.store.is_paused()).await
    }

    /// Stops all claims of all nodes, or lets them go on.
    pub async fn pause(&self, paused: bool, origin: Origin) -> Result<(), Failed> {
        self.carry_out(Operation::Pause(paused), origin, self.parts.store.pause(paused), |()| true).await
    }

    /// Carries out a decision on a submission that waits for people.
    pub async fn order(&self, id: Id, order: Order, origin: Origin) -> Result<Ordered, Failed> {
        let was_done = |ordered: &Ordered| matches!(ordered, Ordered::Done(_));
        self.carry_out(Operation::Settle(id, order), origin, self.parts.store.order(id, order), was_done).await
    }

    /// Erases every submission to a recipient. How many.
    pub async fn erase_recipient(&self, recipient: &Address, origin: Origin) -> Result<usize, Failed> {
        let hmacs = self.parts.sealer.hmacs(recipient);
        let erase = self.parts.store.erase_recipient(&hmacs);
        self.carry_out(Operation::EraseRecipient, origin, erase, |_| true).await.map(|erased| erased.rows)
    }

    /// Records what was done, or may have been.
    async fn carry_out<T>(
        &self,
        operation: Operation,
        origin: Origin,
        call: Answered<'_, T>,
        was_done: impl FnOnce(&T) -> bool,
    ) -> Result<T, Failed> {
        let answer = written(call).await;
        let is_recorded = match &answer {
            Ok(answer) => was_done(answer),
            Err(failed) => *failed == Failed::Unclear,
        };
        if is_recorded {
            let change = OutboxOrder { operation, is_clear: answer.is_ok() };
            log(&change, &origin);
            self.parts.audit.push(Record { at: SystemTime::now(), origin, change });
            (self.parts.wake)();
        }
        answer
    }
}

fn log(change: &OutboxOrder, origin: &Origin) {
    let peer = origin.peer.map(|peer| peer.to_string());
    info!(
        order = %change.operation,
        is_clear = change.is_clear,
        who = origin.actor.as_str(),
        from = peer.as_deref().unwrap_or("none"),
        "order to the outbox carried out"
    );
}
