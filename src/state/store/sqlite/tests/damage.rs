//! A database that is damaged while it is open.

use std::os::unix::fs::FileExt;
use std::time::Duration;

use super::*;

/// An open store whose table of notes is damaged, on pages that nobody has read since the start.
fn damaged(directory: &Path) -> Sqlite {
    drop(open(directory).unwrap());
    let path = directory.join("smsp.db");
    let place = "select (rootpage - 1) * page_size from pragma_page_size, sqlite_schema where name = 'note'";
    let place: i64 = Connection::open(&path).unwrap().query_row(place, [], |row| row.get(0)).unwrap();
    let store = open(directory).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0xaa; 4096], place.unsigned_abs()).unwrap();
    store
}

async fn until_down(store: &Sqlite) {
    let down = async {
        while store.is_up() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), down).await.expect("the store is down");
}

#[tokio::test]
async fn a_store_that_is_found_damaged_stays_down_though_a_part_of_it_can_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let store = damaged(directory.path());
    assert_eq!(store.write(|_| Ok(())).await, Ok(()), "nobody has come there yet");
    assert_eq!(store.write(insert(1)).await, Err(Failed::Down));
    assert!(matches!(store.why(Failed::Down), OpenError::Damaged(_)));
    // An attempt to open it anew would be made in this time.
    for _ in 0..15 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!((store.write(|_| Ok(())).await, store.is_up()), (Err(Failed::Down), false));
    }
}

#[tokio::test]
async fn damage_that_only_a_reader_finds_takes_the_store_down() {
    let directory = tempfile::tempdir().unwrap();
    let store = damaged(directory.path());
    let count = |database: &Connection| database.query_row("select count(*) from note", [], |row| row.get::<_, i64>(0));
    assert_eq!(store.read(count).await, Err(Failed::Down));
    until_down(&store).await;
    assert_eq!(store.write(|_| Ok(())).await, Err(Failed::Down));
}
