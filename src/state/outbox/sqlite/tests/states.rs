//! Which call takes a row from which state: each call is tried on a row in every state, with the right fence and owner.

use uuid::Uuid;

use super::*;
use crate::model::message::Id;
use crate::state::outbox::suite::bench::{note, row};
use crate::state::outbox::{Fence, NewRow, Room, When};

const NODE: NodeId = NodeId(Uuid::from_u128(1));

/// A call, and whether it took the row.
type Try = for<'a> fn(&'a SqliteOutbox, &'a Hold) -> BoxFuture<'a, bool>;

fn id() -> Id {
    Uuid::from_u128(1).into()
}

async fn ended(outbox: &SqliteOutbox, hold: &Hold, ended: Ended) -> bool {
    outbox.end(hold, &ended).await.unwrap().is_some()
}

fn wanted() -> Wanted {
    let sets = vec![row(1).route_set];
    Wanted { sets, of_lane: [1; 3], of_caller: 1, bytes: u64::MAX, without: vec![], newest_of_four: 0, lost: true }
}

/// The states that each call takes, in the order of [`State::ALL`]: queued, claimed, sending, unknown, parked, and four
/// that are final.
const CALLS: [(&str, &str, Try); 15] = [
    ("claim", "q........", |outbox, _| async move { !outbox.claim(NODE, &wanted()).await.unwrap().is_empty() }.boxed()),
    ("give back", ".c.......", |outbox, hold| async move { outbox.give_back(&[*hold]).await == Ok(1) }.boxed()),
    ("mark", ".cs......", |outbox, hold| {
        let mark = Mark { upstream: "mg".into(), replay_for: None, possible_duplicate: false };
        async move { outbox.mark(hold, &mark).await.unwrap() }.boxed()
    }),
    ("end accepted", "..su.....", |outbox, hold| {
        ended(outbox, hold, Ended::Accepted { verdicts: vec![], possible_duplicate: false }).boxed()
    }),
    ("end refused", ".csu.....", |outbox, hold| ended(outbox, hold, Ended::Refused { verdicts: vec![] }).boxed()),
    ("end again", ".csu.....", |outbox, hold| {
        let (wait, counted) = (Duration::ZERO, true);
        ended(outbox, hold, Ended::Again { verdicts: vec![], wait, counted, possible_duplicate: false }).boxed()
    }),
    ("end unknown", "..su.....", |outbox, hold| {
        ended(outbox, hold, Ended::Unknown { verdicts: vec![], replay_after: Duration::ZERO }).boxed()
    }),
    ("replay", "...u.....", |outbox, _| {
        async move { outbox.replay(NODE, "mg", Bound::STEP).await.unwrap().len() == 1 }.boxed()
    }),
    ("bury", ".cs......", |outbox, _| {
        async move { outbox.bury(NodeId(Uuid::nil())).await.unwrap() != Buried::default() }.boxed()
    }),
    ("expire", "q...p....", |outbox, _| async move { outbox.sweep(Bound::STEP).await.unwrap().expired == 1 }.boxed()),
    ("cancel", "qc..p....", |outbox, _| {
        async move { matches!(outbox.cancel(&"shop".into(), id()).await, Ok(Change::Cancelled(_))) }.boxed()
    }),
    ("reschedule", "q........", |outbox, _| {
        async move { matches!(outbox.reschedule(&"shop".into(), id(), UnixTime(0)).await, Ok(Change::Done(_))) }.boxed()
    }),
    ("retry", "...up....", |outbox, _| ordered(outbox, Order::Retry).boxed()),
    ("settle as none", "...u.....", |outbox, _| ordered(outbox, Order::SettleAsNone).boxed()),
    ("settle as accepted", "...u.....", |outbox, _| ordered(outbox, Order::SettleAsAccepted).boxed()),
];

async fn ordered(outbox: &SqliteOutbox, order: Order) -> bool {
    matches!(outbox.order(id(), order, note("order")).await, Ok(Ordered::Done(_)))
}

#[tokio::test]
async fn every_call_takes_a_row_from_its_states_alone() {
    let directory = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(0));
    let hands = Arc::clone(&now);
    let outbox = open(directory.path(), Clock::new(move || UnixTime(hands.load(Ordering::Relaxed)))).await;
    let hold = Hold { row: RowId(1), fence: Fence(1), node: NODE };
    for (call, states, attempt) in CALLS {
        for (state, expected) in State::ALL.into_iter().zip(states.chars()) {
            one_in(&outbox, state).await;
            // An hour later only the sweep has something to do.
            now.store(if call == "expire" { 3_600_000 } else { 0 }, Ordering::Relaxed);
            let taken = attempt(&outbox, &hold).await;
            now.store(0, Ordering::Relaxed);
            assert_eq!(taken, expected != '.', "{call} on {}", state.as_str());
        }
    }
}

/// Makes the one row anew, in this state, with the fence that fits the hold and, where it is in hand, the owner. Nobody has
/// seen that node.
async fn one_in(outbox: &SqliteOutbox, state: State) {
    let new = NewRow { expires: When::After(Duration::from_secs(3600)), ..row(1) };
    let room = Room { rows: 9, bytes: 9999 };
    let batch = Batch { caller: "shop".into(), rows: vec![new], atomic: false, room, callers_room: room };
    let make = move |database: &Connection, at| {
        database.execute_batch(
            "delete from submission; delete from content; delete from node; delete from sqlite_sequence",
        )?;
        database.execute_batch("update caller set held = 0, bytes = 0")?;
        accept::accept(database, at, &batch, true)?;
        let set = "update envelope set state = ?1, fence = 1, owner = iif(?1 in (1, 2), ?2, null), upstream = 'mg',
             replay_until = 1000";
        database.execute(set, rusqlite::params![state, NODE]).map(drop)
    };
    outbox.write(make).await.unwrap();
}
