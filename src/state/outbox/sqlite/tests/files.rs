//! What is in the files of the database, and what a new process makes of them.

use uuid::Uuid;

use super::*;
use crate::model::message::key::IdempotencyKey;
use crate::model::message::{Draft, Message};
use crate::model::submission::{SendOptions, Submission};
use crate::state::outbox::suite::bench;
use crate::state::outbox::{Earlier, Fence, Full, Lane, NewRow, Room, Sealer, When};

const CANARIES: [&str; 3] = ["canary-subject", "canary-body", "canary-recipient"];

fn sealer() -> Sealer {
    Sealer::new(Arc::new(StoreKeys::parse(KEYS).unwrap()))
}

fn batch(number: u128) -> Batch {
    let draft = Draft {
        to: vec!["canary-recipient@example.org".parse().unwrap()],
        subject: "canary-subject".parse().unwrap(),
        text: "canary-body".repeat(100_000).parse().ok(),
        ..Draft::default()
    };
    let message = Message::new(Uuid::from_u128(number).into(), "a@example.org".parse().unwrap(), draft).unwrap();
    let sealed =
        sealer().seal(&Submission { message, caller: "shop".into(), options: SendOptions::default() }).unwrap();
    let row = NewRow {
        id: Uuid::from_u128(number).into(),
        key: None,
        sealed,
        from_domain: "example.org".into(),
        lane: Lane::Normal,
        route_set: RouteSet::new(["mg"]),
        rules: RulesVersion(1),
        send: When::After(Duration::ZERO),
        expires: When::After(Duration::from_secs(3600)),
        earlier: Earlier::default(),
        bounces: false,
    };
    let room = Room { rows: 100, bytes: u64::MAX };
    Batch { room, callers_room: room, ..bench::batch(vec![row]) }
}

fn wanted() -> Wanted {
    let sets = vec![RouteSet::new(["mg"])];
    Wanted { sets, of_lane: [9; 3], of_caller: 9, bytes: u64::MAX, without: vec![], newest_of_four: 0, lost: true }
}

/// All bytes of the database, its log and what else is there.
fn bytes(directory: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(directory).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

fn holds(all: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(all, part).is_some()
}

#[tokio::test]
async fn no_file_shows_a_mail_and_none_keeps_its_key_once_it_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    let batch = batch(1);
    let (content, recipients) = (batch.rows[0].sealed.content.clone(), batch.rows[0].sealed.recipients.clone());
    outbox.accept(batch).await.unwrap();
    // Of one moment: what moves bytes from file to file reads them.
    let path = directory.path().to_owned();
    let all = outbox.write(move |_, _| Ok(bytes(&path))).await.unwrap();
    for canary in CANARIES {
        assert!(!holds(&all, canary.as_bytes()), "{canary}");
    }
    let parts = [&content.wrapped_key[..], &recipients.wrapped_key, &recipients.bytes, &content.parts[0][..64]];
    assert!(parts.iter().all(|part| holds(&all, part)), "a control: they are found");
    let node = NodeId(Uuid::from_u128(1));
    let hold = outbox.claim(node, &wanted()).await.unwrap()[0].hold;
    let id = Uuid::from_u128(1).into();
    assert_eq!(outbox.end(&hold, &Ended::Refused { verdicts: vec![] }).await, Ok(Some(State::Refused)));
    outbox.erase(&"shop".into(), id).await.unwrap();
    // Its end empties the log.
    drop(outbox);
    let all = bytes(directory.path());
    for (place, part) in parts.iter().enumerate() {
        assert!(!holds(&all, part), "part {place} is still there");
    }
}

#[tokio::test]
async fn only_what_was_erased_has_the_log_emptied() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    outbox.accept(batch(1)).await.unwrap();
    for (caller, number) in [("shop", 2), ("other", 1)] {
        let change = outbox.erase(&caller.into(), Uuid::from_u128(number).into()).await.unwrap();
        assert!(matches!(change, Change::NotFound));
    }
    assert_eq!(outbox.store.asked_to_empty_log(), 0);
    outbox.erase(&"shop".into(), Uuid::from_u128(1).into()).await.unwrap();
    assert_eq!(outbox.store.asked_to_empty_log(), 1);
}

#[tokio::test]
async fn a_new_process_finds_every_row_and_knows_the_dead_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    for number in 1..=3 {
        outbox.accept(batch(number)).await.unwrap();
    }
    let node = NodeId(Uuid::from_u128(1));
    let claimed = outbox.claim(node, &Wanted { of_lane: [2; 3], ..wanted() }).await.unwrap();
    let mark = Mark { upstream: "mg".into(), replay_for: None, possible_duplicate: false };
    assert_eq!(outbox.mark(&claimed[0].hold, &mark).await, Ok(true));
    drop(outbox);
    let outbox = open(directory.path(), Clock::since_start()).await;
    let Buried { queued, parked, unknown, .. } = outbox.bury(NodeId(Uuid::from_u128(2))).await.unwrap();
    assert_eq!((queued, parked, unknown), (1, 0, 1));
    let mut again = outbox.claim(NodeId(Uuid::from_u128(2)), &wanted()).await.unwrap();
    again.extend(outbox.claim(NodeId(Uuid::from_u128(2)), &wanted()).await.unwrap());
    assert_eq!(again.iter().map(|row| row.hold.fence).collect::<Vec<_>>(), [Fence(2), Fence(1)]);
    let content = again[0].content.as_ref().unwrap();
    let (message, failover) = sealer().open(again[0].id, content).unwrap();
    assert_eq!((message.subject(), message.text().unwrap().len(), failover), ("canary-subject", 1_100_000, None));
    assert!(content.parts.len() > 4, "in parts of 256 KiB");
}

#[tokio::test]
async fn nothing_is_accepted_once_the_disk_has_too_little_room() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    outbox.accept(batch(1)).await.unwrap();
    let keeping = Keeping { keep: KEEP, min_free: 10_001 };
    let full = SqliteOutbox::new(Arc::clone(&outbox.store), keeping).await.unwrap();
    assert_eq!(full.accept(batch(2)).await, Ok(vec![Acceptance::Full(Full::Disk)]));
    assert_eq!(full.claim(NodeId(Uuid::from_u128(1)), &wanted()).await.unwrap().len(), 1, "what is there goes on");
}

#[tokio::test]
async fn a_key_lives_a_day_though_the_status_would_go_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(0));
    let hands = Arc::clone(&now);
    let outbox = open(directory.path(), Clock::new(move || UnixTime(hands.load(Ordering::Relaxed)))).await;
    let forgetful = SqliteOutbox { keeping: Keeping { keep: Duration::ZERO, min_free: 0 }, ..outbox };
    let keyed = || {
        let mut batch = batch(1);
        batch.rows[0].key = Some(IdempotencyKey::new("shop", "k"));
        batch
    };
    forgetful.accept(keyed()).await.unwrap();
    forgetful.cancel(&"shop".into(), Uuid::from_u128(1).into()).await.unwrap();
    now.store(24 * 3_600_000 - 1, Ordering::Relaxed);
    assert_eq!(forgetful.sweep(Bound::STEP).await.unwrap().dropped, 0);
    assert!(matches!(forgetful.accept(keyed()).await.unwrap()[..], [Acceptance::Repeated(_)]));
    now.store(24 * 3_600_000, Ordering::Relaxed);
    assert_eq!(forgetful.sweep(Bound::STEP).await.unwrap().dropped, 1);
}
