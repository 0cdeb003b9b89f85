//! A backup beside the node: whole, of one moment, without what was deleted, and never half of one under its name.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use rusqlite::OpenFlags;
use tempfile::TempDir;

use super::*;
use crate::state::store::backup::{BackupError, Copied};

const ROWS: i64 = 20_000;
const CANARY: &str = "a-text-that-has-to-go";

/// A store at work, and a folder for copies of it.
struct AtWork {
    store: Sqlite,
    directory: TempDir,
    copies: TempDir,
}

impl AtWork {
    fn new() -> Self {
        let [directory, copies] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        Self { store: open(directory.path()).unwrap(), directory, copies }
    }

    fn file(&self) -> PathBuf {
        self.copies.path().join("copy.db")
    }

    fn back_up(&self, go_on: impl FnMut(Copied) -> bool) -> Result<u64, BackupError> {
        Sqlite::back_up(self.directory.path(), &StoreKeys::parse(KEY).unwrap(), MODULES, &self.file(), go_on)
    }

    async fn fill(&self, rows: i64) {
        let insert = move |database: &Connection| {
            let insert = "with recursive id (x) as (select 1 union all select x + 1 from id where x < ?1)
                insert into note select x, hex(randomblob(500)) from id";
            database.execute(insert, [rows]).map(drop)
        };
        self.store.write(insert).await.unwrap();
    }

    /// The names in the folder of the copies.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.copies.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn read(file: &Path, sql: &str) -> String {
    let copy = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    copy.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_backup_is_one_file_for_one_account_with_all_that_was_answered_and_nothing_that_was_deleted() {
    let at_work = AtWork::new();
    at_work.fill(100).await;
    let insert = |database: &Connection| database.execute("insert into note values (0, ?1)", [CANARY.repeat(1000)]);
    at_work.store.write(insert).await.unwrap();
    at_work.store.write(|database| database.execute("delete from note where id = 0", [])).await.unwrap();
    let bytes = at_work.back_up(|_| true).unwrap();
    assert_eq!(at_work.names(), ["copy.db"], "nothing else is left beside it");
    let file = at_work.file().metadata().unwrap();
    assert_eq!((file.len(), file.permissions().mode() & 0o777), (bytes, 0o600));
    assert_eq!(read(&at_work.file(), "select count(*) || ' ' || max(id) from note"), "100 100");
    assert_eq!(read(&at_work.file(), "pragma integrity_check"), "ok");
    let copy = fs::read(at_work.file()).unwrap();
    assert!(!copy.windows(CANARY.len()).any(|text| text == CANARY.as_bytes()));
    // In the place of the first one it is a store like that.
    let (copy, AtWork { store, directory, copies: _copies }) = (at_work.file(), at_work);
    drop(store);
    fs::copy(copy, directory.path().join("smsp.db")).unwrap();
    assert_eq!(ids(&open(directory.path()).unwrap()).await.len(), 100);
}

#[test]
fn a_backup_is_of_one_moment_and_the_node_goes_on_meanwhile() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let at_work = runtime.block_on(async { AtWork::new() });
    runtime.block_on(at_work.fill(ROWS));
    // Each transaction adds a row and takes one.
    let change = |id| {
        move |database: &Connection| {
            insert(ROWS + id)(database)?;
            database.execute("delete from note where id = ?1", [id]).map(drop)
        }
    };
    let changed = thread::scope(|scope| {
        let (changed, has_changed) = mpsc::channel();
        let source = &at_work;
        let backing_up = scope.spawn(move || source.back_up(|_| has_changed.recv().is_ok()));
        let mut ids = 1..;
        while !backing_up.is_finished() {
            let id = ids.next().unwrap();
            runtime.block_on(at_work.store.write(change(id))).unwrap();
            // Once the backup has ended nobody hears it.
            let _ = changed.send(());
        }
        backing_up.join().unwrap().unwrap();
        ids.start
    });
    let copied = |sql| read(&at_work.file(), sql).parse::<i64>().unwrap();
    assert_eq!(copied("select count(*) || '' from note"), ROWS);
    assert!((ROWS..ROWS + changed).contains(&copied("select max(id) || '' from note")));
    assert!(changed > 1, "it ended at once");
}

#[tokio::test]
async fn a_file_that_is_there_is_not_written_over_and_neither_is_one_that_comes_meanwhile() {
    let at_work = AtWork::new();
    fs::write(at_work.file(), "mine").unwrap();
    assert!(matches!(at_work.back_up(|_| true), Err(BackupError::Exists(_))));
    fs::remove_file(at_work.file()).unwrap();
    at_work.fill(ROWS).await;
    let comes = |_| fs::write(at_work.file(), "mine").is_ok();
    assert!(matches!(at_work.back_up(comes), Err(BackupError::Exists(_))));
    assert_eq!((fs::read(at_work.file()).unwrap(), at_work.names()), (b"mine".to_vec(), vec!["copy.db".to_owned()]));
    fs::rename(at_work.file(), at_work.copies.path().join("copy.db.partial")).unwrap();
    let error = at_work.back_up(|_| true).unwrap_err().to_string();
    assert!(error.contains("copy.db.partial is there: another backup writes it"), "{error}");
    assert_eq!(at_work.names(), ["copy.db.partial"], "it may be another's");
}

#[tokio::test]
async fn a_backup_that_is_stopped_or_fails_leaves_nothing_and_tells_how_far_it_was() {
    let at_work = AtWork::new();
    at_work.fill(ROWS).await;
    let mut told = Vec::new();
    let stop = |copied| {
        told.push(copied);
        false
    };
    assert!(matches!(at_work.back_up(stop), Err(BackupError::Stopped)));
    let [Copied { bytes, of }] = told[..] else { panic!("not stopped at once: {told:?}") };
    assert!(bytes <= of && (20_000_000..30_000_000).contains(&of), "{told:?}");
    assert_eq!(at_work.names(), [""; 0]);
    let missing = at_work.copies.path().join("missing/copy.db");
    let failed =
        Sqlite::back_up(at_work.directory.path(), &StoreKeys::parse(KEY).unwrap(), MODULES, &missing, |_| true);
    assert!(matches!(failed, Err(BackupError::File(..))), "{failed:?}");
}

#[tokio::test]
async fn a_damaged_table_is_no_backup() {
    let at_work = AtWork::new();
    at_work.fill(1000).await;
    let AtWork { store, directory, copies } = at_work;
    drop(store);
    let path = directory.path().join("smsp.db");
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 40_960].fill(0x55);
    fs::write(&path, bytes).unwrap();
    let key = StoreKeys::parse(KEY).unwrap();
    let failed = Sqlite::back_up(directory.path(), &key, MODULES, &copies.path().join("a"), |_| true);
    assert!(matches!(failed, Err(BackupError::Copy { .. })), "{failed:?}");
    assert_eq!(fs::read_dir(copies.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_backup_needs_tables_and_the_keys_that_they_were_written_with() {
    let at_work = AtWork::new();
    let with = |keys: &str, modules: &[Module]| {
        let keys = StoreKeys::parse(keys).unwrap();
        Sqlite::back_up(at_work.directory.path(), &keys, modules, &at_work.file(), |_| true)
    };
    let wrong = with(&KEY.replace("11", "22"), MODULES);
    assert!(matches!(wrong, Err(BackupError::Open(OpenError::WrongKey(_)))), "{wrong:?}");
    let none = with(KEY, &[Module { name: "others", ..MODULES[0] }]);
    assert!(matches!(none, Err(BackupError::NoStore(_))), "{none:?}");
    // A backup is what a migration is to begin with.
    with(KEY, &[Module { steps: &[STEP, STEP], ..MODULES[0] }]).unwrap();
}
