//! An acceptance of a provider that comes once its mail is in parts.
//!
//! Recipients that the provider has taken the mail for have it: their parts end, also those on the wire, and what is handed
//! over to their servers, or was, may be a second copy. What has ended stays as it is, and nobody is told that the mail does
//! not reach them. The other recipients stay where they are.

use rusqlite::{Connection, params};

use super::late::keep;
use super::row::{self, Part};
use super::{orders, whole};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::parts::{taken as by_acceptance, written_places, written_verdicts};
use crate::state::outbox::{PartId, PartVerdict, RowId, State, Verdict};

/// The state of the mail; none of one that has ended, or is not in parts.
pub(in super::super) fn taken(
    database: &Connection,
    now: UnixTime,
    mail: RowId,
    acceptance: &Verdict,
) -> rusqlite::Result<Option<State>> {
    for part in row::of_mail(database, mail)? {
        let (taken, others) = by_acceptance(&part.places, acceptance);
        if !taken.is_empty() {
            end(database, &part, &taken, &others)?;
        }
    }
    let whole = "update envelope set has_taken_some = 1, possible_duplicate = max(possible_duplicate,
            exists (select 1 from part where envelope = ?1 and possible_duplicate)),
         bounce_due = iif(exists (select 1 from part where envelope = ?1 and state in (6, 7) and bounced = 0
            and possible_duplicate = 0), bounce_due, null)
         where id = ?1 and split > 0";
    database.prepare_cached(whole)?.execute([mail])?;
    if orders::is_split(database, mail)? { whole::refresh(database, now, mail).map(Some) } else { Ok(None) }
}

fn end(database: &Connection, part: &Part, taken: &[PartVerdict], others: &[u32]) -> rusqlite::Result<()> {
    let places: Vec<_> = taken.iter().map(|verdict| verdict.place).collect();
    let own = if others.is_empty() { part.id } else { set_apart(database, part, &places, others)? };
    let update = "update part set verdicts = iif(state < 5, ?2, verdicts), owner = iif(state < 5, null, owner),
         possible_duplicate = max(possible_duplicate, state not in (0, 1, 4)), state = max(state, 5) where id = ?1";
    database.prepare_cached(update)?.execute(params![own, written_verdicts(taken)]).map(drop)
}

/// Gives the recipients that the provider has taken the mail for a part of their own. The others keep the part, whose claim is
/// theirs; but what has ended is kept by those that have the mail, because a bounce that is under way names it.
fn set_apart(database: &Connection, part: &Part, taken: &[u32], others: &[u32]) -> rusqlite::Result<PartId> {
    let has_ended = part.state.is_final();
    let (apart, rest) = if has_ended { (others, taken) } else { (taken, others) };
    let insert =
        "insert into part (envelope, domain, places, lane, accepted_at, state, due, expires_at, attempts, losses,
            fence, possible_duplicate, bounced, verdicts)
         select envelope, domain, ?2, lane, accepted_at, state, due, expires_at, attempts, losses,
            fence, possible_duplicate, bounced, verdicts from part where id = ?1 returning id";
    let values = params![part.id, written_places(apart)];
    let apart = database.prepare_cached(insert)?.query_row(values, |row| row.get(0))?;
    keep(database, part, rest)?;
    Ok(if has_ended { part.id } else { apart })
}
