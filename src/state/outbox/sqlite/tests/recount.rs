//! Counts that are out of step with the rows.

use super::*;
use crate::state::outbox::suite::bench::{batch, row};

/// Each count that there is.
fn counted(database: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "select format('%d %d %s: %d, %d', state, route_set, upstream, rows, bytes) from tally where rows > 0
         union all select format('%s: %d, %d', name, held, bytes) from caller";
    database.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

#[tokio::test]
async fn counts_are_corrected_and_right_ones_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    outbox.accept(batch((1..=3).map(row).collect())).await.unwrap();
    let before = outbox.read(counted).await.unwrap();
    assert_eq!(SqliteOutbox::recount(&outbox.store).await, Ok(0));
    let breaks = "update tally set rows = rows + 7; insert into tally values (5, 0, 'gone', 1, 1);
        update caller set bytes = 0";
    outbox.store.write(move |database| database.execute_batch(breaks)).await.unwrap();
    assert_ne!(outbox.read(counted).await.unwrap(), before);
    assert_eq!(SqliteOutbox::recount(&outbox.store).await, Ok(3));
    assert_eq!(outbox.read(counted).await.unwrap(), before);
}
