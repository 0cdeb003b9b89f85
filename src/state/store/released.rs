//! For tests: the tables of a release, kept in golden files. A later version only adds to them, so both work side by side.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, Row};

use super::postgres::{Transaction, field};

/// A column, as `table.column type`.
pub(in crate::state) struct Column {
    name: String,
    /// May a program that does not know it leave it out of a new row?
    is_optional: bool,
}

/// Those of a SQLite database.
pub(in crate::state) fn sqlite_columns(database: &Connection) -> rusqlite::Result<Vec<Column>> {
    let sql = "select m.name || '.' || c.name || ' ' || lower(c.type), c.\"notnull\" = 0 or c.dflt_value is not null
         from sqlite_schema m join pragma_table_info(m.name) c where m.type = 'table' and m.name not like 'sqlite_%'";
    let column = |row: &Row<'_>| Ok(Column { name: row.get(0)?, is_optional: row.get(1)? });
    database.prepare(sql)?.query_map([], column)?.collect()
}

/// Those of ours in a PostgreSQL database.
pub(in crate::state) async fn postgres_columns(transaction: &mut Transaction<'_>) -> Vec<Column> {
    let sql = "select table_name || '.' || column_name || ' ' || data_type,
            is_nullable = 'YES' or column_default is not null or is_identity = 'YES'
        from information_schema.columns where table_schema = 'public' and table_name like 'smsp%'";
    let rows = transaction.query(sql, &[]).await.unwrap();
    let column = |row| Column { name: field(row, 0).unwrap(), is_optional: field(row, 1).unwrap() };
    rows.iter().map(column).collect()
}

/// Every column of the golden file, named below `src/state`, is there, and each further one of its tables is optional and
/// has a name of its own. `UPDATE_GOLDEN=1` writes the file anew.
pub(in crate::state) fn only_add_to(file: &str, columns: &[Column]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/state").join(file);
    let names: BTreeSet<_> = columns.iter().map(|column| column.name.as_str()).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let lines: Vec<_> = names.iter().copied().collect();
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    let golden: BTreeSet<_> = golden.lines().collect();
    let missing: Vec<_> = golden.difference(&names).collect();
    assert!(missing.is_empty(), "the version before needs {missing:?}");
    let tables: BTreeSet<_> = golden.iter().filter_map(|name| name.split_once('.')).map(|(table, _)| table).collect();
    // Nobody but a trigger writes to a table that the version before does not know.
    let is_known = |column: &&Column| column.name.split_once('.').is_some_and(|(table, _)| tables.contains(table));
    let required = columns.iter().filter(is_known);
    let required = required.filter(|column| !column.is_optional && !golden.contains(column.name.as_str()));
    let required: Vec<_> = required.map(|column| column.name.as_str()).collect();
    // A statement of the version before may name a column of two joined tables without its table.
    let place = |column: &&Column| column.name.split(['.', ' ']).nth(1).map(str::to_owned);
    let is_taken = |new: &&Column| columns.iter().filter(|column| place(column) == place(new)).count() > 1;
    let added = columns.iter().filter(is_known).filter(|column| !golden.contains(column.name.as_str()));
    let taken: Vec<_> = added.filter(is_taken).map(|column| column.name.as_str()).collect();
    assert!(taken.is_empty(), "the version before may take {taken:?} for a column of another table");
    assert!(required.is_empty(), "the version before does not know of {required:?}");
}
