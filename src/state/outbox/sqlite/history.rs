//! Is the database an older copy of itself? Asked in the transaction of every claim, replay, mark and heartbeat.

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::columns::signed;
use super::remembering::Remembering;
use crate::state::outbox::{Epoch, History, Point, RowId, WentBack};

/// What the database says of itself.
struct Found {
    point: Point,
    /// None: it was never asked where it is.
    place: Option<String>,
    lost: Option<WentBack>,
}

impl Found {
    fn went_back(&self, memory: &Remembering) -> Option<WentBack> {
        let is_elsewhere = self.place.as_deref().is_some_and(|place| place != memory.place());
        let found = || memory.compare(&self.point).or(is_elsewhere.then_some(WentBack::Place));
        self.lost.or_else(found)
    }
}

/// Why the database is taken for an older copy; what is found is kept in it.
pub(super) fn check(database: &Connection, memory: &Remembering) -> rusqlite::Result<Option<WentBack>> {
    let found = find(database)?;
    let went_back = found.went_back(memory);
    if let (None, Some(back)) = (found.lost, went_back) {
        note(database, back)?;
    }
    Ok(went_back)
}

/// What [`check`] would find; nothing is kept of it.
pub(super) fn look(database: &Connection, memory: &Remembering) -> rusqlite::Result<History> {
    let found = find(database)?;
    let went_back = found.went_back(memory);
    Ok(History { point: found.point, went_back })
}

/// For those who only look.
pub(super) fn read(database: &Connection, memory: &Remembering) -> rusqlite::Result<History> {
    let Found { point, place, lost } = find(database)?;
    let is_elsewhere = place.is_some_and(|place| place != memory.place());
    Ok(History { point, went_back: lost.or(is_elsewhere.then_some(WentBack::Place)) })
}

/// How far the database has come.
pub(super) fn point(database: &Connection) -> rusqlite::Result<Point> {
    find(database).map(|found| found.point)
}

fn find(database: &Connection) -> rusqlite::Result<Found> {
    let mut select = database.prepare_cached("select epoch, marks, place, lost from control")?;
    select.query_row([], |row| {
        let (marks, lost): (i64, Option<i64>) = (row.get(1)?, row.get(3)?);
        let lost = lost.map(|lost| match lost.unsigned_abs() {
            0 => WentBack::Epoch,
            marks => WentBack::Marks(marks),
        });
        let epochs = vec![Epoch(Uuid::from_bytes(row.get(0)?))];
        Ok(Found { point: Point { epochs, marks: marks.unsigned_abs() }, place: row.get(2)?, lost })
    })
}

/// Which rows there are now is kept with the first finding; that the database is elsewhere can be seen at any time.
fn note(database: &Connection, back: WentBack) -> rusqlite::Result<()> {
    let lost = match back {
        WentBack::Marks(marks) => Some(signed(marks)),
        WentBack::Epoch => Some(0),
        WentBack::Place => None,
    };
    let update = "update control set lost = coalesce(lost, ?1),
         last_row = coalesce(last_row, (select coalesce(max(id), 0) from envelope))
         where lost is not ?1 or last_row is null";
    database.prepare_cached(update)?.execute([lost]).map(drop)
}

/// Counts hand-overs that are being marked.
pub(super) fn raise(database: &Connection, marks: usize) -> rusqlite::Result<()> {
    let update = "update control set marks = marks + ?1";
    database.prepare_cached(update)?.execute([signed(marks as u64)]).map(drop)
}

/// A database that was never told where it is has been here from its first day.
pub(super) fn settle(database: &Connection, place: &str) -> rusqlite::Result<()> {
    database.execute("update control set place = ?1 where place is null", [place]).map(drop)
}

/// A new epoch begins, here.
pub(super) fn begin_epoch(database: &Connection, memory: &Remembering) -> rusqlite::Result<()> {
    let update = "update control set epoch = ?1, place = ?2, lost = null, last_row = null";
    let epoch = Uuid::now_v7();
    database.execute(update, params![epoch.as_bytes(), memory.place()])?;
    memory.accepted(Epoch(epoch));
    Ok(())
}

/// Which rows were in the copy: all that there are, if it was not found to be one before.
pub(super) fn last_row(database: &Connection) -> rusqlite::Result<RowId> {
    note(database, WentBack::Place)?;
    // Nothing is claimed from now on, whatever else is found.
    let update = "update control set lost = coalesce(lost, 0) returning last_row";
    database.query_row(update, [], |row| row.get(0))
}
