//! What is claimed beside what the upstreams take.

use super::super::super::row::RulesVersion;
use super::*;

#[tokio::test(start_paused = true)]
async fn while_no_circuit_is_usable_the_store_is_not_asked() {
    let node = Node::start(&[&[TAKES; 100], &[]]);
    node.fixture.upstreams.iter().for_each(|upstream| assert!(upstream.override_circuit(Override::Open)));
    node.add(100, "a", &["u0", "u1"]);
    sleep(600 * SECOND).await;
    assert_eq!(node.store.asked(), [""; 0]);
    let closed = Instant::now();
    node.fixture.upstreams[0].override_circuit(Override::Auto);
    node.until(|store| store.count(State::Accepted) > 0).await;
    assert!(closed.elapsed() < SECOND / 10, "the circuit wakes the pump: {:?}", closed.elapsed());
    node.until_all_are(State::Accepted).await;
}

#[tokio::test(start_paused = true)]
async fn rows_of_a_dead_upstream_are_not_claimed_beside_those_of_another() {
    let node = Node::start(&[&[], &[TAKES; 20]]);
    node.fixture.upstreams[0].override_circuit(Override::Open);
    node.add(50, "a", &["u0"]);
    node.add(20, "a", &["u1"]);
    node.until(|store| store.count(State::Accepted) == 20).await;
    sleep(60 * SECOND).await;
    let untouched = (0..50).map(|row| node.store.row(row)).filter(|row| row.fence == 0).count();
    assert_eq!(untouched, 50);
}

#[tokio::test(start_paused = true)]
async fn every_set_is_asked_for_at_once_however_many_there_are() {
    let node = Node::start(&[&[TAKES], &[], &[], &[]]);
    for bits in 1..16_u8 {
        let set: Vec<_> = (0..4).filter(|bit| bits >> bit & 1 == 1).map(|bit| ["u0", "u1", "u2", "u3"][bit]).collect();
        node.store.add("a", &set, Lane::Normal);
    }
    // All but the first are due later, so that nothing but its own turn leads to it.
    node.store.rows.lock().unwrap().iter_mut().skip(1).for_each(|row| row.due += 3600 * SECOND);
    let start = Instant::now();
    node.until(|store| store.row(0).state == State::Accepted).await;
    assert!(start.elapsed() < SECOND, "after {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_set_whose_claim_fails_keeps_no_other_from_its_turn() {
    let node = Node::start(&[&[TAKES], &[TAKES]]);
    node.store.fail("claim", Fault::Down);
    ["u0", "u1"].into_iter().for_each(|upstream| node.store.add("a", &[upstream], Lane::Normal));
    let start = Instant::now();
    node.pump.wake();
    node.until(|store| store.count(State::Accepted) > 0).await;
    assert!(start.elapsed() < SECOND / 2, "in the next round: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn no_more_mails_are_in_flight_than_the_window_and_it_grows() {
    let node = Node::start(&[&[Act::SayAfter(SECOND, Outcome::Accepted); 60]]);
    for caller in ["a", "b"] {
        node.add(30, caller, &["u0"]);
    }
    let mut most = Vec::new();
    for _ in 0..12 {
        sleep(SECOND / 2).await;
        most.push(node.fixture.upstreams[0].in_flight());
    }
    assert_eq!(most[..5], [4, 4, 8, 8, 16], "it doubles with each round: {most:?}");
    node.until_all_are(State::Accepted).await;
}

#[tokio::test(start_paused = true)]
async fn no_more_mails_are_marked_than_the_window_has_places_though_the_store_is_slow_to_hear_of_ends() {
    let node = Node::start(&[&[TAKES; 100]]);
    (0..100).for_each(|_| node.store.fail("end", Fault::Hang));
    for caller in ["a", "b"] {
        node.add(50, caller, &["u0"]);
    }
    // It claims without being woken, too.
    for _ in 0..60 {
        sleep(SECOND).await;
        let marked = node.store.count(State::Sending);
        assert!(marked <= 16, "{marked} are marked");
    }
    node.until_all_are(State::Accepted).await;
}

#[tokio::test(start_paused = true)]
async fn a_mail_keeps_its_place_at_an_upstream_that_failed_until_the_store_has_heard_of_the_next() {
    let node = Node::start(&[&[Act::Say(Outcome::Deferred); 100], &[TAKES; 100]]);
    let marks = || node.store.asked().iter().filter(|call| **call == "mark").count();
    (0..3).for_each(|_| node.store.fail("mark", Fault::NotYet));
    (0..100).for_each(|_| node.store.fail("mark", Fault::Hang));
    node.add(3, "a", &["u0", "u1"]);
    sleep(SECOND).await;
    assert_eq!((node.fixture.calls(), marks()), (vec![3, 0], 6), "each has a place at both");
    node.add(50, "b", &["u0", "u1"]);
    sleep(SECOND).await;
    assert!((7..=8).contains(&marks()), "each window has a place left: {}", marks());
}

#[tokio::test(start_paused = true)]
async fn a_mail_whose_work_panics_keeps_its_place_until_the_store_has_heard_of_that() {
    let node = Node::start(&[&[TAKES; 100]]);
    for _ in 0..100 {
        node.store.fail("end", Fault::Panic);
        node.store.fail("end", Fault::Hang);
    }
    for caller in ["a", "b"] {
        node.add(50, caller, &["u0"]);
    }
    for _ in 0..8 {
        sleep(SECOND).await;
        let marked = node.store.count(State::Sending);
        assert!(marked <= 16, "{marked} are marked");
    }
}

#[tokio::test(start_paused = true)]
async fn failure_halves_the_window() {
    let fails = Act::SayAfter(SECOND, Outcome::Unavailable);
    let node = Node::start(&[&[fails; 1000]]);
    for caller in ["a", "b"] {
        node.add(20, caller, &["u0"]);
    }
    node.until(|store| store.count(State::Sending) == 4).await;
    sleep(3 * SECOND / 2).await;
    assert_eq!(node.fixture.upstreams[0].in_flight(), 2);
}

#[tokio::test(start_paused = true)]
async fn ramped_circuit_gets_its_share_though_no_other_takes_mail() {
    let scripts: [(Capabilities, &[Act]); 1] = [(ANY, &[Act::SayAfter(SECOND, Outcome::Accepted); 10])];
    let node = Node::over(Fixture::of(Failover::Safe, Strategy::Priority, 1, &scripts));
    let upstream = &node.fixture.upstreams[0];
    let fail = upstream.try_admit().expect("closed");
    let verdict = crate::model::outcome::Verdict::new(Outcome::Unavailable, crate::model::outcome::Reason::Mock);
    let ended = crate::delivery::upstream::fixture::ended(&verdict);
    upstream.settle(fail, &crate::delivery::dispatch::fixture::mail("a@example.org"), ended);
    upstream.begin_probing();
    let probe = upstream.admit_probe().expect("half open");
    let taken = crate::model::outcome::Verdict::new(Outcome::Accepted, crate::model::outcome::Reason::Mock);
    assert!(!upstream.settle_probe(probe, &taken, false) && upstream.snapshot().share() < 20);
    node.add(5, "a", &["u0"]);
    node.add(5, "b", &["u0"]);
    for _ in 0..5 {
        sleep(SECOND / 2).await;
        assert!(upstream.in_flight() <= 1, "a tenth of four");
    }
    node.until_all_are(State::Accepted).await;
}

#[tokio::test(start_paused = true)]
async fn backlog_of_one_caller_does_not_hold_up_another() {
    let node = Node::start(&[&[Act::SayAfter(SECOND, Outcome::Accepted); 200]]);
    node.add(190, "a", &["u0"]);
    sleep(SECOND / 10).await;
    assert_eq!(node.fixture.upstreams[0].in_flight(), 3, "one place stays free for who comes");
    node.add(10, "b", &["u0"]);
    node.until(|store| (190..200).all(|row| store.row(row).state == State::Accepted)).await;
    let done = node.store.count(State::Accepted) - 10;
    assert!(done <= 20, "about as many of the other: {done}");
}

#[tokio::test(start_paused = true)]
async fn mail_of_one_caller_in_one_lane_takes_one_claim() {
    let node = Node::start(&[&[Act::SayAfter(60 * SECOND, Outcome::Accepted); 10]]);
    node.add(10, "a", &["u0"]);
    sleep(SECOND / 10).await;
    assert_eq!(node.store.count(State::Sending), 3, "the window but one place");
    let claims = node.store.asked().into_iter().filter(|call| *call == "claim").count();
    assert_eq!(claims, 1, "neither lanes without a row nor a half of the window are asked for");
}

#[tokio::test(start_paused = true)]
async fn caller_that_comes_has_a_place_at_once_and_soon_half() {
    let node = Node::start(&[&[Act::SayAfter(SECOND, Outcome::Accepted); 400]]);
    let under_way = |caller: &str| {
        let rows = node.store.rows.lock().unwrap();
        rows.iter().filter(|row| row.caller == caller && row.state == State::Sending).count()
    };
    node.add(200, "a", &["u0"]);
    sleep(SECOND / 10).await;
    node.add(200, "b", &["u0"]);
    sleep(SECOND / 10).await;
    assert_eq!((under_way("a"), under_way("b")), (3, 1));
    sleep(SECOND).await;
    let (mut seen, mut window) = (Vec::new(), 0);
    for _ in 0..20 {
        sleep(SECOND / 2).await;
        let (a, b) = (under_way("a"), under_way("b"));
        seen.push((a, b));
        window = window.max(a + b);
        assert!(a.max(b) <= window.div_ceil(2) && b > 0, "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_mails_without_an_answer_do_not_hold_up_a_caller_who_is_alone() {
    let acts: Vec<_> = [Act::Hang; 2].into_iter().chain([TAKES; 20]).collect();
    let node = Node::start(&[&acts]);
    node.add(22, "a", &["u0"]);
    let start = Instant::now();
    node.until(|store| store.count(State::Accepted) == 20).await;
    assert!(start.elapsed() < 5 * SECOND, "after {:?}", start.elapsed());
    assert_eq!(node.store.count(State::Sending), 2);
}

#[tokio::test(start_paused = true)]
async fn high_rows_come_first_and_low_ones_are_not_left_alone() {
    let node = Node::start(&[&[Act::SayAfter(SECOND, Outcome::Accepted); 300]]);
    for lane in Lane::ALL {
        ["a", "b"].into_iter().for_each(|caller| (0..50).for_each(|_| node.store.add(caller, &["u0"], lane)));
    }
    node.pump.wake();
    node.until(|store| store.count(State::Accepted) >= 65).await;
    let accepted = |lane: Lane| {
        let rows = node.store.rows.lock().unwrap();
        rows.iter().filter(|row| row.lane == lane && row.state == State::Accepted).count()
    };
    let [high, normal, low] = Lane::ALL.map(accepted);
    assert!(high > normal && normal > low && low > 0, "{high} {normal} {low}");
}

#[tokio::test(start_paused = true)]
async fn mail_goes_to_another_upstream_where_one_has_no_place_left() {
    let slow = [Act::SayAfter(60 * SECOND, Outcome::Accepted); 8];
    let node = Node::start(&[&slow, &[TAKES; 40]]);
    ["a", "b"].into_iter().for_each(|caller| node.add(20, caller, &["u0", "u1"]));
    node.until(|store| store.count(State::Accepted) >= 32).await;
    assert!(node.fixture.calls()[0] <= 8 && node.fixture.calls()[1] >= 32, "{:?}", node.fixture.calls());
}

#[tokio::test(start_paused = true)]
async fn rows_follow_new_rules() {
    let node = Node::start(&[&[], &[TAKES]]);
    node.fixture.upstreams[0].override_circuit(Override::Open);
    node.add(1, "a", &["u0"]);
    sleep(60 * SECOND).await;
    assert_eq!(node.store.row(0).fence, 0);
    let names: Vec<_> = node.fixture.dispatcher.names().collect();
    let rules = crate::delivery::routing::rules::Rules::read("caller=* -> u1!", &names).unwrap();
    node.fixture.dispatcher.replace_rules(rules);
    node.until_all_are(State::Accepted).await;
    assert_eq!(node.store.row(0).set.as_str(), "u1");
}

#[tokio::test(start_paused = true)]
async fn rows_that_were_lost_come_one_by_one_between_the_others() {
    let node = Node::start(&[&[TAKES; 40]]);
    node.fixture.upstreams[0].override_circuit(Override::Open);
    node.add(40, "a", &["u0"]);
    node.store.rows.lock().unwrap().iter_mut().take(10).for_each(|row| row.losses = 1);
    let start = Instant::now();
    node.fixture.upstreams[0].override_circuit(Override::Auto);
    node.until_all_are(State::Accepted).await;
    assert!(start.elapsed() < SECOND, "no lost row waits for the next look: {:?}", start.elapsed());
    let claims = node.store.claims.lock().unwrap().clone();
    let lost: Vec<_> = claims.iter().filter(|rows| rows.iter().any(|row| *row < 10)).collect();
    assert!(lost.len() == 10 && lost.iter().all(|rows| rows.len() == 1), "{claims:?}");
    let last = claims.iter().position(|rows| rows.first() == Some(&9)).unwrap();
    assert!(claims[..last].iter().any(|rows| rows.iter().any(|row| *row >= 10)), "others wait for none: {claims:?}");
}

#[tokio::test(start_paused = true)]
async fn rows_that_nodes_with_other_rules_file_to_and_fro_take_little_of_the_time_of_the_store() {
    let node = Node::start(&[&[]]);
    node.fixture.upstreams[0].override_circuit(Override::Open);
    node.add(10, "a", &["u0"]);
    let start = Instant::now();
    while start.elapsed() < 60 * SECOND {
        node.store.rows.lock().unwrap().iter_mut().for_each(|row| row.rules = RulesVersion(0));
        sleep(Duration::from_millis(1)).await;
    }
    let filed = node.store.calls.lock().unwrap().iter().filter(|call| **call == "reroute").count();
    // Each takes two calls of 2 ms.
    let busy = Duration::from_millis(4) * filed as u32;
    assert!(filed > 100 && busy < start.elapsed() / 8, "{filed}");
}
