//! The pump over a SQLite store, in real time: from a sealed submission to its end.

use super::super::super::{
    Acceptance, Batch, Earlier, Keeping, NewRow, Outbox, RouteSet, RulesVersion, Sealer, SqliteOutbox, TABLES, When,
    Withdrawal,
};
use super::*;
use crate::runtime::unix_time::UnixTime;
use crate::state::store::{Clock, Sqlite, Start, StoreKeys};

const KEYS: &str = "a:1111111111111111111111111111111111111111111111111111111111111111";
const ROWS: usize = 20;
const HOUR: Duration = Duration::from_secs(3600);

/// Submissions whose contents only this sealer can open.
fn batch(sealer: &Sealer, rules: RulesVersion) -> Batch {
    let row = |_| {
        let message = mail_with(crate::runtime::ids::fresh().into(), "a@example.org");
        let submission = submission(message, SendOptions::default());
        NewRow {
            id: submission.message.id(),
            key: None,
            sealed: sealer.seal(&submission).unwrap(),
            from_domain: "example.org".to_owned(),
            lane: Lane::Normal,
            route_set: RouteSet::new(["u0"]),
            rules,
            send: When::After(Duration::ZERO),
            expires: When::After(HOUR),
            earlier: Earlier::default(),
            bounces: false,
        }
    };
    let room = Room { rows: 1000, bytes: 1 << 30 };
    Batch {
        withdrawal: Withdrawal::default(),
        caller: "caller".into(),
        rows: (0..ROWS).map(row).collect(),
        atomic: true,
        room,
        callers_room: room,
    }
}

async fn open(directory: &std::path::Path, keys: &StoreKeys) -> Arc<dyn Outbox> {
    let (clock, metrics) = (Clock::new(|| UnixTime(1_800_000_000_000)), Arc::new(Metrics::default()));
    let restarts = Arc::default();
    let store = Sqlite::open(Start { directory, keys, modules: &[TABLES], clock, metrics, restarts }).unwrap();
    Arc::new(SqliteOutbox::new(Arc::new(store), Keeping { keep: HOUR, min_free: 0 }).await.unwrap())
}

/// Waits until all rows are in this state.
async fn until_all_are(store: &Arc<dyn Outbox>, state: State) {
    let start = Instant::now();
    loop {
        let counts = store.counts().await.unwrap();
        if counts.iter().filter(|count| count.state == state).map(|count| count.rows).sum::<u64>() == ROWS as u64 {
            return;
        }
        assert!(start.elapsed() < 30 * SECOND, "{counts:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_submissions_in_sqlite_are_handed_over_once_and_end_accepted() {
    let (directory, keys) = (tempfile::tempdir().unwrap(), StoreKeys::parse(KEYS).unwrap());
    let store = open(directory.path(), &keys).await;
    let sealer = Sealer::new(Arc::new(keys));
    let scripts: [(Capabilities, &[Act]); 1] = [(ANY, &[TAKES; ROWS])];
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1, &scripts);
    let rules = RulesVersion(fixture.dispatcher.rules_version().cast_signed());
    let answers = store.accept(batch(&sealer, rules)).await.unwrap();
    assert!(answers.iter().all(|answer| matches!(answer, Acceptance::Accepted(_))), "{answers:?}");
    let pump = Pump::new(Parts {
        store: Arc::clone(&store),
        contents: Arc::new(sealer),
        dispatcher: Arc::clone(&fixture.dispatcher),
        node: NodeId(crate::runtime::ids::fresh()),
        drain: Shutdown::default(),
        policy: Policy::default(),
        max_window: 16,
        paused_start: PausedStart::default(),
        direct: None,
        metrics: Arc::new(metrics_of(&Metrics::default(), Room { rows: 1, bytes: 1 })),
        traces: Traces::default(),
    });
    let at_work = tokio::spawn(async move { pump.run(Arc::default()).await });
    until_all_are(&store, State::Accepted).await;
    assert_eq!(fixture.calls(), [ROWS as u32]);
    at_work.abort();
}
