//! An acceptance of a provider that comes once its mail is in parts.
//!
//! Recipients that the provider has taken the mail for have it: their parts end, also those on the wire, and what is handed
//! over to their servers, or was, may be a second copy. What has ended stays as it is, and nobody is told that the mail does
//! not reach them. The other recipients stay where they are.

use tokio_postgres::types::Type;

use super::domains;
use super::late::keep;
use super::row::{self, Part};
use super::whole::refresh;
use crate::state::outbox::parts::{taken as by_acceptance, written_places, written_verdicts};
use crate::state::outbox::{State, Verdict};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

const END: &str = "update smsp_part p set verdicts = case when p.state < 5 then t.verdicts else p.verdicts end,
        owner = case when p.state < 5 then null else p.owner end,
        possible_duplicate = p.possible_duplicate or p.state not in (0, 1, 4), state = greatest(p.state, 5::smallint)
    from unnest($1, $2) t (part, verdicts) where p.part = t.part";

const WHOLE: &str = "update smsp_outbox set has_taken_some = true, possible_duplicate = possible_duplicate
            or exists (select from smsp_part p where p.row_id = $1 and p.possible_duplicate),
        bounce_due = case when exists (select from smsp_part p where p.row_id = $1 and p.state in (6, 7)
            and not p.bounced and not p.possible_duplicate) then bounce_due end
    where row_id = $1 and split > 0";

const SET_APART: &str = "insert into smsp_part
        (row_id, domain, places, lane, accepted_at, state, due, expires_at, attempts, losses, fence, possible_duplicate,
            bounced, verdicts)
    select row_id, domain, $2, lane, accepted_at, state, due, expires_at, attempts, losses, fence, possible_duplicate,
        bounced, verdicts from smsp_part where part = $1 returning part";

/// The state of the mail, whose row is locked; none of one that has ended, or is not in parts.
pub(in super::super) async fn taken(
    transaction: &mut Transaction<'_>,
    mail: i64,
    acceptance: &Verdict,
) -> Result<Option<State>, Failed> {
    let (mut parts, mut told, mut woken) = (Vec::new(), Vec::new(), Vec::new());
    for part in row::of_mail(transaction, mail).await? {
        let (taken, others) = by_acceptance(&part.places, acceptance);
        if taken.is_empty() {
            continue;
        }
        let places: Vec<_> = taken.iter().map(|verdict| verdict.place).collect();
        let (mut own, mut due) = (part.part, None);
        if !others.is_empty() {
            (own, due) = set_apart(transaction, &part, &places, &others).await?;
        }
        woken.extend(due.map(|due| (part.domain, due)));
        parts.push(own);
        told.push(written_verdicts(&taken));
    }
    if parts.is_empty() {
        return Ok(None);
    }
    transaction.execute(END, &[(&parts, Type::INT8_ARRAY), (&told, Type::TEXT_ARRAY)]).await?;
    transaction.execute(WHOLE, &[(&mail, Type::INT8)]).await?;
    let state = refresh(transaction, &[mail]).await?.get(&mail).copied();
    domains::wake(transaction, &woken).await?;
    Ok(state)
}

/// Gives the recipients that the provider has taken the mail for a part of their own: which one, and when the others are due,
/// if they wait now. The others keep the part, whose claim is theirs; but what has ended is kept by those that have the mail,
/// because a bounce that is under way names it.
async fn set_apart(
    transaction: &mut Transaction<'_>,
    part: &Part,
    taken: &[u32],
    others: &[u32],
) -> Result<(i64, Option<i64>), Failed> {
    let has_ended = part.state.is_final();
    let (apart, rest) = if has_ended { (others, taken) } else { (taken, others) };
    let apart = written_places(apart);
    let parameters: [Parameter<'_>; 2] = [(&part.part, Type::INT8), (&apart, Type::TEXT)];
    let inserted = transaction.query(SET_APART, &parameters).await?;
    let own = if has_ended { part.part } else { field(inserted.first().ok_or(Failed::Down)?, 0)? };
    Ok((own, keep(transaction, part, rest).await?))
}
