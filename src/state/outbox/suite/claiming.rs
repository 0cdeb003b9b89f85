//! Claims: which rows, how many, by whom.

use std::collections::BTreeSet;

use super::bench::*;

fn ids(claimed: &[Claimed]) -> Vec<Id> {
    claimed.iter().map(|claimed| claimed.id).collect()
}

pub(in super::super) async fn only_due_rows_of_the_sets_asked_for_are_claimed(bench: &Bench) {
    let elsewhere = NewRow { route_set: RouteSet::new(["sg"]), ..row(2) };
    let later = NewRow { send: When::After(SECOND), ..row(3) };
    let expired = NewRow { expires: When::After(SECOND), ..row(4) };
    bench.accept(vec![row(1), elsewhere, later, expired]).await;
    bench.advance(SECOND / 2).await;
    assert_eq!(ids(&bench.claim(node(1), 10).await), [id(1), id(4)]);
    let hold = bench.outbox.claim(node(1), &Wanted { sets: vec![], ..wanted(10) }).await.unwrap();
    assert_eq!(ids(&hold), []);
    bench.advance(SECOND).await;
    assert_eq!(ids(&bench.claim(node(1), 10).await), [id(3)], "the second is over");
    bench.advance(SILENCE).await;
    bench.bury().await.unwrap();
    assert_eq!(ids(&bench.claim(node(1), 10).await), [id(1)], "one that was lost comes alone");
    assert_eq!(ids(&bench.claim(node(1), 10).await), [id(3)], "an expired row is not claimed");
    let both = Wanted { sets: vec![set(), RouteSet::new(["sg"])], ..wanted(10) };
    assert_eq!(ids(&bench.outbox.claim(node(1), &both).await.unwrap()), [id(2)]);
}

pub(in super::super) async fn a_claim_keeps_its_limits(bench: &Bench) {
    let lane = |number, lane| NewRow { lane, ..row(number) };
    bench.accept((1..=9).map(|number| lane(number, Lane::High)).collect()).await;
    bench.accept((11..=19).map(|number| lane(number, Lane::Low)).collect()).await;
    bench.accept_as("other", (21..=29).map(|number| lane(number, Lane::Low)).collect()).await;
    let claim = |wanted| async move { ids(&bench.outbox.claim(node(1), &wanted).await.unwrap()) };
    let numbers = |numbers: &[u128]| numbers.iter().map(|number| id(*number)).collect::<Vec<_>>();
    let limited = Wanted { of_lane: [2, 5, 3], of_caller: 3, ..wanted(0) };
    assert_eq!(claim(limited).await, numbers(&[1, 2, 11, 21, 22]));
    let without = Wanted { of_lane: [0, 0, 2], without: vec!["shop".into()], ..wanted(99) };
    assert_eq!(claim(without).await, numbers(&[23, 24]));
    let newest = Wanted { of_lane: [4, 0, 0], newest_of_four: 1, ..wanted(99) };
    assert_eq!(claim(newest).await, numbers(&[3, 4, 5, 9]));
    let bytes = Wanted { of_lane: [9, 0, 0], bytes: 250, ..wanted(99) };
    assert_eq!(claim(bytes).await, numbers(&[6, 7]));
    assert_eq!(claim(wanted(0)).await, []);
}

pub(in super::super) async fn no_two_nodes_claim_one_row(bench: &Bench) {
    bench.accept((1..=200).map(row).collect()).await;
    let work = |number| async move {
        let mut mine = Vec::new();
        loop {
            let claimed = bench.claim(node(number), 7).await;
            assert!(claimed.len() <= 7);
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed.into_iter().map(|claimed| claimed.hold.row));
        }
    };
    let all = futures_util::future::join_all((1..=4).map(work)).await.concat();
    assert_eq!((all.len(), BTreeSet::from_iter(&all).len()), (200, 200));
}

pub(in super::super) async fn a_row_given_back_is_claimed_again(bench: &Bench) {
    bench.accept(vec![row(1), row(2)]).await;
    let holds: Vec<_> = bench.claim(node(1), 2).await.iter().map(|claimed| claimed.hold).collect();
    bench.marked(&holds[1]).await;
    let (other_node, other_fence) = (Hold { node: node(2), ..holds[0] }, Hold { fence: Fence(99), ..holds[0] });
    assert_eq!(bench.outbox.give_back(&[other_node, other_fence]).await, Ok(0));
    assert_eq!(bench.outbox.give_back(&holds).await, Ok(1), "the marked one is not given back");
    assert_eq!((bench.state(1).await, bench.state(2).await), (Some(State::Queued), Some(State::Sending)));
    let hold = bench.claim_one(node(2)).await;
    assert!(hold.fence > holds[0].fence);
    assert!(!bench.marked(&holds[0]).await, "who gave it back has lost it");
    assert_eq!(bench.outbox.give_back(&holds).await, Ok(0));
}

pub(in super::super) async fn nothing_is_claimed_while_paused(bench: &Bench) {
    let hold = bench.one_marked().await;
    bench.end(&hold, unknown(Duration::ZERO)).await;
    bench.accept(vec![row(2)]).await;
    bench.outbox.pause(true, note("pause")).await.unwrap();
    assert_eq!(bench.outbox.is_paused().await, Ok(true));
    assert_eq!(ids(&bench.claim(node(1), 10).await), []);
    assert_eq!(ids(&bench.outbox.replay(node(1), "mg", ALL).await.unwrap()), []);
    bench.outbox.pause(false, note("pause")).await.unwrap();
    assert_eq!(ids(&bench.claim(node(1), 10).await), [id(2)]);
    assert_eq!(ids(&bench.outbox.replay(node(1), "mg", ALL).await.unwrap()), [id(1)]);
}

pub(in super::super) async fn rows_wait_under_the_sets_of_the_present_rules(bench: &Bench) {
    bench.accept(vec![row(1), row(2), NewRow { rules: RulesVersion(2), ..row(3) }]).await;
    let claimed = bench.claim(node(1), 1).await[0].hold;
    let stale = bench.outbox.stale(RulesVersion(2), ALL).await.unwrap();
    assert_eq!((stale.len(), stale[0].id, stale[0].caller.as_str()), (1, id(2), "shop"));
    assert!(stale[0].content == Some(row(2).sealed.content));
    let sg = RouteSet::new(["sg"]);
    let sets = [(stale[0].row, sg.clone()), (claimed.row, sg.clone())];
    bench.outbox.reroute(RulesVersion(2), &sets).await.unwrap();
    assert_eq!(bench.outbox.stale(RulesVersion(2), ALL).await.unwrap().len(), 0);
    let sets = async || {
        let queued = bench.outbox.route_sets().await.unwrap();
        queued.into_iter().map(|queued| queued.set).collect::<Vec<_>>()
    };
    assert_eq!(sets().await, [set(), sg.clone()]);
    let of_sg = Wanted { sets: vec![sg], ..wanted(9) };
    assert_eq!(bench.outbox.give_back(&[claimed]).await, Ok(1));
    assert_eq!(ids(&bench.outbox.claim(node(1), &of_sg).await.unwrap()), [id(2)], "a row kept its set while claimed");
    assert_eq!(sets().await, [set()], "of queued rows alone");
}

/// No node files a mail under no upstream. If a row is, it cannot be claimed, so operators must see that it waits.
pub(in super::super) async fn a_set_without_a_name_is_told_as_any_other(bench: &Bench) {
    let nowhere = RouteSet::new([]);
    bench.accept(vec![row(1), NewRow { route_set: nowhere.clone(), ..row(2) }]).await;
    let sets = bench.outbox.route_sets().await.unwrap().into_iter().map(|queued| queued.set);
    assert_eq!(sets.collect::<Vec<_>>(), [nowhere, set()]);
}

pub(in super::super) async fn sets_tell_their_lanes_and_whether_one_caller_is_alone(bench: &Bench) {
    let alone = async || {
        let [queued] = &bench.outbox.route_sets().await.unwrap()[..] else { panic!("one set") };
        (queued.lanes, queued.is_of_one_caller)
    };
    bench.accept(vec![row(1)]).await;
    assert_eq!(alone().await, ([false, true, false], true));
    bench.accept(vec![NewRow { lane: Lane::Low, ..row(2) }]).await;
    assert_eq!(alone().await, ([false, true, true], true));
    bench.accept_as("other", vec![NewRow { lane: Lane::High, ..row(3) }]).await;
    assert_eq!(alone().await, ([true; 3], false));
    assert_eq!(bench.claim(node(1), 9).await.len(), 3);
    assert_eq!(bench.outbox.route_sets().await, Ok(Vec::new()), "of queued rows alone");
}

pub(in super::super) async fn rows_of_other_rules_are_looked_at_in_steps_of_rows_and_bytes(bench: &Bench) {
    bench.accept((1..=5).map(row).collect()).await;
    let step = async |rows, bytes| {
        let stale = bench.outbox.stale(RulesVersion(2), Bound { rows, bytes }).await.unwrap();
        let sets: Vec<_> = stale.iter().map(|stale| (stale.row, set())).collect();
        bench.outbox.reroute(RulesVersion(2), &sets).await.unwrap();
        sets.len()
    };
    // Each has 100 bytes.
    assert_eq!(step(9, 299).await, 2);
    assert_eq!(step(1, 299).await, 1);
    assert_eq!(step(9, 1).await, 1, "one row, whatever it has");
    assert_eq!(step(9, 299).await, 1);
    assert_eq!(step(9, 299).await, 0);
}

pub(in super::super) async fn a_claim_is_full_though_nearly_all_rows_are_those_of_one_of_many_callers(bench: &Bench) {
    bench.accept((1..=150).map(row).collect()).await;
    for number in 151..=190 {
        // Every other one has a queue, but nothing in it that is due.
        let send = When::After(SECOND * u32::from(number % 2));
        bench.accept_as(&format!("caller{number}"), vec![NewRow { send, ..row(number) }]).await;
    }
    for (newest_of_four, left) in [(0, 100), (1, 70)] {
        let claimed = bench.outbox.claim(node(1), &Wanted { newest_of_four, ..wanted(100) }).await.unwrap();
        assert_eq!(claimed.len(), left, "{newest_of_four}");
    }
}
