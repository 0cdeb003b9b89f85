//! Marks of parts that have come together: the consent of the database to each hand-over.

use std::sync::Arc;

use super::super::history::{self, DOUBT, Remembering};
use super::{hand_over, locks};
use crate::state::outbox::{PartHold, Point};
use crate::state::store::Failed;
use crate::state::store::postgres::{Database, Size, Together, Transaction, Undone, told};

/// Marks parts for one node.
pub(in super::super) struct PartMarks {
    pub(in super::super) database: Arc<Database>,
    pub(in super::super) remembering: Arc<Remembering>,
}

impl Together for PartMarks {
    type Call = PartHold;
    type Answer = bool;

    const WORKERS: usize = 1;

    fn size(_: &PartHold) -> Size {
        Size::ROW
    }

    fn fit(one: &PartHold, other: &PartHold) -> bool {
        one.part != other.part
    }

    async fn carry_out(&self, holds: &[&PartHold]) -> Result<Vec<Option<bool>>, Undone> {
        let mut transaction = self.database.begin().await?;
        let marked = mark(&mut transaction, &self.remembering, holds).await;
        let (answers, point) = told(&transaction, marked)?;
        transaction.commit().await?;
        point.into_iter().for_each(|point| self.remembering.memory.keep(point));
        Ok(answers)
    }
}

/// What marks came to; none: somebody else has locked the mail. And how far the database has come. One that has lost marks
/// which are remembered gives no consent.
pub(in super::super) async fn mark(
    transaction: &mut Transaction<'_>,
    remembering: &Remembering,
    holds: &[&PartHold],
) -> Result<(Vec<Option<bool>>, Option<Point>), Failed> {
    let findings = history::check(transaction, remembering, DOUBT).await?;
    if findings.went_back.is_some() {
        return Ok((vec![Some(false); holds.len()], None));
    }
    let locked = locks::lock(transaction, holds.iter().copied()).await?;
    let free: Vec<_> = holds.iter().copied().filter(|hold| locked.has(hold)).collect();
    let (marked, point) = hand_over::mark(transaction, &free).await?;
    let answer = |hold: &&PartHold| (!locked.is_held(hold)).then(|| marked.contains(&hold.part.0));
    Ok((holds.iter().map(answer).collect(), point.or(Some(findings.point))))
}
