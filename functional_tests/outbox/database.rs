//! The SQLite database of a node, looked at from outside, and changed while no node runs.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// To look at, while a node runs.
pub(super) fn reading(directory: &Path) -> Connection {
    open(directory, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// To change, while none does.
pub(super) fn writing(directory: &Path) -> Connection {
    open(directory, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

fn open(directory: &Path, flags: OpenFlags) -> Connection {
    Connection::open_with_flags(directory.join("smsp.db"), flags).expect("the database of the node can be opened")
}

/// Every row as it is now, by number: all that a claim, a mark or an end would change.
pub(super) fn rows(database: &Connection) -> Vec<String> {
    let sql = "select format('%d: state %d, due %d, fence %d, attempts %d, losses %d, upstream %s',
        id, state, due, fence, attempts, losses, upstream) from envelope order by id";
    let mut select = database.prepare(sql).expect("the outbox has its tables");
    let rows = select.query_map([], |row| row.get(0)).expect("rows can be read");
    rows.map(|row| row.expect("a row is text")).collect()
}
