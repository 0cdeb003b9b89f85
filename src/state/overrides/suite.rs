//! What every store has to do with orders for circuits, written against [`KeptOverrides`] alone: both kinds run all of it.

use proptest::prelude::*;

use super::fake::FakeStore;
use super::*;
use crate::delivery::circuit::Override;
use crate::state::audit::suite::{Advance, entry};
use crate::state::audit::{Entry, KeptAudit};

const MINUTE: Duration = Duration::from_secs(60);
const OPEN: Order = Order::Override { to: Override::Open, ends_after: None };
const CLOSED: Order = Order::Override { to: Override::Closed, ends_after: None };

/// A store under test.
pub(super) struct Bench {
    pub(super) overrides: Arc<dyn KeptOverrides>,
    pub(super) audit: Arc<dyn KeptAudit>,
    pub(super) advance: Advance,
}

fn writing(number: u128, what: What, age: Option<Duration>) -> Writing {
    Writing { upstream: "mg".into(), what, entry: entry(number, "change"), age }
}

impl Bench {
    async fn order(&self, number: u128, order: Order) -> Row {
        self.overrides.write(&writing(number, What::Order(order), None)).await.unwrap()
    }

    /// One that took effect at its node so long ago.
    async fn order_late(&self, number: u128, order: Order, age: Duration) -> Row {
        self.overrides.write(&writing(number, What::Order(order), Some(age))).await.unwrap()
    }

    async fn end(&self, number: u128, of: u128) -> Row {
        self.overrides.write(&writing(number, What::End(Uuid::from_u128(of)), Some(Duration::ZERO))).await.unwrap()
    }

    async fn rows(&self) -> Vec<Row> {
        self.overrides.read().await.unwrap()
    }

    /// The ids of all records, the oldest first.
    async fn recorded(&self) -> Vec<u128> {
        let page = self.audit.page(None, 1000).await.unwrap();
        page.iter().rev().map(|kept| kept.entry.id.as_u128()).collect()
    }
}

/// Runs every test on the store that `$start` (an `async fn() -> Option<Bench>`) makes; on none where it has none.
macro_rules! conformance {
    ($start:path) => {
        $crate::state::overrides::suite::conformance! { $start:
            an_order_is_read_as_it_was_written, the_order_that_is_committed_later_holds,
            an_order_that_is_written_again_counts_once, an_order_that_waited_holds_unless_a_younger_one_is_there,
            an_end_is_written_and_recorded_once_and_only_while_its_order_holds, resets_are_counted_beside_the_override
        }

        #[test]
        fn the_store_does_what_the_one_in_memory_does() {
            $crate::state::overrides::suite::the_store_does_what_the_one_in_memory_does($start);
        }
    };
    ($start:path: $($test:ident),+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let Some(bench) = $start().await else { return };
                $crate::state::overrides::suite::$test(&bench).await;
            }
        )+
    };
}
pub(super) use conformance;

pub(super) async fn an_order_is_read_as_it_was_written(bench: &Bench) {
    assert!(bench.overrides.is_up());
    assert_eq!(bench.rows().await, []);
    let to = Override::Open;
    let written = bench.order(1, Order::Override { to, ends_after: Some(MINUTE) }).await;
    let Row { upstream, id, ends_in, who, resets, .. } = &written;
    assert_eq!((&**upstream, id.as_u128(), written.to, *ends_in), ("mg", 1, Override::Open, Some(MINUTE)));
    assert_eq!((&**who, *resets), ("ada", 0));
    assert_eq!(bench.rows().await, std::slice::from_ref(&written));
    (bench.advance)(MINUTE / 2).await;
    assert_eq!(bench.rows().await, [Row { ends_in: Some(MINUTE / 2), ..written.clone() }]);
    (bench.advance)(MINUTE).await;
    assert_eq!(bench.rows().await, [Row { ends_in: Some(Duration::ZERO), ..written }]);
    let endless = bench.order(2, CLOSED).await;
    assert_eq!((endless.to, endless.ends_in), (Override::Closed, None));
    assert_eq!(bench.recorded().await, [1, 2]);
}

pub(super) async fn the_order_that_is_committed_later_holds(bench: &Bench) {
    for (number, order, to) in [(1, OPEN, Override::Open), (2, CLOSED, Override::Closed)] {
        assert_eq!(bench.order(number, order).await.to, to);
    }
    assert_eq!(bench.rows().await[0].id.as_u128(), 2, "in the same millisecond");
}

pub(super) async fn an_order_that_is_written_again_counts_once(bench: &Bench) {
    bench.order(1, OPEN).await;
    bench.order(2, Order::Reset).await;
    let before = bench.order(3, CLOSED).await;
    (bench.advance)(MINUTE).await;
    assert_eq!(bench.order_late(1, OPEN, Duration::ZERO).await, before);
    assert_eq!(bench.order_late(2, Order::Reset, Duration::ZERO).await, before);
    assert_eq!(bench.order_late(3, CLOSED, Duration::ZERO).await, before, "its end is counted from when it was given");
    assert_eq!(bench.recorded().await, [1, 2, 3]);
}

pub(super) async fn an_order_that_waited_holds_unless_a_younger_one_is_there(bench: &Bench) {
    let ends_after = Some(MINUTE * 3);
    bench.order(1, OPEN).await;
    (bench.advance)(MINUTE).await;
    let older = bench.order_late(2, CLOSED, MINUTE * 2).await;
    assert_eq!((older.id.as_u128(), older.to), (1, Override::Open));
    let younger = bench.order_late(3, Order::Override { to: Override::Closed, ends_after }, MINUTE / 2).await;
    assert_eq!((younger.id.as_u128(), younger.to), (3, Override::Closed));
    assert_eq!(younger.ends_in, Some(MINUTE * 3 - MINUTE / 2), "counted from when it was given");
    assert_eq!(bench.recorded().await, [1, 2, 3], "what held at one node is recorded");
}

pub(super) async fn an_end_is_written_and_recorded_once_and_only_while_its_order_holds(bench: &Bench) {
    bench.order(1, OPEN).await;
    let ended = bench.end(2, 1).await;
    assert_eq!((ended.id.as_u128(), ended.to, ended.ends_in), (2, Override::Auto, None));
    assert_eq!(bench.end(3, 1).await, ended, "another node was first");
    let next = bench.order(4, CLOSED).await;
    assert_eq!(bench.end(5, 1).await, next, "another order holds");
    assert_eq!(bench.recorded().await, [1, 2, 4]);
    let upstream = "never".to_owned();
    let of_nothing = Writing { upstream, ..writing(6, What::End(Uuid::from_u128(9)), None) };
    assert_eq!(bench.overrides.write(&of_nothing).await.unwrap(), Row::none("never"));
}

pub(super) async fn resets_are_counted_beside_the_override(bench: &Bench) {
    let first = bench.order(1, Order::Reset).await;
    assert_eq!((first.id, first.to, first.resets), (Uuid::nil(), Override::Auto, 1));
    let ordered = bench.order_late(2, OPEN, MINUTE).await;
    assert_eq!((ordered.to, ordered.resets), (Override::Open, 1), "a reset is no younger order");
    let reset = bench.order(3, Order::Reset).await;
    assert_eq!(reset, Row { resets: 2, ..ordered });
    assert_eq!(bench.order_late(4, Order::Reset, MINUTE * 9).await.resets, 3, "it always counts");
}

#[derive(Clone, Debug)]
enum Step {
    Write(Writing),
    Advance(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let seconds = || (0..90u64).prop_map(Duration::from_secs);
    let order = prop_oneof![
        (prop::sample::select(&Override::ALL[..]), prop::option::of(seconds()))
            .prop_map(|(to, ends_after)| What::Order(Order::Override { to, ends_after })),
        Just(What::Order(Order::Reset)),
        (1..6u128).prop_map(|of| What::End(Uuid::from_u128(of))),
    ];
    let upstream = prop::sample::select(vec!["mg", "sg"]);
    let write = (upstream, order, 1..8u128, prop::option::of(seconds()));
    let write = write.prop_map(|(upstream, what, number, age)| {
        // The end of an override never has the name of an order.
        let number = if matches!(what, What::End(_)) { number + 100 } else { number };
        let upstream = upstream.to_owned();
        Step::Write(Writing { upstream, what, entry: Entry { ..entry(number, "") }, age })
    });
    prop::collection::vec(prop_oneof![4 => write, 1 => (0..60_000u64).prop_map(Step::Advance)], 1..30)
}

/// Random calls, among them repeats, on a real store and on the one in memory.
pub(super) fn the_store_does_what_the_one_in_memory_does<F: Future<Output = Option<Bench>>>(start: impl Fn() -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // `PROPTEST_CASES` asks for another number of runs.
    let cases = std::env::var("PROPTEST_CASES").map_or(32, |_| ProptestConfig::default().cases);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in steps())| {
        runtime.block_on(async {
            let (Some(bench), model) = (start().await, FakeStore::with_stopped_clock()) else { return };
            for step in &steps {
                match step {
                    Step::Write(writing) => {
                        let (written, expected) = (bench.overrides.write(writing).await, model.write(writing).await);
                        assert_eq!(written, expected, "{writing:?}");
                    }
                    Step::Advance(millis) => {
                        (bench.advance)(Duration::from_millis(*millis)).await;
                        model.jump(i64::try_from(*millis).unwrap());
                    }
                }
            }
            assert_eq!(bench.rows().await, model.read().await.unwrap());
            let recorded: Vec<_> = model.audit().iter().map(|entry| entry.id.as_u128()).collect();
            assert_eq!(bench.recorded().await, recorded);
        });
    });
}
