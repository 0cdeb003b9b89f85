//! Nodes that share orders, on a paused clock and a store in memory.

mod model;

use tokio::task::JoinHandle;
use tokio::time::{Instant, advance, sleep};

use super::fake::{FakeStore, Fault, SETTLING};
use super::*;
use crate::delivery::circuit::Override;
use crate::delivery::upstream::fixture::accepting;
use crate::runtime::metrics::Metrics;
use crate::state::audit::Actor;

const MINUTE: Duration = Duration::from_secs(60);
const OPEN: Order = Order::Override { to: Override::Open, ends_after: None };
const CLOSED: Order = Order::Override { to: Override::Closed, ends_after: None };
const AUTO: Order = Order::Override { to: Override::Auto, ends_after: None };

fn open_for(time: Duration) -> Order {
    Order::Override { to: Override::Open, ends_after: Some(time) }
}

/// A node with these upstreams; it ends when this is dropped.
struct Node {
    upstreams: Arc<[Arc<Upstream>]>,
    overrides: Arc<Overrides>,
    metrics: Arc<Metrics>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Node {
    async fn start(store: &Arc<FakeStore>, name: &str, upstreams: &[&str]) -> Self {
        let upstreams: Arc<[_]> = upstreams.iter().map(|name| accepting(name)).collect();
        let metrics = Arc::new(Metrics::default());
        let sharing = Sharing::new(store.clone(), name.to_owned(), Arc::clone(&metrics));
        let overrides = Arc::new(Overrides::new(Arc::clone(&upstreams), Arc::default()).shared(sharing));
        overrides.begin().await;
        let (sharing, ending) = (Arc::clone(&overrides), Arc::clone(&overrides));
        let tasks = vec![
            tokio::spawn(async move { sharing.share().await }),
            tokio::spawn(async move { ending.end_when_due().await }),
        ];
        tokio::task::yield_now().await;
        Self { upstreams, overrides, metrics, tasks }
    }

    async fn order(&self, order: Order) {
        self.order_by("ada", order).await;
    }

    async fn order_by(&self, who: &str, order: Order) {
        let origin = Origin { actor: Actor::Admin(who.into()), peer: None };
        self.overrides.order("mg", order, origin).await.unwrap();
    }

    fn holds(&self) -> Override {
        self.upstreams[0].snapshot().overriding
    }

    fn unwritten(&self) -> String {
        let page = self.metrics.render();
        let line = page.lines().find(|line| line.starts_with("smsp_circuit_orders_unwritten "));
        line.unwrap_or_default().rsplit(' ').next().unwrap_or_default().to_owned()
    }
}

/// Who has made each change in the audit log of the store, the oldest first.
fn by(store: &FakeStore) -> Vec<String> {
    store.audit().into_iter().map(|entry| entry.who).collect()
}

async fn two() -> (Arc<FakeStore>, Node, Node) {
    let store = Arc::new(FakeStore::new());
    let (a, b) = (Node::start(&store, "a", &["mg", "sg"]).await, Node::start(&store, "b", &["mg"]).await);
    (store, a, b)
}

#[tokio::test(start_paused = true)]
async fn an_order_holds_at_its_node_at_once_and_at_the_others_within_five_seconds() {
    let (store, a, b) = two().await;
    a.order(OPEN).await;
    assert_eq!(
        (a.holds(), store.holds("mg"), a.overrides.are_in_store("mg")),
        (Override::Open, Override::Open, Some(true))
    );
    sleep(Duration::from_secs(5)).await;
    assert_eq!(b.holds(), Override::Open);
    let holder = b.overrides.holder("mg").unwrap();
    assert_eq!((&*holder.who, holder.since), ("ada", a.overrides.holder("mg").unwrap().since));
    b.order(AUTO).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!((a.holds(), a.overrides.holder("mg")), (Override::Auto, None));
    assert_eq!(by(&store), ["ada", "ada"]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_starts_has_the_overrides_before_it_serves() {
    let (store, a, _b) = two().await;
    a.order(open_for(MINUTE)).await;
    drop(a);
    advance(MINUTE / 2).await;
    let again = Node::start(&store, "a", &["sg", "mg"]).await;
    assert_eq!(again.upstreams[1].snapshot().overriding, Override::Open);
    assert_eq!(again.overrides.ends_in("mg"), Some(MINUTE / 2), "the end is a point in time");
    assert_eq!(again.upstreams[0].snapshot().overriding, Override::Auto);
    let elsewhere = Node::start(&store, "c", &["ses"]).await;
    assert_eq!(elsewhere.holds(), Override::Auto, "an upstream that a node does not have is left alone");
}

#[tokio::test(start_paused = true)]
async fn an_override_ends_on_every_node_and_is_recorded_once() {
    let (store, a, b) = two().await;
    a.order(open_for(MINUTE)).await;
    sleep(MINUTE - Duration::from_millis(10)).await;
    assert_eq!((a.holds(), b.holds()), (Override::Open, Override::Open));
    sleep(Duration::from_millis(20)).await;
    assert_eq!((a.holds(), b.holds()), (Override::Auto, Override::Auto), "no read is needed for that");
    sleep(SETTLING).await;
    assert_eq!((store.holds("mg"), by(&store)), (Override::Auto, vec!["ada".into(), "timer".into()]));
}

#[tokio::test(start_paused = true)]
async fn an_override_that_ended_while_no_node_ran_is_ended_and_recorded_by_the_next_one() {
    let (store, a, b) = two().await;
    a.order(open_for(MINUTE)).await;
    drop((a, b));
    advance(MINUTE * 2).await;
    let again = Node::start(&store, "a", &["mg"]).await;
    sleep(SETTLING).await;
    assert_eq!(
        (again.holds(), store.holds("mg"), by(&store)),
        (Override::Auto, Override::Auto, vec!["ada".into(), "timer".into()])
    );
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_carried_out_once_by_each_node_and_not_by_one_that_starts_later() {
    let (store, a, b) = two().await;
    let generation = |node: &Node| node.upstreams[0].snapshot().generation;
    let before = (generation(&a), generation(&b));
    a.order(Order::Reset).await;
    sleep(SETTLING).await;
    assert_eq!((generation(&a), generation(&b)), (before.0 + 1, before.1 + 1));
    b.order(Order::Reset).await;
    a.order(Order::Reset).await;
    sleep(SETTLING).await;
    let after = (generation(&a), generation(&b));
    assert!(after.0 > before.0 + 1 && after.1 > before.1 + 1);
    sleep(SETTLING).await;
    assert_eq!((generation(&a), generation(&b)), after, "once");
    let later = Node::start(&store, "c", &["mg"]).await;
    sleep(SETTLING).await;
    assert_eq!(generation(&later), 0, "those before it are not its own");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_has_not_read_the_store_does_not_say_that_orders_are_there() {
    let store = Arc::new(FakeStore::new());
    store.set(Fault::Down);
    let node = Node::start(&store, "a", &["mg"]).await;
    assert_eq!(node.overrides.are_in_store("mg"), Some(false));
    store.set(Fault::None);
    sleep(SETTLING).await;
    assert_eq!(node.overrides.are_in_store("mg"), Some(true));
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_of_the_store_an_order_holds_here_at_once_and_everywhere_once_it_is_back() {
    for fault in [Fault::Down, Fault::ReadOnly, Fault::LostCall, Fault::LostAnswer, Fault::Hanging] {
        let (store, a, b) = two().await;
        store.set(fault);
        let start = Instant::now();
        a.order(OPEN).await;
        assert_eq!((a.holds(), a.overrides.are_in_store("mg")), (Override::Open, Some(false)), "{fault:?}");
        assert!(start.elapsed() < Duration::from_secs(8), "{fault:?}: {:?}", start.elapsed());
        assert_eq!((b.holds(), a.unwritten()), (Override::Auto, "1".to_owned()), "{fault:?}");
        sleep(MINUTE).await;
        assert_eq!(a.holds(), Override::Open, "{fault:?}");
        store.set(Fault::None);
        sleep(SETTLING).await;
        assert_eq!((a.overrides.are_in_store("mg"), a.unwritten()), (Some(true), "0".to_owned()), "{fault:?}");
        assert_eq!((a.holds(), b.holds(), store.holds("mg")), (Override::Open, Override::Open, Override::Open));
        assert_eq!(by(&store), ["ada"], "{fault:?}: recorded once");
    }
}

#[tokio::test(start_paused = true)]
async fn of_orders_given_while_a_node_is_cut_off_the_younger_one_holds_and_both_are_recorded() {
    for a_is_younger in [true, false] {
        let (store, a, b) = two().await;
        if a_is_younger {
            b.order_by("bob", CLOSED).await;
            sleep(Duration::from_millis(100)).await;
        }
        store.set(Fault::Down);
        a.order(OPEN).await;
        // It is cut off from now on.
        a.tasks[0].abort();
        sleep(MINUTE).await;
        store.set(Fault::None);
        if !a_is_younger {
            b.order_by("bob", CLOSED).await;
        }
        sleep(SETTLING).await;
        assert_eq!((a.holds(), b.holds()), (Override::Open, Override::Closed));
        let sharing = Arc::clone(&a.overrides);
        let task = tokio::spawn(async move { sharing.share().await });
        sleep(SETTLING).await;
        let expected = if a_is_younger { Override::Open } else { Override::Closed };
        assert_eq!((a.holds(), b.holds(), store.holds("mg")), (expected, expected, expected));
        let mut recorded = by(&store);
        recorded.sort();
        assert_eq!(recorded, ["ada", "bob"]);
        task.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn an_override_ends_while_the_store_is_away_and_is_recorded_once_it_is_back() {
    let (store, a, b) = two().await;
    a.order(open_for(MINUTE)).await;
    sleep(SETTLING).await;
    store.set(Fault::Down);
    sleep(MINUTE).await;
    assert_eq!((a.holds(), b.holds(), store.holds("mg")), (Override::Auto, Override::Auto, Override::Open));
    store.set(Fault::None);
    sleep(SETTLING).await;
    assert_eq!((a.holds(), b.holds(), store.holds("mg")), (Override::Auto, Override::Auto, Override::Auto));
    assert_eq!(by(&store), ["ada", "timer"]);
}

#[tokio::test(start_paused = true)]
async fn a_jump_of_the_clock_moves_an_end_on_all_nodes_alike() {
    let (store, a, b) = two().await;
    a.order(open_for(MINUTE)).await;
    store.jump(30_000);
    sleep(MINUTE / 2 + Duration::from_millis(10)).await;
    assert_eq!((a.holds(), b.holds()), (Override::Auto, Override::Auto));
}

#[tokio::test(start_paused = true)]
async fn an_older_copy_of_the_store_has_the_last_word() {
    let (store, a, b) = two().await;
    a.order(OPEN).await;
    sleep(SETTLING).await;
    store.forget();
    sleep(SETTLING).await;
    assert_eq!((a.holds(), b.holds()), (Override::Auto, Override::Auto));
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_store_is_away_at_its_start_starts_and_takes_over_what_holds_later() {
    let (store, a, _b) = two().await;
    a.order(OPEN).await;
    a.order(Order::Reset).await;
    store.set(Fault::Hanging);
    let start = Instant::now();
    let late = Node::start(&store, "c", &["mg"]).await;
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(late.holds(), Override::Auto);
    store.set(Fault::None);
    sleep(SETTLING).await;
    assert_eq!(
        (late.holds(), late.upstreams[0].snapshot().generation),
        (Override::Open, 1),
        "the reset is not its own"
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panicked_leaves_its_orders_to_the_next_one() {
    let (store, a, _b) = two().await;
    a.tasks[0].abort();
    tokio::task::yield_now().await;
    let given = {
        let overrides = Arc::clone(&a.overrides);
        let origin = Origin { actor: Actor::Loopback, peer: None };
        tokio::spawn(async move { overrides.order("mg", OPEN, origin).await })
    };
    sleep(Duration::from_secs(1)).await;
    assert_eq!(a.holds(), Override::Auto, "nobody carries it out");
    let sharing = Arc::clone(&a.overrides);
    let task = tokio::spawn(async move { sharing.share().await });
    given.await.unwrap().unwrap();
    assert_eq!((a.holds(), store.holds("mg")), (Override::Open, Override::Open));
    task.abort();
}
