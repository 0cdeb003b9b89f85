//! Whatever providers and store do, and whenever a node is taken for dead that goes on: no mail is handed over again that a
//! provider may have, and none is lost.

use proptest::prelude::{Just, ProptestConfig, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use proptest::{collection, prelude};
use tokio::runtime::Builder;

use super::*;

const ROWS: usize = 8;
const CALLS: usize = 400;

/// What a provider does.
fn acts() -> impl prelude::Strategy<Value = Act> {
    prop_oneof![
        4 => Just(TAKES),
        4 => Just(Act::Say(Outcome::Unavailable)),
        1 => Just(Act::Say(Outcome::Deferred)),
        1 => Just(Act::Say(Outcome::MessageRejected)),
        1 => Just(Act::SayAfter(20 * SECOND, Outcome::Accepted)),
        1 => Just(Act::Hang),
        1 => Just(Act::Panic),
        1 => Just(Act::Late(80 * SECOND, Outcome::Accepted)),
    ]
}

/// May the provider have the mail then?
fn may_have(act: Act) -> bool {
    match act {
        Act::Say(outcome) | Act::SayAfter(_, outcome) | Act::Because(outcome, _) => {
            matches!(outcome, Outcome::Accepted | Outcome::Unknown)
        }
        Act::Late(..) | Act::Hang | Act::Panic => true,
    }
}

fn faults() -> impl prelude::Strategy<Value = (&'static str, Fault)> {
    (select(vec!["mark", "end", "route_sets", "give_back"]), select(vec![Fault::Down, Fault::Unclear]))
}

/// After each of these times, in milliseconds, the node is taken for dead and another one takes over.
async fn run(script: &[Act], faults: Vec<(&'static str, Fault)>, deaths: Vec<u64>) -> (Arc<Fake>, Vec<Id>) {
    let scripts: [(Capabilities, &[Act]); 1] = [(ANY, script)];
    let fixture = Arc::new(Fixture::of(Failover::Safe, Strategy::Priority, 1000, &scripts));
    let store = Arc::<Fake>::default();
    faults.into_iter().for_each(|(call, fault)| store.fail(call, fault));
    let mut node = Node::with(Arc::clone(&store), Arc::clone(&fixture));
    ["a", "b"].into_iter().for_each(|caller| node.add(ROWS / 2, caller, &["u0"]));
    for time in deaths {
        sleep(Duration::from_millis(time)).await;
        store.bury_all();
        // Its heartbeat ends with it; what it has in hand goes on.
        node = Node::with(Arc::clone(&store), Arc::clone(&fixture));
    }
    sleep(1800 * SECOND).await;
    drop(node);
    (store, fixture.given(0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn no_mail_goes_out_twice_and_none_is_lost(
        script in collection::vec(acts(), CALLS),
        faults in collection::vec(faults(), 0..12),
        deaths in collection::vec(prop_oneof![0..30_u64, 0..90_000_u64], 0..4),
    ) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (store, given) = runtime.block_on(run(&script, faults, deaths));
        for place in 0..ROWS {
            let (row, id) = (store.row(place), Id::from(Uuid::from_u128(place as u128)));
            let acts: Vec<_> = given.iter().zip(&script).filter(|(given, _)| **given == id).map(|(_, act)| *act).collect();
            let (last, before) = acts.split_last().map_or((None, &[][..]), |(last, before)| (Some(*last), before));
            prop_assert!(!before.iter().any(|act| may_have(*act)), "row {place} went out again: {:?}", row.ends);
            let is_sent = last.is_some_and(may_have);
            let expected = if is_sent { [State::Accepted, State::Unknown] } else { [State::Queued, State::Refused] };
            prop_assert!(expected.contains(&row.state), "row {place} is {:?}: {:?}", row.state, row.ends);
        }
        prop_assert_eq!(store.count(State::Claimed) + store.count(State::Sending), 0);
    }
}
