//! Bounces that are due, and how they come into the outbox.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::columns::signed;
use super::{SqliteOutbox, accept, claim, content, history};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::bounces::{COLLECTING, MAX_READ};
use crate::state::outbox::parts::{read_places, read_verdicts};
use crate::state::outbox::{
    Acceptance, Answered, Batch, Bounced, DueBounce, DueBounces, FailedPart, KeyId, PartId, RowId, SealedRecipients,
    Told,
};

/// A part that is to be told of: nobody has it, and nobody was told.
macro_rules! failed {
    () => {
        "state in (6, 7) and bounced = 0 and possible_duplicate = 0"
    };
}

/// Mails of which a bounce is due that fit, until the end of the statement. What may have come to somebody meanwhile is none.
macro_rules! due {
    ($end:literal) => {
        concat!(
            "select e.id, uuid, name, s.accepted_at, key_id, recipients_key, recipients,
                content_key is not null and size <= ?2
             from envelope e cross join submission s on s.id = e.id cross join caller c on c.id = s.caller
             where bounce_due is not null and erased = 0 and bounce_due <= ?1
             and (e.split = 0 and e.state = 7 and e.possible_duplicate = 0
                or e.split > 0 and exists (select 1 from part where envelope = e.id and ",
            failed!(),
            ")) and ",
            $end
        )
    };
}

/// By an index that has those alone.
pub(super) const FIRST: &str = due!("true order by bounce_due limit ?3");
const OF_ROW: &str = due!("e.id = ?3");

const FAILED: &str = concat!(
    "select id, state, places, verdicts, (select max(at) from part_attempt a where a.part = part.id) from part
     where envelope = ?1 and ",
    failed!(),
    " order by id"
);

impl DueBounces for SqliteOutbox {
    fn due_bounces(&self, limit: usize) -> Answered<'_, Vec<DueBounce>> {
        let clock = self.store.clock().clone();
        self.read(move |database| due(database, clock.now(), FIRST, signed(limit as u64)))
    }

    fn bounce_of(&self, part: PartId) -> Answered<'_, Option<DueBounce>> {
        let clock = self.store.clock().clone();
        self.read(move |database| {
            let mail = "select envelope from part where id = ?1";
            let row = database.prepare_cached(mail)?.query_row([part], |row| row.get(0)).optional()?;
            let Some(row) = row else { return Ok(None) };
            Ok(due(database, clock.now(), OF_ROW, row)?.pop())
        })
    }

    fn queue_bounce<'a>(&'a self, told: &'a Told, bounce: Batch) -> Answered<'a, Bounced> {
        let (has_disk, bytes) = (self.has_disk(), bounce.size().bytes);
        let (told, clock, memory) = (told.clone(), self.store.clock().clone(), Arc::clone(&self.memory));
        let queue = move |database: &Connection| match history::check(database, &memory)? {
            None => queue(database, clock.now(), &told, &bounce, has_disk),
            Some(_) => Ok(Bounced::NotDue),
        };
        Box::pin(self.store.write_mail(bytes, queue))
    }

    fn put_off_bounce(&self, row: RowId, wait: Duration) -> Answered<'_, ()> {
        self.write(move |database, now| {
            let update =
                "update envelope set bounce_due = max(bounce_due, ?2) where id = ?1 and bounce_due is not null";
            database.prepare_cached(update)?.execute(params![row, now.after(wait)]).map(drop)
        })
    }
}

/// Those that this asks for: at most so many, or that of one row.
fn due(database: &Connection, now: UnixTime, sql: &str, which: i64) -> rusqlite::Result<Vec<DueBounce>> {
    let mail = |row: &Row<'_>| {
        let (caller, is_read): (String, bool) = (row.get(2)?, row.get(7)?);
        let due = DueBounce {
            row: row.get(0)?,
            id: row.get(1)?,
            caller: caller.as_str().into(),
            accepted_at: row.get(3)?,
            recipients: recipients(row)?,
            parts: Vec::new(),
            content: None,
        };
        Ok((due, is_read))
    };
    let mut select = database.prepare_cached(sql)?;
    let found = select.query_map(params![now, signed(MAX_READ), which], mail)?;
    let found: Vec<(DueBounce, bool)> = found.collect::<Result<_, _>>()?;
    let whole = |(mut due, is_read): (DueBounce, bool)| {
        due.parts = failed(database, due.row)?;
        if is_read {
            due.content = claim::if_it_fits(content::read(database, due.row))?;
        }
        Ok(due)
    };
    found.into_iter().map(whole).collect()
}

fn recipients(row: &Row<'_>) -> rusqlite::Result<Option<SealedRecipients>> {
    let (key_id, wrapped_key, bytes): (String, Option<Vec<u8>>, Option<Vec<u8>>) =
        (row.get(4)?, row.get(5)?, row.get(6)?);
    let sealed = |(wrapped_key, bytes)| SealedRecipients { key_id: KeyId(key_id), wrapped_key, bytes };
    Ok(wrapped_key.zip(bytes).map(sealed))
}

fn failed(database: &Connection, row: RowId) -> rusqlite::Result<Vec<FailedPart>> {
    let part = |row: &Row<'_>| {
        let (places, verdicts): (String, Option<String>) = (row.get(2)?, row.get(3)?);
        Ok(FailedPart {
            part: row.get(0)?,
            state: row.get(1)?,
            places: read_places(&places),
            verdicts: read_verdicts(verdicts.as_deref()),
            tried_at: row.get(4)?,
        })
    };
    database.prepare_cached(FAILED)?.query_map([row], part)?.collect()
}

fn queue(
    database: &Connection,
    now: UnixTime,
    told: &Told,
    bounce: &Batch,
    has_disk: bool,
) -> rusqlite::Result<Bounced> {
    if !is_due(database, told)? {
        return Ok(Bounced::NotDue);
    }
    if !matches!(accept::accept(database, now, bounce, has_disk)?[..], [Acceptance::Accepted(_)]) {
        return Ok(Bounced::NoRoom);
    }
    let mut tell = database.prepare_cached("update part set bounced = 1 where id = ?1")?;
    told.parts.iter().try_for_each(|part| tell.execute([part]).map(drop))?;
    let others = concat!(
        "update envelope set bounce_due = iif(exists (select 1 from part where envelope = ?1 and ",
        failed!(),
        "), ?2, null) where id = ?1"
    );
    database.prepare_cached(others)?.execute(params![told.row, now.after(COLLECTING)])?;
    Ok(Bounced::Queued)
}

/// Is a bounce due that tells of all of these?
fn is_due(database: &Connection, told: &Told) -> rusqlite::Result<bool> {
    if told.parts.is_empty() {
        let whole = "select 1 from envelope where id = ?1 and bounce_due is not null and erased = 0 and split = 0
             and state = 7 and possible_duplicate = 0";
        return has(database, whole, [told.row]);
    }
    if !has(database, "select 1 from envelope where id = ?1 and bounce_due is not null and erased = 0", [told.row])? {
        return Ok(false);
    }
    let part = concat!("select 1 from part where id = ?1 and envelope = ?2 and ", failed!());
    for one in &told.parts {
        if !has(database, part, params![one, told.row])? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn has(database: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<bool> {
    database.prepare_cached(sql)?.exists(values)
}
