//! Acceptance: what is known under a key already, what there is room for, and the new rows.

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::room::Used;
use super::rows::{Columns, big, lane_code};
use crate::model::caller::CallerName;
use crate::model::message::key::IdempotencyKey;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Acceptance, Batch, NewRow, State, Ticket};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// One row at least, for the time. What its key names already; without a key itself, where a COMMIT was unclear and it is
/// accepted once more.
const KNOWN: &str = "select smsp_now(), known.* from (select 1) one left join lateral (
        select true, s.key, s.id, o.state, s.accepted_at, s.send_at, o.expires_at
        from smsp_submission s join smsp_outbox o using (row_id)
        where s.caller = $2 and (s.key = any ($1) or s.id = any ($3))
    ) known on true";

const INSERT: &str = "with submission as (
        insert into smsp_submission (id, caller, key, from_domain, size, accepted_at, send_at,
            content_key_id, content_key, recipients_key_id, recipients_key, recipients)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict do nothing returning row_id
    ),
    content as (
        insert into smsp_content (row_id, part, bytes)
        select s.row_id, p.part, p.bytes from submission s, unnest($13::bytea[]) with ordinality p (bytes, part)
    ),
    recipient as (
        insert into smsp_recipient (hmac, row_id)
        select distinct h.hmac, s.row_id from submission s, unnest($14::bytea[]) h (hmac)
    )
    insert into smsp_outbox (row_id, caller, size, accepted_at, lane, route_set, rules, changed_at, due, expires_at)
    select row_id, $2, $5, $6, $15, $16, $17, $6, $7, $18 from submission";

/// Answers of a batch, to be committed; none if another node has taken one of its keys meanwhile, so that all has to be
/// done again.
pub(super) async fn accept(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    mut used: Used,
) -> Result<Option<Vec<Acceptance>>, Failed> {
    let (now, mut known) = known(transaction, batch).await?;
    let answers: Vec<_> = batch.rows.iter().map(|row| answer(row, batch, now, &mut known, &mut used)).collect();
    if batch.atomic && answers.iter().any(is_refused) {
        return Ok(Some(answers.into_iter().map(withheld).collect()));
    }
    for (row, answer) in batch.rows.iter().zip(&answers) {
        if let Acceptance::Accepted(ticket) = answer
            && insert(transaction, &batch.caller, row, ticket).await? == 0
        {
            return Ok(None);
        }
    }
    Ok(Some(answers))
}

fn is_refused(answer: &Acceptance) -> bool {
    !matches!(answer, Acceptance::Accepted(_) | Acceptance::Repeated(_))
}

fn withheld(answer: Acceptance) -> Acceptance {
    if let Acceptance::Accepted(_) = answer { Acceptance::Withheld } else { answer }
}

/// The submissions that a batch may repeat; a batch is short.
type Known = Vec<(Option<IdempotencyKey>, Ticket)>;

async fn known(transaction: &mut Transaction<'_>, batch: &Batch) -> Result<(UnixTime, Known), Failed> {
    let keys: Vec<_> = batch.rows.iter().filter_map(|row| row.key.as_ref()).map(bytes).collect();
    let ids: Vec<_> = batch.rows.iter().map(|row| Uuid::from(row.id)).collect();
    let parameters: [Parameter<'_>; 3] =
        [(&keys, Type::BYTEA_ARRAY), (&batch.caller.as_str(), Type::TEXT), (&ids, Type::UUID_ARRAY)];
    let rows = transaction.query(KNOWN, &parameters).await?;
    let (mut now, mut known) = (UnixTime::default(), Known::new());
    for row in &rows {
        let mut columns = Columns::of(row);
        now = columns.time()?;
        if columns.value::<Option<bool>>()?.is_some() {
            known.push((columns.key()?, columns.ticket()?));
        }
    }
    Ok((now, known))
}

fn answer(row: &NewRow, batch: &Batch, now: UnixTime, known: &mut Known, used: &mut Used) -> Acceptance {
    let is_same = |(key, ticket): &&(_, Ticket)| row.key.is_some() && row.key == *key || ticket.id == row.id;
    if let Some((_, ticket)) = known.iter().find(is_same) {
        return if ticket.id == row.id { Acceptance::Repeated(*ticket) } else { Acceptance::KeyInUse };
    }
    if let Err(full) = used.take(row.sealed.size, batch) {
        return Acceptance::Full(full);
    }
    let send_at = row.send.from(now);
    let expires_at = row.expires.from(send_at);
    let ticket = Ticket { id: row.id, state: State::Queued, accepted_at: now, send_at, expires_at };
    known.push((row.key, ticket));
    Acceptance::Accepted(ticket)
}

async fn insert(
    transaction: &mut Transaction<'_>,
    caller: &CallerName,
    row: &NewRow,
    ticket: &Ticket,
) -> Result<u64, Failed> {
    let (content, recipients) = (&row.sealed.content, &row.sealed.recipients);
    let hmacs: Vec<_> = row.sealed.hmacs.iter().map(|hmac| &hmac.0[..]).collect();
    let parameters: [Parameter<'_>; 18] = [
        (&Uuid::from(row.id), Type::UUID),
        (&caller.as_str(), Type::TEXT),
        (&row.key.as_ref().map(bytes), Type::BYTEA),
        (&row.from_domain, Type::TEXT),
        (&big(row.sealed.size), Type::INT8),
        (&ticket.accepted_at.0, Type::INT8),
        (&ticket.send_at.0, Type::INT8),
        (&content.key_id.0, Type::TEXT),
        (&content.wrapped_key, Type::BYTEA),
        (&recipients.key_id.0, Type::TEXT),
        (&recipients.wrapped_key, Type::BYTEA),
        (&recipients.bytes, Type::BYTEA),
        (&content.parts, Type::BYTEA_ARRAY),
        (&hmacs, Type::BYTEA_ARRAY),
        (&lane_code(row.lane), Type::INT2),
        (&row.route_set.as_str(), Type::TEXT),
        (&row.rules.0, Type::INT8),
        (&ticket.expires_at.0, Type::INT8),
    ];
    transaction.execute(INSERT, &parameters).await
}

fn bytes(key: &IdempotencyKey) -> &[u8] {
    key.as_bytes()
}
