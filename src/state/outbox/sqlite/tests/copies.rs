//! Copies of a store's files, put back in each way that people do it: a copy that lost a mark gives out nothing.

use std::fs;
use std::path::PathBuf;

use uuid::Uuid;

use super::*;
use crate::state::outbox::NewRow;
use crate::state::outbox::suite::bench::{batch, note, row};

const NODE: NodeId = NodeId(Uuid::from_u128(1));
/// Mails that are sent after the copy.
const SENT: u64 = 3;

/// A store, and a copy of it that was made while it was at work, before the last mails were sent.
struct Copied {
    folder: tempfile::TempDir,
}

impl Copied {
    async fn make() -> Self {
        let copied = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(copied.store()).unwrap();
        let outbox = open(&copied.store(), Clock::since_start()).await;
        accept(&outbox, 1..=9).await;
        send(&outbox, 1).await;
        // The files are of one moment: what writes to them copies them.
        let (from, to) = (copied.store(), copied.backup());
        let copying = move |_: &Connection, _| {
            copy(&from, &to);
            Ok(())
        };
        outbox.write(copying).await.unwrap();
        send(&outbox, SENT).await;
        copied
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("backup")
    }
}

async fn accept(outbox: &SqliteOutbox, numbers: std::ops::RangeInclusive<u8>) {
    let rows = numbers.map(|number| NewRow { id: Uuid::from_u128(number.into()).into(), ..row(7) }).collect();
    outbox.accept(batch(rows)).await.unwrap();
}

fn wanted(rows: usize) -> Wanted {
    let sets = vec![row(7).route_set];
    Wanted {
        sets,
        of_lane: [rows; 3],
        of_caller: rows,
        bytes: u64::MAX,
        without: vec![],
        newest_of_four: 0,
        lost: true,
    }
}

async fn send(outbox: &SqliteOutbox, mails: u64) {
    let mark = Mark { upstream: "mg".into(), replay_for: None, possible_duplicate: false };
    let claimed = outbox.claim(NODE, &wanted(mails as usize)).await.unwrap();
    assert_eq!(claimed.len() as u64, mails);
    for row in claimed {
        assert!(outbox.mark(&row.hold, &mark).await.unwrap());
        outbox.end(&row.hold, &Ended::Accepted { verdicts: vec![], possible_duplicate: false }).await.unwrap();
    }
}

/// All files, as `cp` does it: over those that are there.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// What the next process says of it, and how many mails it would send.
async fn found(directory: &Path) -> (Option<WentBack>, usize) {
    let outbox = open(directory, Clock::since_start()).await;
    let went_back = outbox.heartbeat(NODE).await.unwrap();
    (went_back, outbox.claim(NODE, &wanted(99)).await.unwrap().len())
}

#[tokio::test]
async fn a_store_that_nobody_touched_goes_on() {
    let copied = Copied::make().await;
    assert_eq!(found(&copied.store()).await, (None, 5));
}

#[tokio::test]
async fn a_database_that_was_copied_over_the_newer_one_is_noticed() {
    let copied = Copied::make().await;
    for name in ["smsp.db", "smsp.db-wal"] {
        fs::copy(copied.backup().join(name), copied.store().join(name)).unwrap();
    }
    assert_eq!(found(&copied.store()).await, (Some(WentBack::Marks(SENT)), 0));
    assert_eq!(found(&copied.store()).await, (Some(WentBack::Marks(SENT)), 0), "at the next start too");
}

#[tokio::test]
async fn a_directory_that_was_copied_over_the_newer_one_is_noticed() {
    let copied = Copied::make().await;
    copy(&copied.backup(), &copied.store());
    assert_eq!(found(&copied.store()).await, (Some(WentBack::Marks(SENT)), 0));
}

#[tokio::test]
async fn a_directory_in_place_of_the_newer_one_is_noticed() {
    let copied = Copied::make().await;
    fs::remove_dir_all(copied.store()).unwrap();
    copy(&copied.backup(), &copied.store());
    assert_eq!(found(&copied.store()).await, (Some(WentBack::Place), 0));
}

#[tokio::test]
async fn a_directory_in_another_place_is_noticed() {
    let copied = Copied::make().await;
    assert_eq!(found(&copied.backup()).await, (Some(WentBack::Place), 0));
    assert_eq!(found(&copied.store()).await, (None, 5), "the store itself goes on");
}

#[tokio::test]
async fn an_accepted_copy_goes_on_with_what_is_new() {
    let copied = Copied::make().await;
    let outbox = open(&copied.backup(), Clock::since_start()).await;
    accept(&outbox, 11..=12).await;
    let restored = outbox.accept_restore(99, note("accept_restore")).await.unwrap();
    assert_eq!(restored.parked, 8);
    drop(outbox);
    assert_eq!(found(&copied.backup()).await, (None, 2));
}

#[tokio::test]
async fn an_empty_database_beside_what_is_remembered_is_another_store() {
    let copied = Copied::make().await;
    for name in ["smsp.db", "smsp.db-wal"] {
        let _ = fs::remove_file(copied.store().join(name));
    }
    assert_eq!(found(&copied.store()).await, (Some(WentBack::Epoch), 0));
}

#[tokio::test]
async fn what_is_remembered_is_one_empty_file_that_only_this_account_sees() {
    use std::os::unix::fs::PermissionsExt;
    let copied = Copied::make().await;
    let names = fs::read_dir(copied.store()).unwrap().map(|file| file.unwrap());
    let marks: Vec<_> = names.filter(|file| file.file_name().to_str().unwrap().starts_with("smsp.marks.")).collect();
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert!(marks[0].file_name().to_str().unwrap().ends_with(&format!(".{}", SENT + 1)), "{marks:?}");
    let file = marks[0].metadata().unwrap();
    assert_eq!((file.len(), file.permissions().mode() & 0o777), (0, 0o600));
}
