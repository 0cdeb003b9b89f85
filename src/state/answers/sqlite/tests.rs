//! The records in SQLite: what every store has to do, and what only this one can show.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use uuid::Uuid;

use super::*;
use crate::model::message::key::IdempotencyKey;
use crate::state::answers::stored::{Record, Recorded};
use crate::state::answers::suite::bench::{Bench, Time};
use crate::state::answers::suite::conformance;
use crate::state::store::released::{only_add_to, sqlite_columns};
use crate::state::store::{Clock, OpenError, Start, StoreKeys};

const KEYS: &str = "a:1111111111111111111111111111111111111111111111111111111111111111";

/// A clock that tests set.
struct Hands(Arc<AtomicI64>);

impl Time for Hands {
    fn advance(&self, time: Duration) -> BoxFuture<'_, ()> {
        let now = UnixTime(self.0.load(Ordering::Relaxed)).after(time);
        self.0.store(now.0, Ordering::Relaxed);
        ready(()).boxed()
    }
}

fn store(directory: &Path, keys: &str, clock: Clock) -> Result<Arc<Sqlite>, OpenError> {
    let keys = StoreKeys::parse(keys).unwrap();
    let (metrics, restarts) = (Arc::default(), Arc::default());
    let start = Start { directory, keys: &keys, modules: &[TABLES], clock, metrics, restarts };
    Sqlite::open(start).map(Arc::new)
}

async fn open(directory: &Path, clock: Clock) -> SqliteAnswers {
    SqliteAnswers::new(store(directory, KEYS, clock).unwrap()).await.unwrap()
}

async fn bench() -> Option<Bench> {
    let directory = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicI64::new(1_800_000_000_000));
    let hands = Arc::clone(&time);
    let clock = Clock::new(move || UnixTime(hands.load(Ordering::Relaxed)));
    let answers: Arc<dyn StoredAnswers> = Arc::new(open(directory.path(), clock).await);
    Some(Bench { nodes: vec![answers], time: Box::new(Hands(time)), _kept: Box::new(directory) })
}

conformance!(super::tests::bench);

#[tokio::test]
async fn tables_only_add_to_those_of_the_release() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path(), KEYS, Clock::since_start()).unwrap();
    only_add_to("answers/sqlite/tables.golden", &store.read(sqlite_columns).await.unwrap());
}

fn call(number: u128) -> NewCall {
    let (key, number) = (IdempotencyKey::new("shop", "k"), CallNumber(Uuid::from_u128(number)));
    NewCall { key, id: Uuid::from_u128(1).into(), caller: "shop".into(), number, lease: Duration::from_secs(20) }
}

fn sealed() -> SealedAnswer {
    SealedAnswer { key_id: "a".to_owned(), wrapped_key: vec![1], bytes: vec![2] }
}

#[tokio::test]
async fn what_an_earlier_process_had_in_flight_is_unknown_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Clock::since_start;
    let (id, record) = (call(1).id, |answer| Record {
        of: CallNumber(Uuid::from_u128(1)),
        state: Recorded::Unknown,
        answer,
        ended_ago: Duration::ZERO,
    });
    let first = open(directory.path(), clock()).await;
    assert_eq!(first.begin(call(1)).await, Ok(Begun::InFlight));
    drop(first);
    let second = open(directory.path(), clock()).await;
    assert_eq!(second.begin(call(2)).await, Ok(Begun::Held(Box::new(record(None)))));
    assert_eq!(second.end(id, call(1).number, End::Unknown(Some(sealed()))).await, Ok(Settled::Written));
    assert_eq!(second.ask_again(id, call(1).number, call(3).number, call(3).lease).await, Ok(true));
    drop(second);
    let third = open(directory.path(), clock()).await;
    let Ok(Begun::Held(held)) = third.begin(call(4)).await else { panic!("it is held") };
    assert_eq!((held.state, held.answer), (Recorded::Unknown, Some(sealed())), "with the answer before");
    assert_eq!(third.ask_again(id, held.of, call(5).number, call(5).lease).await, Ok(true));
}

#[tokio::test]
async fn a_start_with_a_clock_that_is_far_ahead_keeps_what_is_held() {
    let directory = tempfile::tempdir().unwrap();
    let days = |days: u32| Clock::new(move || UnixTime(1_800_000_000_000).after(days * KEPT));
    let (first, number) = (open(directory.path(), days(0)).await, call(1).number);
    assert_eq!(first.begin(call(1)).await, Ok(Begun::InFlight));
    assert_eq!(first.end(call(1).id, number, End::Accepted(Some(sealed()))).await, Ok(Settled::Written));
    drop(first);
    let second = open(directory.path(), days(7)).await;
    assert_eq!(second.sweep(10).await, Ok(0));
    let Ok(Begun::Held(held)) = second.begin(call(2)).await else { panic!("it is held") };
    assert_eq!((held.of, held.ended_ago), (number, 7 * KEPT), "as old as the clock says: nobody asks again");
    assert!(matches!(second.look("shop".into(), call(1).id).await, Ok(Some(CallState::Ended(_)))));
}

#[tokio::test]
async fn a_key_of_the_store_is_needed_as_long_as_it_seals_an_answer() {
    let directory = tempfile::tempdir().unwrap();
    let other = format!("b:{}", "2".repeat(64));
    let answers = open(directory.path(), Clock::since_start()).await;
    assert_eq!(answers.begin(call(1)).await, Ok(Begun::InFlight));
    assert_eq!(answers.end(call(1).id, call(1).number, End::Accepted(Some(sealed()))).await, Ok(Settled::Written));
    drop(answers);
    let refused = store(directory.path(), &other, Clock::since_start()).err();
    assert!(matches!(refused, Some(OpenError::MissingKey(key)) if key == "a"));
    let both = store(directory.path(), &format!("{other},{KEYS}"), Clock::since_start()).unwrap();
    for change in ["select 1", "delete from store_time"] {
        both.write(move |database| database.execute_batch(change)).await.unwrap();
    }
    drop(both);
    let later = Clock::new(|| UnixTime(0).after(100 * 365 * KEPT));
    let answers = open(directory.path(), later).await;
    assert_eq!(answers.sweep(10).await, Ok(1));
    drop(answers);
    store(directory.path(), &other, Clock::since_start()).expect("nothing needs the former key");
}
