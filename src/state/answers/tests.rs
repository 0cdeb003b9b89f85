//! What a node holds in memory, against a plain model: whatever happens, an answer that may be a sent mail is held or was
//! counted as evicted.

mod in_store;
mod nodes;
mod retried;
mod without_key;

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::records::HOLD;
use super::*;
use crate::model::message::key::IdempotencyKey;
use crate::model::message::{Draft, Message};
use crate::model::outcome::{Outcome, Reason, Recipient, Verdict};
use crate::model::receipt::{Answer, Attempt, Receipt};

fn key(number: u8) -> IdempotencyKey {
    IdempotencyKey::new("caller", &number.to_string())
}

fn message(number: u8) -> Message {
    let draft = Draft { to: vec!["b@example.org".parse().unwrap()], ..Draft::default() };
    Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft)
        .unwrap()
        .identified_by(&key(number))
}

fn attempts(outcome: Outcome, recipients: usize) -> Vec<Attempt> {
    let recipient = Recipient { email: String::new(), outcome, reason: Reason::Mock };
    let verdict = Verdict { recipients: vec![recipient; recipients], ..Verdict::new(outcome, Reason::Mock) };
    vec![Attempt {
        upstream: "u".into(),
        verdict,
        took: Some(Duration::ZERO),
        ended_at: Instant::now().into_std(),
        lookup: None,
    }]
}

fn answer(id: Id, outcome: Outcome, recipients: usize) -> Answer {
    let attempts = attempts(outcome, recipients);
    match outcome {
        Outcome::Accepted => Ok(Receipt::new(id, attempts)),
        Outcome::Unknown => Err(SendError::new(id, Failure::Unknown, attempts)),
        _ => Err(SendError::new(id, Failure::MessageRejected, attempts)),
    }
}

async fn join(answers: &Answers, key: IdempotencyKey, id: Id, may_ask_again: impl Fn(&SendError) -> bool) -> Role {
    let call = Call { key, id, caller: &"caller".into(), lasts: Duration::from_secs(15) };
    answers.join(call, async { Ok(false) }, may_ask_again).await
}

/// Sends, unless this is held already.
async fn call(answers: &Answers, number: u8, outcome: Outcome) -> Option<Outcome> {
    let id = message(number).id();
    match join(answers, key(number), id, |_| false).await {
        Role::Leader(leader) => {
            let _ = leader.finish(Known::Answered(answer(id, outcome, 0))).await;
            None
        }
        Role::Held(Known::Answered(Ok(_))) => Some(Outcome::Accepted),
        Role::Held(Known::Answered(Err(error))) => {
            assert!(error.failure.is_unknown());
            Some(Outcome::Unknown)
        }
        _ => unreachable!("one call at a time"),
    }
}

fn answers(limit: usize) -> Answers {
    Answers::new(limit, None, Arc::default())
}

proptest! {
    #[test]
    fn repeat_gets_what_the_model_holds(
        calls in prop::collection::vec((0..12_u8, 0..3_u8, 0..200_u64), 1..200),
        limit in 1..8_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let answers = answers(limit);
            // By key: what, since when. In the order in which they came.
            let (mut model, mut order) = (HashMap::new(), Vec::new());
            for (number, outcome, wait) in calls {
                tokio::time::advance(Duration::from_secs(wait)).await;
                let now = Instant::now();
                order.retain(|key| model.get(key).is_some_and(|(_, at)| now < *at + HOLD));
                model.retain(|_, (_, at)| now < *at + HOLD);
                let outcome = [Outcome::Accepted, Outcome::Unknown, Outcome::MessageRejected][usize::from(outcome)];
                let held = call(&answers, number, outcome).await;
                assert_eq!(held, model.get(&number).map(|(outcome, _)| *outcome), "{number} at {now:?}");
                if held.is_none() && outcome != Outcome::MessageRejected {
                    model.insert(number, (outcome, now));
                    order.push(number);
                    if order.len() > limit {
                        let accepted = |key: &u8| model[key].0 == Outcome::Accepted;
                        let oldest = order.iter().position(accepted).unwrap_or(0);
                        model.remove(&order.remove(oldest));
                    }
                }
                assert_eq!(answers.0.records().held(), model.len());
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_leader_leaves_the_key_unknown() {
    let (answers, id) = (answers(10), message(1).id());
    let Role::Leader(leader) = join(&answers, key(1), id, |_| false).await else { panic!("it is the first") };
    let Role::Follower(follower) = join(&answers, key(1), id, |_| false).await else { panic!("it is under way") };
    drop(leader);
    let Known::Answered(Err(error)) = follower.answer().await else { panic!("it is unknown") };
    assert_eq!(error.failure, Failure::Panicked);
    assert!(
        matches!(join(&answers, key(1), id, |_| false).await, Role::Held(Known::Answered(Err(error))) if error.failure.is_unknown())
    );
}

#[tokio::test(start_paused = true)]
async fn answer_of_many_recipients_weighs_more() {
    let answers = answers(100);
    let hold = async |number: u8, recipients| {
        let id = message(number).id();
        let Role::Leader(leader) = join(&answers, key(number), id, |_| false).await else { panic!("it is the first") };
        let _ = leader.finish(Known::Answered(answer(id, Outcome::Accepted, recipients))).await;
    };
    hold(1, 0).await;
    hold(2, 720).await;
    assert_eq!(answers.0.records().held(), 92);
    hold(3, 720).await;
    assert_eq!(answers.0.records().held(), 91, "the first two have made way");
    hold(4, 10_000).await;
    assert_eq!(answers.0.records().held(), 0, "larger than everything together");
}

#[tokio::test(start_paused = true)]
async fn late_verdict_during_the_call_is_kept() {
    let (answers, id) = (answers(10), message(1).id());
    let Role::Leader(leader) = join(&answers, key(1), id, |_| false).await else { panic!("it is the first") };
    leader.on_late_verdict()("u", &Verdict::new(Outcome::Accepted, Reason::Smtp(250)));
    let known = leader.finish(Known::Answered(answer(id, Outcome::Unknown, 0))).await;
    assert!(matches!(known, Known::Answered(Ok(_))));
    assert!(matches!(join(&answers, key(1), id, |_| false).await, Role::Held(Known::Answered(Ok(_)))));
}

#[tokio::test(start_paused = true)]
async fn late_verdict_of_an_evicted_call_is_ignored() {
    let (answers, id) = (answers(1), message(1).id());
    let leader = async |number: u8| match join(&answers, key(number), message(number).id(), |_| false).await {
        Role::Leader(leader) => leader,
        _ => panic!("it is the first"),
    };
    let first = leader(1).await;
    let late = first.on_late_verdict();
    let _ = first.finish(Known::Answered(answer(id, Outcome::Unknown, 0))).await;
    let _ = leader(2).await.finish(Known::Answered(answer(message(2).id(), Outcome::Unknown, 0))).await;
    let _ = leader(1).await.finish(Known::Answered(answer(id, Outcome::Unknown, 0))).await;
    late("u", &Verdict::new(Outcome::MessageRejected, Reason::Smtp(554)));
    assert!(
        matches!(join(&answers, key(1), id, |_| false).await, Role::Held(Known::Answered(Err(error))) if error.failure.is_unknown())
    );
}

#[tokio::test(start_paused = true)]
async fn asking_again_in_vain_does_not_prolong_the_hold() {
    let (answers, id) = (answers(10), message(1).id());
    for number in 0..1000 {
        let leader = match join(&answers, key(1), id, |_| true).await {
            Role::Leader(leader) if number == 0 => leader,
            Role::Again(leader, _) if number > 0 => leader,
            _ => panic!("asked for the {number}th time"),
        };
        let _ = leader.finish(Known::Answered(answer(id, Outcome::Unknown, 0))).await;
        tokio::time::advance(Duration::from_millis(500)).await;
    }
    assert!(answers.0.records().entries() < 100, "{} entries for one answer", answers.0.records().entries());
    tokio::time::advance(HOLD - Duration::from_secs(500)).await;
    assert!(matches!(join(&answers, key(1), id, |_| true).await, Role::Leader(_)), "ten minutes after the first");
}

#[tokio::test(start_paused = true)]
async fn what_the_outbox_has_is_held_as_an_accepted_mail_is() {
    let answers = answers(2);
    let hold = async |number: u8, known: Known| {
        let Role::Leader(leader) = join(&answers, key(number), message(number).id(), |_| true).await else {
            panic!("new")
        };
        let _ = leader.finish(known).await;
    };
    hold(1, Known::Queued).await;
    let join = async |number: u8| join(&answers, key(number), message(number).id(), |_| true).await;
    assert!(matches!(join(1).await, Role::Held(Known::Queued)));
    for number in [2, 3] {
        hold(number, Known::Answered(answer(message(number).id(), Outcome::Unknown, 0))).await;
    }
    assert!(matches!(join(2).await, Role::Again(..)), "an unknown outlives it");
    assert!(matches!(join(1).await, Role::Leader(_)), "it has made way");
}
