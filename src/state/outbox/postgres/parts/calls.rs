//! The calls about parts. Splits, marks and ends share transactions, each other one has its own.

use std::time::Duration;

use super::super::rows::span;
use super::super::{ON_ITS_WAY, PostgresOutbox, care};
use super::{claim, domains};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{
    Answered, ClaimedPart, Hmac, Hold, NodeId, PartEnded, PartHold, Parts, Split, State, WantedParts,
};
use crate::state::store::Failed;

/// One transaction around this call.
macro_rules! transaction {
    ($self:ident, $work:path $(, $argument:expr)*) => {
        Box::pin(async move {
            let mut transaction = $self.begin().await?;
            let answer = $work(&mut transaction $(, $argument)*).await?;
            transaction.commit().await?;
            Ok(answer)
        })
    };
}

impl Parts for PostgresOutbox {
    fn split<'a>(&'a self, hold: &'a Hold, split: &'a Split) -> Answered<'a, bool> {
        Box::pin(self.splits.call((*hold, split.clone())))
    }

    fn claim_parts<'a>(&'a self, node: NodeId, wanted: &'a WantedParts) -> Answered<'a, Vec<ClaimedPart>> {
        Box::pin(self.claimed_parts(node, wanted))
    }

    fn give_back_parts<'a>(&'a self, holds: &'a [PartHold], wait: Duration) -> Answered<'a, usize> {
        transaction!(self, claim::give_back, holds, wait)
    }

    fn close_domain<'a>(&'a self, domain: &'a Hmac, wait: Duration) -> Answered<'a, ()> {
        transaction!(self, domains::close, domain, span(wait))
    }

    fn open_domain<'a>(&'a self, domain: &'a Hmac, closed_for: Duration) -> Answered<'a, ()> {
        transaction!(self, domains::reopen, domain, span(closed_for))
    }

    fn oldest_of<'a>(&'a self, domains: &'a [Hmac]) -> Answered<'a, Vec<Option<UnixTime>>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let oldest = domains::oldest(&mut transaction, domains).await?;
            transaction.end().await?;
            Ok(oldest)
        })
    }

    fn mark_part<'a>(&'a self, hold: &'a PartHold) -> Answered<'a, bool> {
        Box::pin(self.part_marks.call(*hold))
    }

    fn end_part<'a>(&'a self, hold: &'a PartHold, ended: &'a PartEnded) -> Answered<'a, Option<State>> {
        Box::pin(self.part_ends.call((*hold, ended.clone())))
    }
}

impl PostgresOutbox {
    /// A claim is a sign of life too. The messages are read once the parts are taken; what is lost of it, or cannot be read,
    /// is remembered.
    async fn claimed_parts(&self, node: NodeId, wanted: &WantedParts) -> Result<Vec<ClaimedPart>, Failed> {
        let mut transaction = self.begin().await?;
        let freed = self.release_lost(&mut transaction, node).await?;
        let findings = self.check(&mut transaction).await?;
        if findings.paused || findings.went_back.is_some() {
            transaction.commit().await?;
            self.lost.forget(&freed, ON_ITS_WAY);
            return Ok(Vec::new());
        }
        let number = self.lost.number(node);
        let parts = claim::claim(&mut transaction, node, number.get(), wanted).await?;
        // A claim that takes nothing writes nothing: it is made each second.
        if !parts.is_empty() {
            care::heartbeat(&mut transaction, node).await?;
        }
        transaction.commit().await?;
        self.lost.forget(&freed, ON_ITS_WAY);
        self.remember(findings);
        let mut claimed = Vec::new();
        if !parts.is_empty() {
            let mut transaction = self.begin().await?;
            claimed = claim::in_hand(&mut transaction, node, number.get(), &parts).await?;
            transaction.end().await?;
        }
        number.answered();
        Ok(claimed)
    }
}
