//! Orders that end, are replaced and are recorded, on a paused clock.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use proptest::prelude::*;
use tokio::time::advance;

use super::*;
use crate::delivery::circuit::{Override, State};
use crate::delivery::upstream::fixture::accepting;
use crate::state::audit::{Actor, CAPACITY, Numbered};

const MINUTE: Duration = Duration::from_secs(60);
const OPEN: Order = Order::Override { to: Override::Open, ends_after: None };
const AUTO: Order = Order::Override { to: Override::Auto, ends_after: None };

fn open_for(time: Duration) -> Order {
    Order::Override { to: Override::Open, ends_after: Some(time) }
}

fn ada() -> Origin {
    Origin { actor: Actor::Admin("ada".into()), peer: Some(([192, 0, 2, 1], 4242).into()) }
}

/// Two upstreams, `mg` and `sg`, and the task that ends overrides.
async fn overrides() -> Arc<Overrides> {
    let upstreams = [accepting("mg"), accepting("sg")];
    let overrides = Arc::new(Overrides::new(upstreams.into(), Arc::default()));
    let ending = Arc::clone(&overrides);
    tokio::spawn(async move { ending.end_when_due().await });
    tokio::task::yield_now().await;
    overrides
}

impl Circuits {
    fn overriding(&self, upstream: &str) -> Override {
        self.upstreams[self.index(upstream).unwrap()].snapshot().overriding
    }

    fn records(&self) -> Vec<Numbered<Change>> {
        self.audit.page(None, CAPACITY)
    }
}

impl Overrides {
    async fn ordered(&self, upstream: &str, order: Order) {
        self.order(upstream, order, ada()).await.unwrap();
        tokio::task::yield_now().await;
    }

    fn overriding(&self, upstream: &str) -> Override {
        self.circuits.overriding(upstream)
    }

    /// Every record, the oldest first, as `who: order: before -> after`.
    fn records(&self) -> Vec<String> {
        let show = |(_, record): &Numbered<Change>| {
            let Change { order, before, after, .. } = &record.change;
            format!("{}: {order}: {before} -> {after}", record.origin.actor.as_str())
        };
        self.circuits.records().iter().rev().map(show).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn an_override_with_an_end_holds_until_then_and_no_longer() {
    let overrides = overrides().await;
    overrides.ordered("mg", open_for(MINUTE)).await;
    advance(MINUTE - Duration::from_millis(2)).await;
    assert_eq!(overrides.overriding("mg"), Override::Open);
    assert!(overrides.ends_in("mg").is_some_and(|left| left <= Duration::from_millis(2)));
    advance(Duration::from_millis(2)).await;
    tokio::task::yield_now().await;
    assert_eq!((overrides.overriding("mg"), overrides.ends_in("mg")), (Override::Auto, None));
    assert_eq!(
        overrides.records(),
        [
            "ada: override open for 60000ms: closed, override auto -> closed, override open for 60000ms",
            "timer: override auto: closed, override open for 0ms -> closed, override auto",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_override_without_an_end_holds() {
    let overrides = overrides().await;
    overrides.ordered("mg", OPEN).await;
    advance(MINUTE * 60 * 24 * 365).await;
    assert_eq!((overrides.overriding("mg"), overrides.ends_in("mg")), (Override::Open, None));
}

#[tokio::test(start_paused = true)]
async fn a_later_order_replaces_the_end_of_an_earlier_one() {
    for (later, still_open_after) in [(OPEN, 10), (open_for(MINUTE * 3), 2), (open_for(MINUTE / 2), 0), (AUTO, 0)] {
        let overrides = overrides().await;
        overrides.ordered("mg", open_for(MINUTE)).await;
        overrides.ordered("mg", later).await;
        advance(MINUTE * still_open_after + MINUTE / 4).await;
        tokio::task::yield_now().await;
        let expected = if later == AUTO { Override::Auto } else { Override::Open };
        assert_eq!(overrides.overriding("mg"), expected, "{later} after {still_open_after} min");
        advance(MINUTE).await;
        tokio::task::yield_now().await;
        let expected = if later == OPEN { Override::Open } else { Override::Auto };
        assert_eq!(overrides.overriding("mg"), expected, "{later}, a minute later");
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_is_of_one_upstream_and_a_reset_leaves_it() {
    let overrides = overrides().await;
    overrides.ordered("mg", open_for(MINUTE * 2)).await;
    overrides.ordered("sg", open_for(MINUTE)).await;
    overrides.ordered("sg", Order::Reset).await;
    assert_eq!(overrides.ends_in("sg"), Some(MINUTE));
    advance(MINUTE).await;
    tokio::task::yield_now().await;
    assert_eq!((overrides.overriding("mg"), overrides.overriding("sg")), (Override::Open, Override::Auto));
    advance(MINUTE).await;
    tokio::task::yield_now().await;
    assert_eq!(overrides.overriding("mg"), Override::Auto);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_starts_anew_ends_what_the_one_before_did_not() {
    let overrides = Arc::new(Overrides::new([accepting("mg")].into(), Arc::default()));
    overrides.ordered("mg", open_for(MINUTE)).await;
    let waiting = async {
        tokio::select! {
            () = overrides.end_when_due() => {}
            () = tokio::time::sleep(MINUTE / 2) => panic!("a fault of ours"),
        }
    };
    assert!(AssertUnwindSafe(waiting).catch_unwind().await.is_err());
    advance(MINUTE).await;
    assert_eq!(overrides.overriding("mg"), Override::Open, "nothing waits for its end");
    assert!(overrides.end_when_due().now_or_never().is_none(), "it never returns");
    assert_eq!(overrides.overriding("mg"), Override::Auto, "what was due has ended at once");
}

#[tokio::test(start_paused = true)]
async fn an_override_that_has_ended_here_does_not_begin_anew_while_the_store_has_it_still() {
    let circuits = Circuits::new([accepting("mg")].into(), Arc::default());
    let id = Uuid::from_u128(1);
    circuits.carry_out(0, open_for(MINUTE), ada(), id);
    advance(MINUTE).await;
    assert_eq!(circuits.end_due().await.len(), 1);
    // As after its clock was put back.
    circuits.take_over(&[Row { id, to: Override::Open, ends_in: Some(MINUTE), ..Row::none("mg") }]);
    assert_eq!((circuits.overriding("mg"), circuits.ends_in(0)), (Override::Auto, None));
}

#[tokio::test(start_paused = true)]
async fn an_order_for_no_upstream_changes_and_records_nothing() {
    let overrides = overrides().await;
    assert_eq!(overrides.order("unknown", OPEN, ada()).await, Err(UnknownUpstream));
    assert_eq!(overrides.records(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_record_has_where_an_order_came_from() {
    let overrides = overrides().await;
    overrides.ordered("mg", OPEN).await;
    let record = overrides.circuits.records().remove(0).1;
    assert_eq!((&record.origin, &*record.change.upstream), (&ada(), "mg"));
    assert!(record.at.elapsed().is_ok_and(|age| age < MINUTE), "{record:?}");
    assert_eq!(record.change.before.state, State::Closed);
}

fn orders() -> impl Strategy<Value = Vec<(Order, u64)>> {
    let seconds = || 1..100u64;
    let order = prop_oneof![
        Just(OPEN),
        Just(AUTO),
        Just(Order::Reset),
        seconds().prop_map(|time| open_for(Duration::from_secs(time))),
    ];
    prop::collection::vec((order, seconds()), 1..20)
}

proptest! {
    /// Against a model: the last order that is no reset decides, until its time is over; and every record begins where
    /// the one before it has ended.
    #[test]
    fn the_last_order_decides_until_its_time_is_over(orders in orders()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let overrides = overrides().await;
            let (mut last, mut age) = (AUTO, Duration::ZERO);
            for (order, wait) in orders {
                overrides.ordered("mg", order).await;
                if order != Order::Reset {
                    (last, age) = (order, Duration::ZERO);
                }
                // Not whole seconds, so that no end meets an order in the same millisecond.
                let wait = Duration::from_secs(wait) + Duration::from_millis(10);
                tokio::time::sleep(wait).await;
                age += wait;
                let Order::Override { to, ends_after } = last else { unreachable!() };
                let expected = if ends_after.is_some_and(|time| time <= age) { Override::Auto } else { to };
                assert_eq!(overrides.overriding("mg"), expected, "{last} after {age:?}");
            }
            let records: Vec<_> = overrides.circuits.records().into_iter().map(|(_, record)| record).collect();
            let changes: Vec<_> = records.iter().rev().map(|record| &record.change).collect();
            for pair in changes.windows(2) {
                assert_eq!(pair[0].after.overriding, pair[1].before.overriding, "{pair:#?}");
            }
        });
    }
}
