//! Statements stay prepared, whatever values they are given.

use rusqlite::{Connection, StatementStatus};

use super::open;

/// How often SQLite has prepared a statement anew: its values could choose another plan of it.
fn prepared_again(database: &Connection) -> rusqlite::Result<i32> {
    let mut select = database.prepare("select version from schema where version > ?1 order by version limit ?1")?;
    for value in [1, 1_000_000, 3] {
        select.query_map([value], |row| row.get::<_, i64>(0))?.try_for_each(|row| row.map(drop))?;
    }
    Ok(select.get_status(StatementStatus::RePrepare))
}

#[tokio::test]
async fn no_statement_is_prepared_again_for_another_value() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    assert_eq!(store.write(prepared_again).await, Ok(0));
    assert_eq!(store.read(prepared_again).await, Ok(0));
}
