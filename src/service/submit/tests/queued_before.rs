//! Mails under a key of which the outbox may have one, at this node and at others.

use std::sync::atomic::Ordering;

use super::super::*;
use super::fallback::{DOWN, Service, node, word};
use super::under;
use crate::delivery::dispatch::fixture::{Act, SECOND, mail, submission};
use crate::model::outcome::Outcome;
use crate::model::submission::Failover;
use crate::service::outbox::fake::{Fault, settings};
use crate::state::outbox::State;

#[tokio::test(start_paused = true)]
async fn a_repeat_hears_where_its_queued_mail_is() {
    let service = Service::new(Failover::Safe, &[&[DOWN]]);
    assert_eq!(service.word("k").await, "queued");
    for state in State::ALL {
        service.store.put_all(state);
        assert_eq!(service.word("k").await, format!("kept {}", state.as_str()));
    }
    let Ok(Sent::Kept(_, Some(kept))) = service.send(under("k"), QueueOptions::default()).await else {
        panic!("not kept")
    };
    assert_eq!(kept.lookups.iter().map(|(upstream, _)| &**upstream).collect::<Vec<_>>(), ["u0"]);
    let other = service.send_from("x@example.org", under("k"), QueueOptions::default()).await;
    assert_eq!(word(&other), "KeyReused");
    service.store.does(Some(Fault::Hang));
    assert_eq!(service.word("k").await, "kept", "the store cannot tell");
    assert_eq!((service.rows(), service.fixture.calls()), (1, vec![1]));
}

#[tokio::test(start_paused = true)]
async fn a_repeat_in_flight_and_one_at_another_node_hear_of_the_same_mail() {
    let late = Act::SayAfter(SECOND, Outcome::Unavailable);
    let service = Service::new(Failover::Safe, &[&[late, DOWN]]);
    let (first, repeat) = tokio::join!(service.word("k"), service.word("k"));
    assert_eq!((first.as_str(), repeat.as_str()), ("queued", "kept queued"));
    let other = Service { submit: node(&service.fixture, &service.store, settings()), ..service };
    assert_eq!((other.word("k").await.as_str(), other.rows()), ("kept queued", 1));
}

#[tokio::test(start_paused = true)]
async fn where_the_outbox_is_off_what_others_have_queued_is_not_sent_and_is_known() {
    let service = Service::new(Failover::Safe, &[&[DOWN]]);
    assert_eq!(service.word("k").await, "queued");
    let (dispatcher, metrics) = (Arc::clone(&service.fixture.dispatcher), Arc::clone(&service.fixture.metrics));
    let answers = Answers::new(100, None, Arc::clone(&metrics));
    let off = Submit::new(dispatcher, answers, None, metrics).beside(service.store.looked_up());
    let id = service.fixture.given(0)[0];
    let service = Service { submit: off, ..service };
    for state in [State::Queued, State::Parked, State::Accepted] {
        service.store.put_all(state);
        assert_eq!(service.word("k").await, format!("kept {}", state.as_str()));
        let Ok(Some(Look::Outbox(status))) = service.submit.look(&"caller".into(), id).await else {
            panic!("not known")
        };
        assert_eq!(status.ticket.state, state);
    }
    assert_eq!((service.rows(), service.fixture.calls()), (1, vec![1]));
}

#[tokio::test(start_paused = true)]
async fn a_repeat_waits_for_the_first_call_though_the_store_can_tell_nothing_any_more() {
    let service = Service::new(Failover::Safe, &[&[Act::SayAfter(SECOND, Outcome::Accepted)]]);
    let submit = |from| service.submit.submit(submission(mail(from), under("k")), QueueOptions::default());
    let first = submit("a@example.org").await;
    service.store.tells_nothing.store(true, Ordering::Relaxed);
    let (repeat, other) = (submit("a@example.org").await, submit("x@example.org").await);
    let (first, repeat, other) = tokio::join!(first.answer(), repeat.answer(), other.answer());
    assert_eq!([word(&first), word(&repeat), word(&other)], ["accepted", "accepted", "KeyReused"]);
    assert_eq!(service.word("another key").await, "StoreUnavailable");
    assert_eq!(service.fixture.calls(), [1], "without its answer none is handed over");
}

#[tokio::test(start_paused = true)]
async fn a_mail_under_a_key_is_sent_once_the_store_has_told_that_it_has_no_such_mail() {
    let service = Service::new(Failover::Safe, &[&[Act::Say(Outcome::Accepted)]]);
    service.store.does(Some(Fault::Hang));
    assert_eq!(service.word("k").await, "accepted", "it is asked for nothing else");
}
