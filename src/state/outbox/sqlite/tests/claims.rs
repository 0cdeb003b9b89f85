//! Messages are read once the claim is on the disk, beside what is written meanwhile.

use tokio::time::timeout;
use uuid::Uuid;

use super::super::claim::candidates;
use super::*;
use crate::state::outbox::suite::bench::{batch, row};
use crate::state::outbox::suite::parting::wanted_parts;

const NODE: NodeId = NodeId(Uuid::from_u128(1));

async fn of_two_rows() -> (SqliteOutbox, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::new(|| UnixTime(1_800_000_000_000))).await;
    outbox.accept(batch(vec![row(1), row(2)])).await.unwrap();
    (outbox, directory)
}

async fn claim(outbox: &SqliteOutbox) -> Result<Vec<Claimed>, Failed> {
    let sets = vec![row(1).route_set];
    let wanted =
        Wanted { sets, of_lane: [9; 3], of_caller: 9, bytes: u64::MAX, without: vec![], newest_of_four: 0, lost: true };
    outbox.claim(NODE, &wanted).await
}

/// A claim of two rows, which are changed once it is on the disk: no message can be read before.
async fn claim_and_change(outbox: &SqliteOutbox, change: &'static str) -> Result<Vec<Claimed>, Failed> {
    let (go_on, held) = mpsc::channel::<()>();
    let hold = outbox.read(move |_| {
        // The sender is dropped where the test has failed.
        let _ = held.recv();
        Ok(())
    });
    let change = async move {
        let is_claimed = |database: &Connection, _| {
            database.query_row("select count(*) = 2 from envelope where state = 1", [], |row| row.get::<_, bool>(0))
        };
        while !outbox.write(is_claimed).await.unwrap() {}
        outbox.write(move |database, _| database.execute(change, [])).await.unwrap();
        go_on.send(()).unwrap();
    };
    let change = timeout(Duration::from_secs(20), change);
    let (held, claimed, changed) = tokio::join!(hold, claim(outbox), change);
    held.unwrap();
    changed.expect("the claim is on the disk before messages are read");
    claimed
}

#[tokio::test]
async fn a_row_that_is_cancelled_before_its_message_is_read_is_not_in_the_answer() {
    let (outbox, _directory) = of_two_rows().await;
    let claimed = claim_and_change(&outbox, "update envelope set state = 8 where id = 1").await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| claimed.hold.row.0).collect::<Vec<_>>(), [2]);
    assert!(claimed[0].content.is_some());
}

#[tokio::test]
async fn rows_whose_messages_could_not_be_read_are_free_at_the_next_call() {
    let (outbox, _directory) = of_two_rows().await;
    let broken = claim_and_change(&outbox, "update envelope set attempts = -1 where id = 1").await;
    assert_eq!(broken.err(), Some(Failed::Down));
    outbox.write(|database, _| database.execute("update envelope set attempts = 0", [])).await.unwrap();
    assert_eq!(claim(&outbox).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_claim_looks_at_a_few_rows_of_each_of_many_callers() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::new(|| UnixTime(1_800_000_000_000))).await;
    let room = Room { rows: 10_000, bytes: 1 << 30 };
    let accepting = (0..200_u128).map(|caller| {
        let rows =
            (0..20).map(|number| NewRow { id: Uuid::from_u128(caller * 20 + number).into(), ..row(1) }).collect();
        let caller = format!("caller{caller}").as_str().into();
        outbox.accept(Batch { caller, room, callers_room: room, ..batch(rows) })
    });
    futures_util::future::join_all(accepting).await.into_iter().for_each(|accepted| drop(accepted.unwrap()));
    let looked_at = async |newest_of_four| {
        let wanted = Wanted {
            sets: vec![row(1).route_set],
            of_lane: [0, 100, 0],
            of_caller: 100,
            bytes: u64::MAX,
            without: vec![],
            newest_of_four,
            lost: true,
        };
        let look = move |database: &Connection| candidates(database, UnixTime(1_800_000_000_000), &wanted);
        outbox.read(look).await.unwrap().len()
    };
    // 4 * 100 / 200 + 1 of each, from each end that is wanted; there are 20 of each.
    assert_eq!([looked_at(0).await, looked_at(1).await], [600, 1200]);
}

#[tokio::test]
async fn a_claim_of_parts_that_takes_none_writes_nothing() {
    let (outbox, _directory) = of_two_rows().await;
    let written = async || {
        let total = |database: &Connection, _| database.query_row("select total_changes()", [], |row| row.get(0));
        let total: i64 = outbox.write(total).await.unwrap();
        total
    };
    let before = written().await;
    for _ in 0..3 {
        assert_eq!(outbox.claim_parts(NODE, &wanted_parts(9)).await.unwrap().len(), 0);
    }
    assert_eq!(written().await, before);
}
