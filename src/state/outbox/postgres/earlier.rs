//! What was tried with mails before they were accepted: written with them, under a fence that no claim has.

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::rows::{span, text};
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Tried, earlier};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// In their order: the numbers of attempts follow from it.
const INSERT: &str = "insert into smsp_attempt (row_id, fence, upstream, at, took, outcome, reason, code,
        provider_message_id)
    select s.row_id, $1, t.upstream, t.at, t.took, t.outcome, t.reason, t.code, t.message_id
    from unnest($2, $3, $4, $5, $6, $7, $8, $9) with ordinality
        t (id, upstream, at, took, outcome, reason, code, message_id, nth)
    join smsp_submission s using (id) order by t.nth";

/// Writes what was tried with new rows, each by its id; no statement where that is nothing.
pub(super) async fn write<'a>(
    transaction: &mut Transaction<'_>,
    now: UnixTime,
    rows: impl Iterator<Item = (Id, &'a [Tried])>,
) -> Result<(), Failed> {
    let all: Vec<_> = rows.flat_map(|(id, tried)| tried.iter().map(move |tried| (Uuid::from(id), tried))).collect();
    if all.is_empty() {
        return Ok(());
    }
    macro_rules! column {
        ($value:expr) => {
            all.iter().map($value).collect::<Vec<_>>()
        };
    }
    let parameters: [Parameter<'_>; 9] = [
        (&earlier::FENCE, Type::INT8),
        (&column!(|(id, _)| *id), Type::UUID_ARRAY),
        (&column!(|(_, tried)| text(&tried.verdict.upstream)), Type::TEXT_ARRAY),
        (&column!(|(_, tried)| now.before(tried.ago).0), Type::INT8_ARRAY),
        (&column!(|(_, tried)| tried.verdict.took.map(span)), Type::INT8_ARRAY),
        (&column!(|(_, tried)| tried.verdict.outcome.as_str()), Type::TEXT_ARRAY),
        (&column!(|(_, tried)| text(&tried.verdict.reason)), Type::TEXT_ARRAY),
        (&column!(|(_, tried)| tried.verdict.code.as_deref().map(text)), Type::TEXT_ARRAY),
        (&column!(|(_, tried)| tried.verdict.provider_message_id.as_deref().map(text)), Type::TEXT_ARRAY),
    ];
    transaction.execute(INSERT, &parameters).await.map(drop)
}
