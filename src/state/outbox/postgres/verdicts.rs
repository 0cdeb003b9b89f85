//! What became of each hand-over, beside the mark that it began with.

use serde_json::{Value, json};
use tokio_postgres::types::Type;

use super::rows::{Columns, span, text};
use crate::model::outcome::Outcome;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Ended, Hold, RecipientVerdict, TriedAt, Verdict};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// Writes what the last hand-over under this fence at this upstream came to. A late verdict takes the place of the first.
const RECORD: &str = "update smsp_attempt set took = $4, outcome = $5, reason = $6, code = $7,
        provider_message_id = $8, late = $9
    where number = (select max(number) from smsp_attempt where row_id = $1 and fence = $2 and upstream = $3)";

const ATTEMPTS: &str = "select upstream, at, took, outcome, reason, code, provider_message_id, late
    from smsp_attempt where row_id = $1 order by number";

pub(super) fn of(ended: &Ended) -> &[Verdict] {
    match ended {
        Ended::Accepted { verdicts, .. }
        | Ended::Refused { verdicts }
        | Ended::Again { verdicts, .. }
        | Ended::Unknown { verdicts, .. } => verdicts,
    }
}

pub(super) async fn record(transaction: &mut Transaction<'_>, hold: &Hold, verdicts: &[Verdict]) -> Result<(), Failed> {
    for verdict in verdicts {
        let (upstream, reason, took) = (text(&verdict.upstream), text(&verdict.reason), span(verdict.took));
        let (code, id) = (verdict.code.as_deref().map(text), verdict.provider_message_id.as_deref().map(text));
        let parameters: [Parameter<'_>; 9] = [
            (&hold.row.0, Type::INT8),
            (&hold.fence.0, Type::INT8),
            (&upstream, Type::TEXT),
            (&took, Type::INT8),
            (&verdict.outcome.as_str(), Type::TEXT),
            (&reason, Type::TEXT),
            (&code, Type::TEXT),
            (&id, Type::TEXT),
            (&verdict.late, Type::BOOL),
        ];
        transaction.execute(RECORD, &parameters).await?;
        if !verdict.recipients.is_empty() {
            let sql = "update smsp_submission set recipient_verdicts = $2 where row_id = $1";
            let written = written(&verdict.recipients);
            transaction.execute(sql, &[(&hold.row.0, Type::INT8), (&written, Type::TEXT)]).await?;
        }
    }
    Ok(())
}

/// Every hand-over of a row, the first one first.
pub(super) async fn attempts(transaction: &mut Transaction<'_>, row: i64) -> Result<Vec<TriedAt>, Failed> {
    let rows = transaction.query(ATTEMPTS, &[(&row, Type::INT8)]).await?;
    rows.iter().map(|row| attempt(&mut Columns::of(row))).collect()
}

fn attempt(columns: &mut Columns<'_>) -> Result<TriedAt, Failed> {
    Ok(TriedAt {
        upstream: columns.value()?,
        at: UnixTime(columns.value()?),
        took_ms: columns.value()?,
        outcome: columns.value()?,
        reason: columns.value()?,
        code: columns.value()?,
        provider_message_id: columns.value()?,
        late: columns.value()?,
    })
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
