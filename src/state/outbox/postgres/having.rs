//! Whether the outbox has mails, asked for together: each call with a key asks that before it hands its mail over.

use std::collections::HashSet;
use std::sync::Arc;

use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::state::store::Failed;
use crate::state::store::postgres::{Database, Parameter, Size, Together, Transaction, Undone, field, told};

const HAS: &str = "select c.place from unnest($1, $2) with ordinality c (caller, id, place)
    where exists (select from smsp_submission s where s.caller = c.caller and s.id = c.id)";

/// Asks for one node.
pub(super) struct Having {
    pub(super) database: Arc<Database>,
}

impl Together for Having {
    type Call = (CallerName, Id);
    type Answer = bool;

    const WORKERS: usize = 1;

    fn size(_: &Self::Call) -> Size {
        Size::ROW
    }

    fn fit(_: &Self::Call, _: &Self::Call) -> bool {
        true
    }

    async fn carry_out(&self, calls: &[&Self::Call]) -> Result<Vec<Option<bool>>, Undone> {
        let mut transaction = self.database.begin().await?;
        let places = places(&mut transaction, calls).await;
        let places = told(&transaction, places)?;
        transaction.end().await?;
        Ok((1..).zip(calls).map(|(place, _)| Some(places.contains(&place))).collect())
    }
}

/// Counted from 1: which of these it has.
async fn places(transaction: &mut Transaction<'_>, calls: &[&(CallerName, Id)]) -> Result<HashSet<i64>, Failed> {
    let callers: Vec<_> = calls.iter().map(|(caller, _)| caller.as_str()).collect();
    let ids: Vec<_> = calls.iter().map(|(_, id)| Uuid::from(*id)).collect();
    let parameters: [Parameter<'_>; 2] = [(&callers, Type::TEXT_ARRAY), (&ids, Type::UUID_ARRAY)];
    transaction.query(HAS, &parameters).await?.iter().map(|row| field(row, 0)).collect()
}
