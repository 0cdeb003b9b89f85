//! Ends rows whose time is over, and drops those that were kept for long enough, step by step.
//!
//! A row whose mail has a key stays for a day at least, so that a repeat finds it. Where rows are kept for less than a day,
//! those with a key lie between those that have to go. They are passed once, not in each sweep: a sweep goes on where the
//! one before has stopped. What is passed by mistake goes after a day.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::columns::signed;
use super::content::drop_content;
use super::names::named;
use super::parts;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::bound::Left;
use crate::state::outbox::{Bound, NamedMail, RowId, State, Swept};
use crate::state::store::Times;

/// A key names its submission for so long at least.
const KEY_LIVES: Duration = Duration::from_secs(24 * 3600);

/// The last row that was looked at, by the order in which they have ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passed(UnixTime, RowId);

/// As much of each kind as the bound allows, and how far the rows without a key were looked for.
pub(super) fn sweep(
    database: &Connection,
    times: Times,
    keep: Duration,
    passed: Passed,
    bound: Bound,
) -> rusqlite::Result<(Swept, Passed)> {
    let mut swept = Swept::default();
    expire(database, times, bound, &mut swept)?;
    expire_parts(database, times, bound, &mut swept)?;
    let old = Walk { after: Passed::default(), until: times.over.before(keep.max(KEY_LIVES)), without_key: false };
    forget(database, &old, bound, &mut swept)?;
    let between = Walk { after: passed, until: times.over.before(keep), without_key: true };
    let passed = if keep < KEY_LIVES { forget(database, &between, bound, &mut swept)? } else { passed };
    Ok((swept, passed))
}

/// By itself SQLite takes the index of what waits, and sorts all of it.
pub(super) const OVER: &str = "select e.id, iif(content_key is null, 0, size), uuid, name
     from envelope e indexed by envelope_expires join submission s on s.id = e.id join caller c on c.id = s.caller
     where state in (0, 4) and e.expires_at <= ?1 order by e.expires_at limit ?2";

fn expire(database: &Connection, Times { now, over }: Times, bound: Bound, swept: &mut Swept) -> rusqlite::Result<()> {
    let mut select = database.prepare_cached(OVER)?;
    let row = |row: &rusqlite::Row<'_>| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs(), named(row, 2, State::Expired)?))
    };
    let rows = select.query_map(params![over, signed(bound.rows as u64)], row)?;
    let rows: Vec<(RowId, u64, NamedMail)> = rows.collect::<Result<_, _>>()?;
    let mut expire = database.prepare_cached(
        "update envelope set state = 7, settled_at = ?1, bounce_due = iif(bounces and possible_duplicate = 0
            and exists (select 1 from route_set r where r.id = route_set and instr(',' || names || ',', ',mx,')), ?1, null)
         where id = ?2 and state in (0, 4) and expires_at <= ?3",
    )?;
    let mut left = Left::of(bound);
    for (row, held, mail) in rows {
        if !left.take(held) {
            swept.more = true;
            return Ok(());
        }
        swept.expired += expire.execute(params![now, row, over])? as u64;
        swept.mails.push(mail);
        drop_content(database, row)?;
    }
    swept.more |= left.is_spent();
    Ok(())
}

fn expire_parts(database: &Connection, times: Times, bound: Bound, swept: &mut Swept) -> rusqlite::Result<()> {
    let (mails, more) = parts::expire(database, times, bound)?;
    let (expired, partly): (Vec<_>, Vec<_>) = mails.into_iter().partition(|mail| mail.state == State::Expired);
    swept.expired += expired.len() as u64;
    swept.mails.extend(expired);
    swept.partly = partly;
    let (erased, more_erased) = parts::follow_erased(database, times.now, bound.rows)?;
    swept.erased = erased;
    swept.more |= more || more_erased;
    Ok(())
}

/// Rows that have ended behind one and until a time.
struct Walk {
    after: Passed,
    until: UnixTime,
    without_key: bool,
}

/// Their status goes too, and with it who they went to. An `unknown` one is kept as long as one that has ended. The parts of
/// each count. How far it has come.
fn forget(database: &Connection, walk: &Walk, bound: Bound, swept: &mut Swept) -> rusqlite::Result<Passed> {
    let mut select = database.prepare_cached(
        "select settled_at, e.id, state, iif(content_key is null, 0, size), idem is null, uuid, name,
            1 + iif(split > 0, (select count(*) from part where envelope = e.id), 0)
         from envelope e join submission s on s.id = e.id join caller c on c.id = s.caller
         where settled_at >= ?1 and (settled_at, e.id) > (?1, ?2) and settled_at <= ?3 and state in (3, 5, 6, 7, 8)
         order by settled_at, e.id limit ?4",
    )?;
    let Passed(at, id) = walk.after;
    let kept = |row: &rusqlite::Row<'_>| {
        let held: i64 = row.get(3)?;
        let mail = named(row, 5, row.get(2)?)?;
        Ok((Passed(row.get(0)?, row.get(1)?), mail, (row.get::<_, u32>(7)? as usize, held.unsigned_abs()), row.get(4)?))
    };
    let rows = select.query_map(params![at, id, walk.until, signed(bound.rows as u64)], kept)?;
    let rows: Vec<(Passed, NamedMail, (usize, u64), bool)> = rows.collect::<Result<_, _>>()?;
    let (mut left, mut passed) = (Left::of(bound), walk.after);
    for (row, mail, (all, held), has_no_key) in rows {
        if !left.take_all(all, held) {
            swept.more = true;
            return Ok(passed);
        }
        passed = row;
        if has_no_key || !walk.without_key {
            drop_content(database, row.1)?;
            database.prepare_cached("delete from submission where id = ?1")?.execute([row.1])?;
            swept.dropped += 1;
            if mail.state == State::Unknown {
                swept.unknown += 1;
                swept.mails.push(mail);
            }
        }
    }
    swept.more |= left.is_spent();
    Ok(passed)
}
