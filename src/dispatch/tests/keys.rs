//! Mails with a key: the same id, the same way, and once while they are under way.

use super::*;
use crate::message::IdempotencyKey;

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
async fn a_key_is_free_again_after_the_answer_and_after_a_panic_and_keeps_its_id() {
    let bench = Bench::of(
        Failover::Safe,
        Routing::Priority,
        100,
        &[(ANY, &[Act::Say(Outcome::Accepted), Act::Panic, Act::Say(Outcome::Accepted)])],
    );
    let first = bench.send_with(under("k")).await.expect("accepted");
    assert_eq!(bench.send_with(under("k")).await.map_err(|error| error.failure).err(), Some(Failure::Panicked));
    let last = bench.send_with(under("k")).await.expect("accepted");
    assert_eq!((first.id, bench.calls()), (last.id, vec![3]), "nothing is stored: it is sent again, under the same id");
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
