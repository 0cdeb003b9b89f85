//! Mails with a key: the same id, the same way, and once while they are under way.

use super::*;
use crate::model::message::IdempotencyKey;
use crate::model::outcome::Delivery;

const ANY: Capabilities = Capabilities::ANY;

fn under(key: &str) -> Wishes {
    Wishes { key: Some(IdempotencyKey::new("caller", key)), failover: None }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_waits_for_the_first_and_gets_the_same_answer() {
    for act in [Act::SayAfter(SECOND, Outcome::Accepted), Act::SayAfter(SECOND, Outcome::MessageRejected), Act::Hang] {
        let bench = Bench::new(Failover::Safe, &[&[act]]);
        let (first, repeat) = tokio::join!(bench.send_with(under("k")), bench.send_with(under("k")));
        assert_eq!(format!("{first:?}"), format!("{repeat:?}"));
        assert_eq!(bench.calls(), [1]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_gets_its_answer_though_the_first_caller_has_hung_up() {
    let bench = Bench::new(Failover::Safe, &[&[Act::SayAfter(3 * SECOND, Outcome::Accepted)]]);
    assert!(tokio::time::timeout(SECOND, bench.send_with(under("k"))).await.is_err());
    assert!(bench.send_with(under("k")).await.is_ok());
    assert_eq!(bench.calls(), [1]);
}

#[tokio::test(start_paused = true)]
async fn another_mail_under_a_key_in_use_is_refused_and_the_first_goes_its_way() {
    let bench = Bench::new(Failover::Safe, &[&[Act::SayAfter(SECOND, Outcome::Accepted)]]);
    let other = bench.dispatcher.send(mail("x@example.org"), under("k"), ());
    let (first, other) = tokio::join!(bench.send_with(under("k")), other);
    assert!(first.is_ok());
    assert_eq!(other.map_err(|error| error.failure).err(), Some(Failure::KeyReused));
    assert_eq!(bench.calls(), [1]);
}

#[tokio::test(start_paused = true)]
async fn another_key_or_none_is_another_mail() {
    let accepts = Act::SayAfter(SECOND, Outcome::Accepted);
    let bench = Bench::new(Failover::Safe, &[&[accepts; 4]]);
    let (one, other, none, neither) = tokio::join!(
        bench.send_with(under("k")),
        bench.send_with(under("K")),
        bench.send_with(Wishes::default()),
        bench.send_with(Wishes::default())
    );
    let ids = [one, other, none, neither].map(|result| result.expect("accepted").id.to_string());
    assert_eq!(std::collections::BTreeSet::from(ids).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_what_was_accepted_hears_the_held_answer_and_another_mail_is_refused() {
    let bench = Bench::new(Failover::Safe, &[&[Act::Say(Outcome::Accepted)]]);
    let first = bench.send_with(under("k")).await.expect("accepted");
    let repeat = bench.send_with(under("k")).await.expect("held");
    assert_eq!((first.id, first.replayed, repeat.id, repeat.replayed), (repeat.id, false, first.id, true));
    let other = bench.dispatcher.send(mail("x@example.org"), under("k"), ()).await;
    assert_eq!(other.map_err(|error| error.failure).err(), Some(Failure::KeyReused));
    assert_eq!(bench.calls(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_an_unknown_hears_it_again_and_is_not_sent() {
    for act in [Act::Hang, Act::Say(Outcome::Unknown), Act::Panic] {
        let bench = Bench::of(Failover::Safe, Routing::Priority, 100, &[(ANY, &[act]), (ANY, &[])]);
        let first = bench.send_with(under("k")).await.expect_err("unknown");
        let repeat = bench.send_with(under("k")).await.expect_err("held");
        assert_eq!((first.failure, first.id), (repeat.failure, repeat.id));
        assert!(!first.replayed && repeat.replayed && repeat.failure.is_unknown());
        assert_eq!(bench.calls(), [1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_none_frees_the_key() {
    for outcome in Outcome::ALL.into_iter().filter(|outcome| outcome.delivery() == Delivery::None) {
        let script = [Act::Say(outcome), Act::Say(Outcome::Accepted)];
        let bench = Bench::of(Failover::Never, Routing::Priority, 100, &[(ANY, &script)]);
        assert!(bench.send_with(under("k")).await.is_err(), "{outcome:?}");
        bench.dispatcher.upstreams[0].circuit.reset();
        bench.dispatcher.upstreams[0].release_senders();
        let repeat = bench.send_with(under("k")).await.expect("sent anew");
        assert_eq!((repeat.replayed, bench.calls()), (false, vec![2]), "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_held_for_ten_minutes_and_no_longer() {
    let accepts = Act::Say(Outcome::Accepted);
    let bench = Bench::new(Failover::Safe, &[&[accepts, accepts]]);
    assert!(bench.send_with(under("k")).await.is_ok());
    tokio::time::advance(599 * SECOND).await;
    assert!(bench.send_with(under("k")).await.is_ok_and(|receipt| receipt.replayed));
    tokio::time::advance(SECOND).await;
    assert!(bench.send_with(under("k")).await.is_ok_and(|receipt| !receipt.replayed));
    assert_eq!(bench.calls(), [2]);
}

/// The first upstream takes a mail once, for twenty-five minutes.
fn once(first: &[Act]) -> Bench {
    let once = Capabilities { once_within: Some(1500 * SECOND), ..ANY };
    Bench::of(Failover::Safe, Routing::Priority, 100, &[(once, first), (ANY, &[])])
}

#[tokio::test(start_paused = true)]
async fn an_unknown_at_a_provider_that_takes_a_mail_once_is_asked_about_again_there_alone() {
    let unknown = Act::Say(Outcome::Unknown);
    let bench = once(&[unknown, unknown, unknown, Act::Say(Outcome::AccountRefused), Act::Say(Outcome::Accepted)]);
    assert_eq!(bench.send_with(under("k")).await.expect_err("unknown").failure, Failure::Unknown);
    assert_eq!(bench.calls(), [2, 0], "once by the first call itself");
    let still = bench.send_with(under("k")).await.expect_err("still unknown");
    assert_eq!((still.failure, still.replayed, bench.calls()), (Failure::Unknown, false, vec![3, 0]));
    let refused = bench.send_with(under("k")).await.expect_err("a refusal of the repeat says nothing of the first");
    assert_eq!((refused.failure, bench.calls()), (Failure::Unknown, vec![4, 0]));
    bench.dispatcher.upstreams[0].circuit.reset();
    let receipt = bench.send_with(under("k")).await.expect("clear now");
    assert_eq!(words(&receipt.attempts), ["u0:unknown", "u0:unknown", "u0:accepted"]);
    assert!(bench.send_with(under("k")).await.is_ok_and(|receipt| receipt.replayed));
    assert_eq!(bench.calls(), [5, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_knows_from_before_is_not_asked_again_in_the_same_call_or_a_later_one() {
    let bench = once(&[Act::Because(Outcome::Unknown, Reason::Duplicate)]);
    for _ in 0..2 {
        assert_eq!(bench.send_with(under("k")).await.expect_err("unknown").failure, Failure::Unknown);
        assert_eq!(bench.calls(), [1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_verdict_changes_the_held_answer() {
    for (verdict, expected) in [(Outcome::Accepted, true), (Outcome::MessageRejected, false)] {
        let script = [Act::Late(20 * SECOND, verdict), Act::Say(Outcome::Unavailable)];
        let bench = Bench::of(Failover::Safe, Routing::Priority, 100, &[(ANY, &script)]);
        assert_eq!(bench.send_with(under("k")).await.expect_err("unknown").failure, Failure::Unknown);
        assert!(bench.send_with(under("k")).await.is_err_and(|error| error.replayed));
        tokio::time::sleep(11 * SECOND).await;
        let repeat = bench.send_with(under("k")).await;
        if expected {
            assert!(repeat.is_ok_and(|receipt| receipt.replayed), "the relay has taken it after all");
            assert_eq!(bench.calls(), [1]);
        } else {
            assert_eq!(repeat.expect_err("sent anew").failure, Failure::Refused { retryable: true });
            assert_eq!(bench.calls(), [2], "the relay has refused it after all");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn mails_without_a_key_take_turns_and_those_with_one_go_where_their_key_goes() {
    let accepts = [Act::Say(Outcome::Accepted); 12];
    let scripts: [(Capabilities, &[Act]); 3] = [(ANY, &accepts), (ANY, &accepts), (ANY, &accepts)];
    let bench = Bench::of(Failover::Safe, Routing::RoundRobin, 1, &scripts);
    for _ in 0..6 {
        assert!(bench.send().await.is_ok());
    }
    assert_eq!(bench.calls(), [2, 2, 2]);
    let takers = async |key| {
        let receipt = bench.send_with(under(key)).await.expect("accepted");
        receipt.attempts[0].upstream.clone()
    };
    for key in ["a", "b", "c", "d"] {
        assert_eq!(takers(key).await, takers(key).await, "{key}");
    }
    let other_node = Bench::of(Failover::Safe, Routing::RoundRobin, 1, &scripts);
    assert!(other_node.send().await.is_ok(), "its turns are not those of the first node");
    let receipt = other_node.send_with(under("a")).await.expect("accepted");
    assert_eq!(takers("a").await, receipt.attempts[0].upstream);
}
