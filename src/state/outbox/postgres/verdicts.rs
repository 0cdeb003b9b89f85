//! What became of each hand-over, beside the mark that it began with.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio_postgres::types::Type;

use super::rows::{Columns, span, text};
use crate::model::outcome::Outcome;
use crate::state::outbox::{Hold, RecipientVerdict, TriedAt, Verdict};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// Writes what the last hand-over under this fence at this upstream came to. A late verdict takes the place of the first.
const RECORD: &str = "update smsp_attempt a set took = v.took, outcome = v.outcome, reason = v.reason, code = v.code,
        provider_message_id = v.id, late = v.late
    from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) v (row_id, fence, upstream, took, outcome, reason, code, id, late)
    where a.number = (select max(l.number) from smsp_attempt l
        where l.row_id = v.row_id and l.fence = v.fence and l.upstream = v.upstream)";

/// A hand-over that there was none of has no mark, beside which its verdict could stand.
const LEFT_OUT: &str = "insert into smsp_attempt (row_id, fence, upstream, at)
    select v.row_id, v.fence, v.upstream, smsp_now() from unnest($1, $2, $3) v (row_id, fence, upstream)";

const RECORD_RECIPIENTS: &str = "update smsp_submission s set recipient_verdicts = v.verdicts
    from unnest($1, $2) v (row_id, verdicts) where s.row_id = v.row_id";

/// Writes verdicts; of two on hand-overs of a row to one upstream the last one counts.
pub(super) async fn record(transaction: &mut Transaction<'_>, verdicts: &[(&Hold, &Verdict)]) -> Result<(), Failed> {
    let all = || verdicts.iter().copied();
    let last: HashMap<_, _> = all().map(|(hold, verdict)| ((hold.row.0, &verdict.upstream), (hold, verdict))).collect();
    if !last.is_empty() {
        record_attempts(transaction, &last.into_values().collect::<Vec<_>>()).await?;
    }
    let with_recipients = all().filter(|(_, verdict)| !verdict.recipients.is_empty());
    let last: HashMap<_, _> =
        with_recipients.map(|(hold, verdict)| (hold.row.0, written(&verdict.recipients))).collect();
    if !last.is_empty() {
        let (rows, verdicts): (Vec<_>, Vec<_>) = last.into_iter().unzip();
        let parameters: [Parameter<'_>; 2] = [(&rows, Type::INT8_ARRAY), (&verdicts, Type::TEXT_ARRAY)];
        transaction.execute(RECORD_RECIPIENTS, &parameters).await?;
    }
    Ok(())
}

async fn record_attempts(transaction: &mut Transaction<'_>, verdicts: &[(&Hold, &Verdict)]) -> Result<(), Failed> {
    let left_out: Vec<_> = verdicts.iter().copied().filter(|(_, verdict)| verdict.took.is_none()).collect();
    if !left_out.is_empty() {
        begin_left_out(transaction, &left_out).await?;
    }
    macro_rules! column {
        ($value:expr) => {
            verdicts.iter().map($value).collect::<Vec<_>>()
        };
    }
    let parameters: [Parameter<'_>; 9] = [
        (&column!(|(hold, _)| hold.row.0), Type::INT8_ARRAY),
        (&column!(|(hold, _)| hold.fence.0), Type::INT8_ARRAY),
        (&column!(|(_, verdict)| text(&verdict.upstream)), Type::TEXT_ARRAY),
        (&column!(|(_, verdict)| verdict.took.map(span)), Type::INT8_ARRAY),
        (&column!(|(_, verdict)| verdict.outcome.as_str()), Type::TEXT_ARRAY),
        (&column!(|(_, verdict)| text(&verdict.reason)), Type::TEXT_ARRAY),
        (&column!(|(_, verdict)| verdict.code.as_deref().map(text)), Type::TEXT_ARRAY),
        (&column!(|(_, verdict)| verdict.provider_message_id.as_deref().map(text)), Type::TEXT_ARRAY),
        (&column!(|(_, verdict)| verdict.late), Type::BOOL_ARRAY),
    ];
    transaction.execute(RECORD, &parameters).await.map(drop)
}

async fn begin_left_out(transaction: &mut Transaction<'_>, verdicts: &[(&Hold, &Verdict)]) -> Result<(), Failed> {
    let rows: Vec<_> = verdicts.iter().map(|(hold, _)| hold.row.0).collect();
    let fences: Vec<_> = verdicts.iter().map(|(hold, _)| hold.fence.0).collect();
    let upstreams: Vec<_> = verdicts.iter().map(|(_, verdict)| text(&verdict.upstream)).collect();
    let parameters: [Parameter<'_>; 3] =
        [(&rows, Type::INT8_ARRAY), (&fences, Type::INT8_ARRAY), (&upstreams, Type::TEXT_ARRAY)];
    transaction.execute(LEFT_OUT, &parameters).await.map(drop)
}

/// A hand-over from its columns, `upstream` first; none where that is null.
pub(super) fn attempt(columns: &mut Columns<'_>) -> Result<Option<TriedAt>, Failed> {
    let Some(upstream) = columns.value()? else { return Ok(None) };
    Ok(Some(TriedAt {
        upstream,
        at: columns.time()?,
        took_ms: columns.value()?,
        outcome: columns.value()?,
        reason: columns.value()?,
        code: columns.value()?,
        provider_message_id: columns.value()?,
        late: columns.value()?,
    }))
}

fn written(verdicts: &[RecipientVerdict]) -> String {
    let one = |verdict: &RecipientVerdict| json!([verdict.place, verdict.outcome.as_str(), verdict.reason]);
    verdicts.iter().map(one).collect::<Value>().to_string()
}

/// What [`written`] has written; nothing of what cannot be read.
pub(super) fn recipients(text: Option<&str>) -> Vec<RecipientVerdict> {
    let read: Vec<(u32, String, String)> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let verdict = |(place, outcome, reason): (u32, String, String)| {
        let outcome = Outcome::ALL.into_iter().find(|one| one.as_str() == outcome)?;
        Some(RecipientVerdict { place, outcome, reason })
    };
    read.into_iter().filter_map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_on_recipients_are_read_as_they_were_written() {
        let verdicts = Outcome::ALL.map(|outcome| RecipientVerdict { place: 7, outcome, reason: "\"x\"".to_owned() });
        assert_eq!(recipients(Some(&written(&verdicts))), verdicts);
        assert_eq!(recipients(None), []);
        assert_eq!(recipients(Some("{")), []);
    }
}
