//! A kill at each point of each case, on both stores: a sample in each check, all of them in `scripts/check --long`.

use futures_util::{StreamExt, stream};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::cases::{CASES, Case};
use super::run::{Point, Run};
use crate::harness::database::Database;
use crate::harness::report;
use crate::harness::seed::seed;

/// Runs beside each other.
const AT_ONCE: usize = 6;
/// Beyond the end of every run: the most that strace counts to.
const END: usize = 65_535;

#[derive(Clone, Copy, Debug)]
enum Store {
    Sqlite,
    Postgres,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_at_a_step_of_each_case_recipients_have_their_mail_once_or_in_doubt_on_sqlite() {
    sample(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_at_a_step_of_each_case_recipients_have_their_mail_once_or_in_doubt_on_postgresql() {
    sample(Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: scripts/check --long direct-kills"]
async fn after_a_kill_at_every_step_of_each_case_recipients_have_their_mail_once_or_in_doubt_on_sqlite() {
    all(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: scripts/check --long direct-kills"]
async fn after_a_kill_at_every_step_of_each_case_recipients_have_their_mail_once_or_in_doubt_on_postgresql() {
    all(Store::Postgres).await;
}

/// One point of each case.
async fn sample(store: Store) {
    let seed = seed();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut point = |case| {
        let point = match (store, random.bool()) {
            (Store::Sqlite, true) => Point::Write(random.usize(1..60)),
            (Store::Sqlite, false) => Point::Event(random.usize(1..20)),
            (Store::Postgres, _) => Point::Event(random.usize(1..120)),
        };
        (case, point)
    };
    run(store, CASES.iter().map(&mut point).collect(), &format!("SMSP_TEST_SEED={seed}")).await;
}

/// Every point of each case: how many there are, a run without an early kill tells.
async fn all(store: Store) {
    let ends = |point| CASES.iter().map(|case| (case, point)).collect();
    let events = run(store, ends(Point::Event(END)), "to the end").await;
    let writes = match store {
        Store::Sqlite => run(store, ends(Point::Write(END)), "to the end").await,
        Store::Postgres => Vec::new(),
    };
    let points = |counts: &[usize], kind: fn(usize) -> Point| {
        let of_case = |(case, count): (&'static Case, &usize)| (1..=*count).map(move |at| (case, kind(at)));
        CASES.iter().zip(counts).flat_map(of_case).collect::<Vec<_>>()
    };
    let points = [points(&events, Point::Event), points(&writes, Point::Write)].concat();
    let (cases, count) = (CASES.len(), points.len());
    if count == 0 {
        // Without a database all runs were skipped, and that is counted.
        return;
    }
    run(store, points, "every point").await;
    let figures =
        format!("{store:?}: {cases} cases, killed at {count} points ({events:?} {writes:?}): nobody has a mail twice");
    report("D-kills", &figures);
}

/// How many points each had.
async fn run(store: Store, points: Vec<(&'static Case, Point)>, which: &str) -> Vec<usize> {
    let one = async |(case, point)| {
        let database = match store {
            Store::Sqlite => Some(Database::sqlite()),
            Store::Postgres => Database::postgres().await,
        };
        let Some(database) = database else { return 0 };
        // A run waits for processes, and must not hold up the calls of another one.
        let runtime = Handle::current();
        let ran =
            spawn_blocking(move || runtime.block_on(async { Run::new(case, point, database).await.ends().await }))
                .await;
        ran.unwrap_or_else(|error| panic!("{which}: {store:?}, {} at {point:?}: {error}", case.name))
    };
    stream::iter(points).map(one).buffered(AT_ONCE).collect().await
}
