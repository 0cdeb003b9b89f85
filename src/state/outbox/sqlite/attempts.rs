//! Every hand-over: written with the mark, completed with its verdict.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::outcome::Outcome;
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Hold, RecipientVerdict, RowId, Tried, TriedAt, Verdict, earlier};

/// One that begins now: one that was begun under this fence at this upstream and never made is this one.
pub(super) fn begin(database: &Connection, now: UnixTime, hold: &Hold, upstream: &str) -> rusqlite::Result<()> {
    let insert = "insert into attempt (envelope, n, fence, upstream, at)
         select ?1, coalesce((select n from attempt where envelope = ?1 and fence = ?2 and upstream = ?3 and outcome is null),
         max(n) + 1, 1), ?2, ?3, ?4 from attempt where envelope = ?1
         on conflict do update set at = excluded.at";
    database.prepare_cached(insert)?.execute(params![hold.row, hold.fence, upstream, now]).map(drop)
}

/// Those before the acceptance, of a row that has no other yet.
pub(super) fn write_earlier(database: &Connection, now: UnixTime, row: RowId, all: &[Tried]) -> rusqlite::Result<()> {
    let mut insert = database.prepare_cached(
        "insert into attempt (envelope, n, fence, upstream, at, took, outcome, reason, code, provider_message_id)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    all.iter().zip(1_i64..).try_for_each(|(Tried { verdict, ago }, n)| {
        let Verdict { upstream, outcome, reason, code, provider_message_id, .. } = verdict;
        let (at, took) = (now.before(*ago), verdict.took.map(|took| millis(took).cast_signed()));
        let (fence, outcome) = (earlier::FENCE, outcome.as_str());
        insert.execute(params![row, n, fence, upstream, at, took, outcome, reason, code, provider_message_id]).map(drop)
    })
}

/// The verdict on the last one under this fence at this upstream. A late verdict takes the place of `unknown`.
pub(super) fn finish(database: &Connection, hold: &Hold, verdict: &Verdict) -> rusqlite::Result<()> {
    let update =
        "update attempt set took = ?4, outcome = ?5, reason = ?6, code = ?7, provider_message_id = ?8, late = ?9
         where envelope = ?1 and n = (select max(n) from attempt where envelope = ?1 and fence = ?2 and upstream = ?3)";
    let took = verdict.took.map(|took| millis(took).cast_signed());
    let Verdict { upstream, outcome, reason, code, provider_message_id, late, .. } = verdict;
    let values =
        params![hold.row, hold.fence, upstream, took, outcome.as_str(), reason, code, provider_message_id, late];
    database.prepare_cached(update)?.execute(values).map(drop)
}

/// Those under this fence that no verdict is known of were never made.
pub(super) fn forget_open(database: &Connection, hold: &Hold) -> rusqlite::Result<()> {
    let delete = "delete from attempt where envelope = ?1 and fence = ?2 and outcome is null";
    database.prepare_cached(delete)?.execute(params![hold.row, hold.fence]).map(drop)
}

/// What became of each recipient, where they differ.
pub(super) fn record_recipients(database: &Connection, row: RowId, verdicts: &[Verdict]) -> rusqlite::Result<()> {
    let Some(last) = verdicts.iter().rev().find(|verdict| !verdict.recipients.is_empty()) else { return Ok(()) };
    let update = "update envelope set recipient_verdicts = ?2 where id = ?1";
    database.prepare_cached(update)?.execute(params![row, written(&last.recipients)]).map(drop)
}

/// What the last one under this fence at this upstream came to, if there was one; an inner none: nothing is known of its end.
pub(super) fn outcome(database: &Connection, hold: &Hold, upstream: &str) -> rusqlite::Result<Option<Option<String>>> {
    let select =
        "select outcome from attempt where envelope = ?1 and fence = ?2 and upstream = ?3 order by n desc limit 1";
    database.prepare_cached(select)?.query_row(params![hold.row, hold.fence, upstream], |row| row.get(0)).optional()
}

/// All of a row, the first one first.
pub(super) fn of(database: &Connection, row: RowId) -> rusqlite::Result<Vec<TriedAt>> {
    let mut select = database.prepare_cached(
        "select upstream, at, took, outcome, reason, code, provider_message_id, late from attempt
         where envelope = ?1 order by n",
    )?;
    select.query_map([row], tried)?.collect()
}

/// The last one of a row.
pub(super) fn last(database: &Connection, row: RowId) -> rusqlite::Result<Option<TriedAt>> {
    let mut select = database.prepare_cached(
        "select upstream, at, took, outcome, reason, code, provider_message_id, late from attempt
         where envelope = ?1 order by n desc limit 1",
    )?;
    select.query_row([row], tried).optional()
}

fn tried(row: &rusqlite::Row<'_>) -> rusqlite::Result<TriedAt> {
    Ok(TriedAt {
        upstream: row.get(0)?,
        at: row.get(1)?,
        took_ms: row.get(2)?,
        outcome: row.get(3)?,
        reason: row.get(4)?,
        code: row.get(5)?,
        provider_message_id: row.get(6)?,
        late: row.get(7)?,
    })
}

/// The verdicts on recipients as one text: place, outcome, reason, with a space between, one per line.
pub(super) fn written(recipients: &[RecipientVerdict]) -> String {
    let line = |one: &RecipientVerdict| format!("{} {} {}", one.place, one.outcome.as_str(), one.reason);
    recipients.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The verdicts in such a text.
pub(super) fn read(text: &str) -> Vec<RecipientVerdict> {
    let line = |line: &str| {
        let (place, rest) = line.split_once(' ')?;
        let (word, reason) = rest.split_once(' ')?;
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word)?;
        Some(RecipientVerdict { place: place.parse().ok()?, outcome, reason: reason.to_owned() })
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_on_recipients_are_read_as_they_were_written() {
        let verdict = |place, outcome, reason: &str| RecipientVerdict { place, outcome, reason: reason.to_owned() };
        let all = [verdict(0, Outcome::Accepted, "http_200"), verdict(7, Outcome::MessageRejected, "smtp_550")];
        assert_eq!(written(&all), "0 accepted http_200\n7 message_rejected smtp_550");
        assert_eq!(read(&written(&all)), all);
        assert_eq!(read(""), []);
    }
}
