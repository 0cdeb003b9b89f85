//! Statements stay prepared, whatever values they are given.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::open;

fn is_stable(database: &Connection) -> rusqlite::Result<bool> {
    database.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG)
}

#[tokio::test]
async fn no_statement_is_prepared_again_for_another_value() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    assert!(store.write(is_stable).await.unwrap());
    assert!(store.read(is_stable).await.unwrap());
}
