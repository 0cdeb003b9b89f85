//! Acceptance: what is known under a key already, what there is room for, and the new rows.
//!
//! The batches of several callers are decided one after the other and written by one statement, in the order of their keys:
//! nodes that take the same keys wait for each other in one direction only.

use std::collections::HashMap;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::earlier;
use super::room::{Counted, Used};
use super::rows::{Columns, big, lane_code};
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Acceptance, Batch, NewRow, State, Ticket};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// One row at least, for the time. What its key names already; without a key itself, where a COMMIT was unclear and it is
/// accepted once more.
const KNOWN: &str = "with mail as materialized (select * from unnest($1, $2, $3) m (caller, key, id)),
    known as (
        select row_id from mail join smsp_submission using (caller, key)
        union select s.row_id from mail m join smsp_submission s using (caller, id)
    )
    select smsp_now(), found.* from (select 1) one left join lateral (
        select true, s.key, s.id, o.state, s.accepted_at, s.send_at, o.expires_at, o.possible_duplicate
        from known join smsp_submission s using (row_id) join smsp_outbox o using (row_id)
    ) found on true";

const INSERT: &str = "with mail as materialized (
        select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $22, $23) with ordinality m (id,
            caller, key, from_domain, size, send_at, content_key_id, content_key, recipients_key_id, recipients_key,
            recipients, lane, route_set, rules, expires_at, attempts, bounces, nth)
    ),
    submission as (
        insert into smsp_submission (id, caller, key, from_domain, size, accepted_at, send_at,
            content_key_id, content_key, recipients_key_id, recipients_key, recipients)
        select id, caller, key, from_domain, size, $16, send_at,
            content_key_id, content_key, recipients_key_id, recipients_key, recipients
        from mail order by key, nth on conflict do nothing returning row_id, id
    ),
    content as (
        insert into smsp_content (row_id, part, bytes)
        select s.row_id, p.part, p.bytes from unnest($17, $18, $19) p (id, part, bytes) join submission s using (id)
    ),
    recipient as (
        insert into smsp_recipient (hmac, row_id)
        select distinct h.hmac, s.row_id from unnest($20, $21) h (id, hmac) join submission s using (id)
    )
    insert into smsp_outbox (row_id, caller, size, accepted_at, lane, route_set, rules, changed_at, due, expires_at,
        wanted_at, attempts, bounces)
    select s.row_id, m.caller, m.size, $16, m.lane, m.route_set, m.rules, $16, m.send_at, m.expires_at, m.send_at,
        m.attempts, m.bounces
    from submission s join mail m using (id)";

/// What was submitted before, by its key and by its id; both tell callers apart.
#[derive(Clone, Default)]
struct Known {
    keys: HashMap<IdempotencyKey, Ticket>,
    ids: HashMap<Id, Ticket>,
}

impl Known {
    fn find(&self, row: &NewRow) -> Option<&Ticket> {
        row.key.as_ref().and_then(|key| self.keys.get(key)).or_else(|| self.ids.get(&row.id))
    }

    fn add(&mut self, key: Option<IdempotencyKey>, ticket: Ticket) {
        self.ids.insert(ticket.id, ticket);
        self.keys.extend(key.map(|key| (key, ticket)));
    }
}

/// Answers of each batch, to be committed; none if another node has taken one of their keys meanwhile, so that all has to
/// be done again. `used` says what a batch would find used if it came alone.
pub(super) async fn accept(
    transaction: &mut Transaction<'_>,
    batches: &[&Batch],
    used: impl Fn(&Batch) -> Used,
) -> Result<Option<Vec<Vec<Acceptance>>>, Failed> {
    let (now, mut known) = known(transaction, batches).await?;
    let (mut before, mut answers) = (Counted::none(), Vec::with_capacity(batches.len()));
    for batch in batches {
        let decided = decide(batch, now, &mut known, used(batch).plus(before.used(batch)));
        before.add(batch, &decided);
        answers.push(decided);
    }
    let new: Vec<_> = batches.iter().zip(&answers).flat_map(|(batch, answers)| accepted(batch, answers)).collect();
    let is_whole = new.is_empty() || insert(transaction, now, &new).await? == new.len() as u64;
    if is_whole {
        let tried = new.iter().map(|new| (new.row.id, &new.row.earlier.tried[..]));
        earlier::write(transaction, now, tried).await?;
    }
    Ok(is_whole.then_some(answers))
}

async fn known(transaction: &mut Transaction<'_>, batches: &[&Batch]) -> Result<(UnixTime, Known), Failed> {
    let rows = || batches.iter().flat_map(|batch| &batch.rows);
    let callers: Vec<_> = batches.iter().flat_map(|batch| batch.rows.iter().map(|_| batch.caller.as_str())).collect();
    let keys: Vec<_> = rows().map(|row| row.key.as_ref().map(bytes)).collect();
    let ids: Vec<_> = rows().map(|row| Uuid::from(row.id)).collect();
    let parameters: [Parameter<'_>; 3] =
        [(&callers, Type::TEXT_ARRAY), (&keys, Type::BYTEA_ARRAY), (&ids, Type::UUID_ARRAY)];
    let (mut now, mut known) = (UnixTime::default(), Known::default());
    for row in &transaction.query(KNOWN, &parameters).await? {
        let mut columns = Columns::of(row);
        now = columns.time()?;
        if columns.value::<Option<bool>>()?.is_some() {
            known.add(columns.key()?, columns.ticket()?);
        }
    }
    Ok((now, known))
}

fn decide(batch: &Batch, now: UnixTime, known: &mut Known, mut used: Used) -> Vec<Acceptance> {
    let before = batch.atomic.then(|| known.clone());
    let answers: Vec<_> = batch.rows.iter().map(|row| answer(row, batch, now, known, &mut used)).collect();
    let answers = batch.told(answers);
    match before {
        // Its keys are as free as they were.
        Some(before) if answers.iter().any(is_refused) => {
            *known = before;
            answers.into_iter().map(withheld).collect()
        }
        _ => answers,
    }
}

fn is_refused(answer: &Acceptance) -> bool {
    !matches!(answer, Acceptance::Accepted(_) | Acceptance::Repeated(_))
}

fn withheld(answer: Acceptance) -> Acceptance {
    if let Acceptance::Accepted(_) = answer { Acceptance::Withheld } else { answer }
}

fn answer(row: &NewRow, batch: &Batch, now: UnixTime, known: &mut Known, used: &mut Used) -> Acceptance {
    if let Some(ticket) = known.find(row) {
        return if ticket.id == row.id { Acceptance::Repeated(*ticket) } else { Acceptance::KeyInUse };
    }
    if let Err(full) = used.take(row.sealed.size, batch) {
        return Acceptance::Full(full);
    }
    let send_at = row.send.from(now).max(now);
    let expires_at = row.expires.from(send_at);
    let ticket =
        Ticket { id: row.id, state: State::Queued, accepted_at: now, send_at, expires_at, possible_duplicate: false };
    known.add(row.key, ticket);
    Acceptance::Accepted(ticket)
}

/// A row that is new, with its caller.
struct New<'a> {
    caller: &'a str,
    row: &'a NewRow,
    ticket: &'a Ticket,
}

fn accepted<'a>(batch: &'a Batch, answers: &'a [Acceptance]) -> impl Iterator<Item = New<'a>> {
    batch.rows.iter().zip(answers).filter_map(|(row, answer)| match answer {
        Acceptance::Accepted(ticket) => Some(New { caller: batch.caller.as_str(), row, ticket }),
        _ => None,
    })
}

async fn insert(transaction: &mut Transaction<'_>, now: UnixTime, new: &[New<'_>]) -> Result<u64, Failed> {
    macro_rules! column {
        ($value:expr) => {
            new.iter().map($value).collect::<Vec<_>>()
        };
    }
    let ids = column!(|new| Uuid::from(new.row.id));
    let parts =
        || new.iter().flat_map(|new| new.row.sealed.content.parts.iter().zip(1_i32..).map(move |part| (new, part)));
    let part_ids: Vec<_> = parts().map(|(new, _)| Uuid::from(new.row.id)).collect();
    let (part_bytes, numbers): (Vec<_>, Vec<_>) = parts().map(|(_, (bytes, number))| (&bytes[..], number)).unzip();
    let hmacs =
        new.iter().flat_map(|new| new.row.sealed.hmacs.iter().map(|hmac| (Uuid::from(new.row.id), &hmac.0[..])));
    let (hmac_ids, hmacs): (Vec<_>, Vec<_>) = hmacs.unzip();
    let parameters: [Parameter<'_>; 23] = [
        (&ids, Type::UUID_ARRAY),
        (&column!(|new| new.caller), Type::TEXT_ARRAY),
        (&column!(|new| new.row.key.as_ref().map(bytes)), Type::BYTEA_ARRAY),
        (&column!(|new| &*new.row.from_domain), Type::TEXT_ARRAY),
        (&column!(|new| big(new.row.sealed.size)), Type::INT8_ARRAY),
        (&column!(|new| new.ticket.send_at.0), Type::INT8_ARRAY),
        (&column!(|new| &*new.row.sealed.content.key_id.0), Type::TEXT_ARRAY),
        (&column!(|new| &new.row.sealed.content.wrapped_key[..]), Type::BYTEA_ARRAY),
        (&column!(|new| &*new.row.sealed.recipients.key_id.0), Type::TEXT_ARRAY),
        (&column!(|new| &new.row.sealed.recipients.wrapped_key[..]), Type::BYTEA_ARRAY),
        (&column!(|new| &new.row.sealed.recipients.bytes[..]), Type::BYTEA_ARRAY),
        (&column!(|new| lane_code(new.row.lane)), Type::INT2_ARRAY),
        (&column!(|new| new.row.route_set.as_str()), Type::TEXT_ARRAY),
        (&column!(|new| new.row.rules.0), Type::INT8_ARRAY),
        (&column!(|new| new.ticket.expires_at.0), Type::INT8_ARRAY),
        (&now.0, Type::INT8),
        (&part_ids, Type::UUID_ARRAY),
        (&numbers, Type::INT4_ARRAY),
        (&part_bytes, Type::BYTEA_ARRAY),
        (&hmac_ids, Type::UUID_ARRAY),
        (&hmacs, Type::BYTEA_ARRAY),
        (&column!(|new| i32::try_from(new.row.earlier.attempts).unwrap_or(i32::MAX)), Type::INT4_ARRAY),
        (&column!(|new| new.row.bounces), Type::BOOL_ARRAY),
    ];
    transaction.execute(INSERT, &parameters).await
}

fn bytes(key: &IdempotencyKey) -> &[u8] {
    key.as_bytes()
}
