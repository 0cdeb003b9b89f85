//! Which call takes a row from which state: each call is tried on a row in every state, with the right fence and owner.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::bench::*;

const HOUR: Duration = Duration::from_secs(3600);

/// A call on the row of this number, and whether it took the row.
type Try = for<'a> fn(&'a Bench, &'a Hold, u128) -> BoxFuture<'a, bool>;

async fn ended(bench: &Bench, hold: &Hold, ended: Ended) -> bool {
    bench.end(hold, ended).await.is_some()
}

async fn ordered(bench: &Bench, number: u128, order: Order) -> bool {
    matches!(bench.outbox.order(id(number), order, note("order")).await, Ok(Ordered::Done(_)))
}

/// On every row of the state that this one is in.
async fn ordered_all(bench: &Bench, number: u128, order: Order) -> bool {
    let selection = Selection { state: bench.state(number).await, ..Selection::default() };
    let over = Duration::ZERO;
    let all = OrderAll { order, selection, after: None, count: 9, met: 0, over, note: None };
    bench.outbox.order_all(all, ALL).await.unwrap() != OrderedAll::default()
}

/// The states that each call takes, in the order of [`State::ALL`]: queued, claimed, sending, unknown, parked, and four
/// that are final.
const CALLS: [(&str, &str, Try); 20] = [
    ("claim", "q........", |bench, _, _| async move { !bench.claim(node(1), 1).await.is_empty() }.boxed()),
    ("give back", ".c.......", |bench, hold, _| async move { bench.outbox.give_back(&[*hold]).await == Ok(1) }.boxed()),
    ("mark", ".cs......", |bench, hold, _| bench.marked(hold).boxed()),
    ("end accepted", "..su.....", |bench, hold, _| {
        ended(bench, hold, Ended::Accepted { verdicts: vec![], possible_duplicate: false }).boxed()
    }),
    ("end refused", ".csu.....", |bench, hold, _| ended(bench, hold, Ended::Refused { verdicts: vec![] }).boxed()),
    ("end again", ".csu.....", |bench, hold, _| {
        let (wait, counted) = (Duration::ZERO, true);
        ended(bench, hold, Ended::Again { verdicts: vec![], wait, counted, possible_duplicate: false }).boxed()
    }),
    ("end unknown", "..su.....", |bench, hold, _| {
        ended(bench, hold, Ended::Unknown { verdicts: vec![], replay_after: Duration::ZERO }).boxed()
    }),
    ("replay", "...u.....", |bench, _, _| {
        async move { bench.outbox.replay(node(1), "mg", Bound::STEP).await.unwrap().len() == 1 }.boxed()
    }),
    ("bury", ".cs......", |bench, _, _| async move { bench.bury().await.unwrap() != Buried::default() }.boxed()),
    ("expire", "q...p....", |bench, _, _| async move { bench.sweep(ALL).await.unwrap().expired == 1 }.boxed()),
    ("cancel", "qc..p....", |bench, _, number| {
        async move { matches!(bench.outbox.cancel(&"shop".into(), id(number)).await, Ok(Change::Cancelled(_))) }.boxed()
    }),
    ("reschedule", "q........", |bench, _, number| {
        let at = async { bench.time.now().await.after(SECOND) };
        async move { matches!(bench.outbox.reschedule(&"shop".into(), id(number), at.await).await, Ok(Change::Done(_))) }
            .boxed()
    }),
    ("retry", "...up....", |bench, _, number| ordered(bench, number, Order::Retry).boxed()),
    ("settle as none", "...u.....", |bench, _, number| ordered(bench, number, Order::SettleAsNone).boxed()),
    ("settle as accepted", "...u.....", |bench, _, number| ordered(bench, number, Order::SettleAsAccepted).boxed()),
    ("order to cancel", "qc..p....", |bench, _, number| ordered(bench, number, Order::Cancel).boxed()),
    ("retry all", "...up....", |bench, _, number| ordered_all(bench, number, Order::Retry).boxed()),
    ("settle all as none", "...u.....", |bench, _, number| ordered_all(bench, number, Order::SettleAsNone).boxed()),
    ("settle all as accepted", "...u.....", |bench, _, number| {
        ordered_all(bench, number, Order::SettleAsAccepted).boxed()
    }),
    ("cancel all", "q...p....", |bench, _, number| ordered_all(bench, number, Order::Cancel).boxed()),
];

pub(in super::super) async fn every_call_takes_a_row_from_its_states_alone(bench: &Bench) {
    bench.is_uncounted();
    let mut number = 0;
    for (call, states, attempt) in CALLS {
        for (state, expected) in State::ALL.into_iter().zip(states.chars()) {
            number += 1;
            bench.accept(vec![NewRow { expires: When::After(HOUR), ..row(number) }]).await;
            let hold = Hold { row: bench.past.put_alone(state).await, fence: Fence(1), node: node(1) };
            // Then only the sweep has something to do.
            bench.advance(if call == "expire" { HOUR } else { Duration::ZERO }).await;
            assert_eq!(attempt(bench, &hold, number.into()).await, expected != '.', "{call} on {}", state.as_str());
        }
    }
}
