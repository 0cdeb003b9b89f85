//! Bounces that are due, and how they come into the outbox.

use std::sync::LazyLock;
use std::time::Duration;

use tokio_postgres::types::Type;

use super::accept::accept;
use super::bounce_conditions::FAILED;
use super::rows::{Columns, big, span};
use super::{PostgresOutbox, room};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::bounces::{COLLECTING, MAX_READ};
use crate::state::outbox::parts::{read_places, read_verdicts};
use crate::state::outbox::{
    Acceptance, Answered, Batch, Bounced, DueBounce, DueBounces, FailedPart, PartId, RowId, State, Told,
};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// By an index that has those alone.
pub(super) static FIRST: LazyLock<String> = LazyLock::new(|| due("true order by o.bounce_due limit $1"));
pub(super) static OF_PART: LazyLock<String> =
    LazyLock::new(|| due("o.row_id = (select row_id from smsp_part where part = $1)"));

/// Mails of which a bounce is due that fit, until the end of the statement. What may have come to somebody meanwhile is none.
/// Parts are counted, because a database without statistics would look through all of them once for what exists.
fn due(end: &str) -> String {
    format!(
        "select o.row_id, s.id, s.caller, s.accepted_at, s.recipients_key_id, s.recipients_key, s.recipients,
            (select jsonb_agg(jsonb_build_array(p.part, p.state, p.places, p.verdicts,
                    (select max(a.at) from smsp_part_attempt a where a.part = p.part)) order by p.part)::text
                from smsp_part p where p.row_id = o.row_id and {FAILED}),
            s.content_key_id, s.content_key, case when o.size <= $2 then (
                select array_agg(c.bytes order by c.part) from smsp_content c where c.row_id = o.row_id) end
        from smsp_outbox o join smsp_submission s using (row_id)
        where o.bounce_due is not null and not o.erased and o.bounce_due <= smsp_now()
            and case when o.split = 0 then o.state = 7 and not o.possible_duplicate
                else (select count(*) from smsp_part p where p.row_id = o.row_id and {FAILED}) > 0 end
            and {end}"
    )
}

/// Locks the mail. Is it one that was never split and is to be told of as a whole?
const LOCK: &str = "select split = 0 and state = 7 and not possible_duplicate from smsp_outbox
    where row_id = $1 and bounce_due is not null and not erased for update";

static COUNT_FAILED: LazyLock<String> = LazyLock::new(|| {
    format!("select count(*) from smsp_part p where p.part = any ($2) and p.row_id = $1 and {FAILED}")
});

const TELL: &str = "update smsp_part set bounced = true where part = any ($1)";

static TOLD: LazyLock<String> = LazyLock::new(|| {
    format!(
        "update smsp_outbox o set bounce_due = case when exists (
            select from smsp_part p where p.row_id = o.row_id and {FAILED}) then smsp_now() + $2 end
        where o.row_id = $1"
    )
});

const PUT_OFF: &str = "update smsp_outbox set bounce_due = greatest(bounce_due, smsp_now() + $2)
    where row_id = $1 and bounce_due is not null";

impl DueBounces for PostgresOutbox {
    fn due_bounces(&self, limit: usize) -> Answered<'_, Vec<DueBounce>> {
        Box::pin(self.found(&FIRST, big(limit)))
    }

    fn bounce_of(&self, part: PartId) -> Answered<'_, Option<DueBounce>> {
        Box::pin(async move { Ok(self.found(&OF_PART, part.0).await?.pop()) })
    }

    fn queue_bounce<'a>(&'a self, told: &'a Told, bounce: Batch) -> Answered<'a, Bounced> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let findings = self.check(&mut transaction).await?;
            let bounced = match findings.went_back {
                None => queue(&mut transaction, told, &bounce).await?,
                Some(_) => Bounced::NotDue,
            };
            transaction.commit().await?;
            self.remember(findings);
            Ok(bounced)
        })
    }

    fn put_off_bounce(&self, row: RowId, wait: Duration) -> Answered<'_, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            transaction.execute(PUT_OFF, &[(&row.0, Type::INT8), (&span(wait), Type::INT8)]).await?;
            transaction.commit().await
        })
    }
}

impl PostgresOutbox {
    async fn found(&self, sql: &str, which: i64) -> Result<Vec<DueBounce>, Failed> {
        let mut transaction = self.begin().await?;
        let rows = transaction.query(sql, &[(&which, Type::INT8), (&big(MAX_READ), Type::INT8)]).await?;
        let due = rows.iter().map(|row| read(&mut Columns::of(row))).collect();
        transaction.end().await?;
        due
    }
}

fn read(columns: &mut Columns<'_>) -> Result<DueBounce, Failed> {
    Ok(DueBounce {
        row: RowId(columns.value()?),
        id: columns.id()?,
        caller: columns.caller()?,
        accepted_at: columns.time()?,
        recipients: columns.recipients()?,
        parts: failed(columns.value()?),
        content: columns.content()?,
    })
}

fn failed(text: Option<&str>) -> Vec<FailedPart> {
    type Written = (i64, usize, String, Option<String>, Option<i64>);
    let read: Vec<Written> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let part = |(part, state, places, verdicts, tried_at): Written| {
        Some(FailedPart {
            part: PartId(part),
            state: *State::ALL.get(state)?,
            places: read_places(&places),
            verdicts: read_verdicts(verdicts.as_deref()),
            tried_at: tried_at.map(UnixTime),
        })
    };
    read.into_iter().filter_map(part).collect()
}

async fn queue(transaction: &mut Transaction<'_>, told: &Told, bounce: &Batch) -> Result<Bounced, Failed> {
    let (row, parts) = (told.row.0, told.parts.iter().map(|part| part.0).collect::<Vec<_>>());
    if !is_due(transaction, row, &parts).await? {
        return Ok(Bounced::NotDue);
    }
    let counted = room::Counted::count(transaction).await?;
    let answers = accept(transaction, &[bounce], |batch| counted.used(batch)).await?;
    let is_accepted = |answers: &Vec<Acceptance>| matches!(answers[..], [Acceptance::Accepted(_)]);
    if !answers.iter().flatten().any(is_accepted) {
        return Ok(Bounced::NoRoom);
    }
    transaction.execute(TELL, &[(&parts, Type::INT8_ARRAY)]).await?;
    transaction.execute(&TOLD, &[(&row, Type::INT8), (&span(COLLECTING), Type::INT8)]).await?;
    Ok(Bounced::Queued)
}

/// Is a bounce due that tells of all of these? The mail is locked from now on.
async fn is_due(transaction: &mut Transaction<'_>, row: i64, parts: &[i64]) -> Result<bool, Failed> {
    let row: Parameter<'_> = (&row, Type::INT8);
    let mail = transaction.query(LOCK, std::slice::from_ref(&row)).await?;
    let Some(mail) = mail.first() else { return Ok(false) };
    if parts.is_empty() {
        return field(mail, 0);
    }
    let failed = transaction.query(&COUNT_FAILED, &[row, (&parts, Type::INT8_ARRAY)]).await?;
    let failed: i64 = field(failed.first().ok_or(Failed::Down)?, 0)?;
    Ok(failed == big(parts.len()))
}
