//! The pump over scripted providers and a store in memory, on paused time.

mod direct;
mod drain;
mod fake;
mod faults;
mod held;
mod restarts;
mod room;
mod rows;
mod silence;
mod sqlite;
mod verdicts;

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use self::fake::{Fake, Fault};
use super::super::row::{Lane, NodeId, State};
use super::super::sealed::{Hmac, KeyId, SealedContent, SealedRecipients};
use super::super::{PausedStart, Room, Traces, metrics_of};
use super::*;
use crate::delivery::circuit::Override;
use crate::delivery::dispatch::fixture::{Act, Fixture, SECOND, mail_with, submission};
use crate::delivery::provider::Capabilities;
use crate::delivery::routing::Strategy;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::outcome::{Outcome, Reason};
use crate::model::submission::{Failover, SendOptions, Submission};
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;

const TAKES: Act = Act::Say(Outcome::Accepted);
const ANY: Capabilities = Capabilities::ANY;

/// Every content is a message, unless its caller is called `sealed`, or `elsewhere`, where its key is another node's; that
/// of `panics` brings a fault of ours to light.
struct AnyMail;

impl Contents for AnyMail {
    fn open(&self, id: Id, caller: &CallerName, _: &SealedContent) -> Option<Submission> {
        assert_ne!(caller.as_str(), "panics", "a fault of ours");
        let is_open = !["sealed", "elsewhere"].contains(&caller.as_str());
        is_open.then(|| submission(mail_with(id, "a@example.org"), SendOptions::default()))
    }

    fn has_key(&self, key: &KeyId) -> bool {
        key.0 != "elsewhere"
    }

    fn recipients(&self, _: Id, _: &SealedRecipients) -> Option<Vec<String>> {
        None
    }

    fn domain(&self, _: &str) -> Option<Hmac> {
        Some(Hmac([0; 32]))
    }
}

/// A pump at work.
struct Node {
    fixture: Arc<Fixture>,
    store: Arc<Fake>,
    pump: Pump,
    drain: Shutdown,
    restarts: Arc<Restarts>,
    metrics: Metrics,
    _tasks: JoinSet<()>,
}

impl Node {
    /// Over upstreams with these scripts, whose circuits do not open by themselves.
    fn start(scripts: &[&[Act]]) -> Self {
        let scripts: Vec<_> = scripts.iter().map(|script| (ANY, *script)).collect();
        Self::over(Fixture::of(Failover::Safe, Strategy::Priority, 1000, &scripts))
    }

    fn over(fixture: Fixture) -> Self {
        Self::with(Arc::default(), Arc::new(fixture))
    }

    fn with(store: Arc<Fake>, fixture: Arc<Fixture>) -> Self {
        Self::begin(store, fixture, PausedStart::default())
    }

    /// Paused so, over upstreams with these scripts.
    fn held(paused_start: PausedStart, scripts: &[&[Act]]) -> Self {
        let scripts: Vec<_> = scripts.iter().map(|script| (ANY, *script)).collect();
        let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1000, &scripts);
        Self::begin(Arc::default(), Arc::new(fixture), paused_start)
    }

    fn begin(store: Arc<Fake>, fixture: Arc<Fixture>, paused_start: PausedStart) -> Self {
        let (drain, metrics) = (Shutdown::default(), Metrics::default());
        store.rules.store(fixture.dispatcher.rules_version().cast_signed(), Ordering::Relaxed);
        let pump = Pump::new(Parts {
            store: Arc::clone(&store) as Arc<dyn super::super::Outbox>,
            contents: Arc::new(AnyMail),
            dispatcher: Arc::clone(&fixture.dispatcher),
            node: NodeId(Uuid::from_u128(1)),
            drain: drain.clone(),
            policy: Policy::default(),
            max_window: 16,
            paused_start,
            direct: None,
            metrics: Arc::new(metrics_of(&metrics, Room { rows: 1, bytes: 1 })),
            traces: Traces::default(),
        });
        let (mut tasks, at_work, restarts) = (JoinSet::new(), pump.clone(), Arc::<Restarts>::default());
        let counted = Arc::clone(&restarts);
        tasks.spawn(async move { at_work.run(counted).await });
        Self { fixture, store, pump, drain, restarts, metrics, _tasks: tasks }
    }

    /// New rows of this caller, for any of these upstreams.
    fn add(&self, rows: usize, caller: &'static str, set: &[&str]) {
        (0..rows).for_each(|_| self.store.add(caller, set, Lane::Normal));
        self.pump.wake();
    }

    /// Waits for that, in small steps.
    async fn until(&self, what: impl Fn(&Fake) -> bool) {
        let start = Instant::now();
        while !what(&self.store) {
            let rows: Vec<_> =
                self.store.rows.lock().unwrap().iter().map(|row| (row.state, row.ends.clone())).collect();
            assert!(start.elapsed() < 3600 * SECOND, "not within an hour: {rows:?}, asked {:?}", self.store.asked());
            sleep(Duration::from_millis(1)).await;
        }
    }

    async fn until_all_are(&self, state: State) {
        self.until(|store| store.count(state) == store.rows.lock().unwrap().len()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_row_is_claimed_marked_handed_over_and_ended_once() {
    let node = Node::start(&[&[TAKES; 300]]);
    node.add(300, "a", &["u0"]);
    node.until_all_are(State::Accepted).await;
    assert_eq!(node.fixture.calls(), [300]);
    let asked = node.store.asked();
    let count = |wanted| asked.iter().filter(|call| **call == wanted).count();
    assert_eq!((count("mark"), count("end"), count("give_back")), (300, 300, 0));
    assert!(node.store.rows.lock().unwrap().iter().all(|row| row.fence == 1 && row.ends == ["accepted u0:accepted"]));
}

#[tokio::test(start_paused = true)]
async fn without_consent_nothing_is_handed_over() {
    for fault in [Fault::No, Fault::Down, Fault::Unclear] {
        let node = Node::start(&[&[TAKES]]);
        node.store.fail("mark", fault);
        node.add(1, "a", &["u0"]);
        node.until(|store| store.row(0).state == State::Queued && store.row(0).fence == 1).await;
        assert_eq!(node.fixture.calls(), [0], "{fault:?}");
        node.until_all_are(State::Accepted).await;
        assert_eq!(node.fixture.calls(), [1], "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn end_is_recorded_though_the_store_is_down_for_a_while() {
    let node = Node::start(&[&[TAKES]]);
    for fault in [Fault::Down, Fault::Unclear, Fault::Down] {
        node.store.fail("end", fault);
    }
    node.add(1, "a", &["u0"]);
    node.until_all_are(State::Accepted).await;
    sleep(60 * SECOND).await;
    assert_eq!(node.fixture.calls(), [1]);
}

#[tokio::test(start_paused = true)]
async fn mail_that_cannot_be_opened_is_lost_and_holds_nobody_up() {
    let node = Node::start(&[&[TAKES; 5]]);
    node.add(5, "sealed", &["u0"]);
    node.add(5, "a", &["u0"]);
    node.until(|store| store.count(State::Accepted) == 5).await;
    let row = node.store.row(0);
    assert_eq!((row.state, row.attempts, row.ends), (State::Queued, 0, vec!["lost".to_owned()]));
    assert!(row.due > Instant::now() + 50 * SECOND, "as after a first attempt");
}

#[tokio::test(start_paused = true)]
async fn mail_that_is_sealed_under_a_key_of_another_node_waits_for_it_and_is_never_lost() {
    let node = Node::start(&[&[TAKES]]);
    node.add(20, "elsewhere", &["u0"]);
    sleep(3700 * SECOND).await;
    let looks = node.store.row(0).ends.len();
    assert!((50..=62).contains(&looks), "once a minute: {looks}");
    sleep(4 * 3600 * SECOND).await;
    let rows = || (0..20).map(|row| node.store.row(row));
    assert!(
        rows().all(|row| row.state == State::Queued && row.attempts == 0 && row.ends.iter().all(|end| end == "again "))
    );
    let looks = node.store.row(0).ends.len() - looks;
    assert!((38..=50).contains(&looks), "each five minutes: {looks}");
    assert_eq!(node.fixture.calls(), [0]);
    let looked: usize = rows().map(|row| row.ends.len()).sum();
    let shown = format!("smsp_outbox_sealed_elsewhere_total {looked}\n");
    assert!(node.metrics.render().contains(&shown), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn node_that_the_store_has_not_heard_of_claims_nothing() {
    let node = Node::start(&[&[TAKES]]);
    (0..3).for_each(|_| node.store.fail("heartbeat", Fault::Down));
    node.add(1, "a", &["u0"]);
    sleep(14 * SECOND).await;
    assert_eq!(node.store.asked(), [""; 0]);
    node.until_all_are(State::Accepted).await;
}
