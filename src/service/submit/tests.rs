//! Submissions with a key: the same id, the same way, and one mail however often they are repeated.

mod deliveries;
mod fallback;
mod queued_before;
mod unclear;

use super::*;
use crate::delivery::dispatch::fixture::{Act, Fixture, SECOND, mail, submission, words};
use crate::delivery::provider::Capabilities;
use crate::delivery::routing::Strategy;
use crate::model::outcome::{Delivery, Outcome, Reason};
use crate::model::receipt::Answer;
use crate::model::submission::{Failover, SendOptions};

const ANY: Capabilities = Capabilities::ANY;

fn under(key: &str) -> SendOptions {
    SendOptions { key: Some(IdempotencyKey::new("caller", key)), failover: None }
}

/// The answer of a service without an outbox.
fn accepted(sent: Result<Sent, SendError>) -> Answer {
    sent.map(|sent| match sent {
        Sent::Accepted(receipt) => receipt,
        Sent::Queued(_) | Sent::Kept(..) => panic!("there is no outbox"),
    })
}

/// The service over scripted providers.
struct Service {
    submit: Submit,
    fixture: Fixture,
}

impl Service {
    fn new(failover: Failover, scripts: &[&[Act]]) -> Self {
        Self::over(Fixture::new(failover, scripts))
    }

    fn of(failover: Failover, routing: Strategy, failures: u16, scripts: &[(Capabilities, &[Act])]) -> Self {
        Self::over(Fixture::of(failover, routing, failures, scripts))
    }

    fn over(fixture: Fixture) -> Self {
        let answers = Answers::new(100, None, Arc::clone(&fixture.metrics));
        let submit = Submit::new(Arc::clone(&fixture.dispatcher), answers, None, Arc::clone(&fixture.metrics));
        Self { submit, fixture }
    }

    async fn send(&self) -> Answer {
        self.send_with(SendOptions::default()).await
    }

    async fn send_with(&self, options: SendOptions) -> Answer {
        self.send_mail("a@example.org", options).await
    }

    async fn send_mail(&self, from: &str, options: SendOptions) -> Answer {
        accepted(self.submit.submit(submission(mail(from), options), QueueOptions::default()).await.answer().await)
    }

    fn calls(&self) -> Vec<u32> {
        self.fixture.calls()
    }
}

#[tokio::test(start_paused = true)]
async fn repeat_in_flight_waits_and_gets_the_same_answer() {
    for act in [Act::SayAfter(SECOND, Outcome::Accepted), Act::SayAfter(SECOND, Outcome::MessageRejected), Act::Hang] {
        let service = Service::new(Failover::Safe, &[&[act]]);
        let (first, repeat) = tokio::join!(service.send_with(under("k")), service.send_with(under("k")));
        assert_eq!(format!("{first:?}"), format!("{repeat:?}"));
        assert_eq!(service.calls(), [1]);
    }
}

#[tokio::test(start_paused = true)]
async fn only_calls_that_hand_over_a_mail_need_a_place_in_flight() {
    let service = Service::new(Failover::Safe, &[&[Act::SayAfter(SECOND, Outcome::Accepted)]]);
    let submit = || service.submit.submit(submission(mail("a@example.org"), under("k")), QueueOptions::default());
    let (first, repeat) = (submit().await, submit().await);
    assert_eq!((first.hands_over(), repeat.hands_over()), (true, false));
    let (first, repeat) = tokio::join!(first.answer(), repeat.answer());
    assert!(first.is_ok() && repeat.is_ok());
    assert!(!submit().await.hands_over(), "its answer is held");
}

#[tokio::test(start_paused = true)]
async fn key_in_flight_with_another_mail_is_refused() {
    let service = Service::new(Failover::Safe, &[&[Act::SayAfter(SECOND, Outcome::Accepted)]]);
    let other = service.send_mail("x@example.org", under("k"));
    let (first, other) = tokio::join!(service.send_with(under("k")), other);
    assert!(first.is_ok());
    assert_eq!(other.map_err(|error| error.failure).err(), Some(Failure::KeyReused));
    assert_eq!(service.calls(), [1]);
}

#[tokio::test(start_paused = true)]
async fn another_key_or_none_is_another_mail() {
    let accepts = Act::SayAfter(SECOND, Outcome::Accepted);
    let service = Service::new(Failover::Safe, &[&[accepts; 4]]);
    let (one, other, none, neither) = tokio::join!(
        service.send_with(under("k")),
        service.send_with(under("K")),
        service.send_with(SendOptions::default()),
        service.send_with(SendOptions::default())
    );
    let ids = [one, other, none, neither].map(|result| result.expect("accepted").id.to_string());
    assert_eq!(std::collections::BTreeSet::from(ids).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn repeat_of_an_accepted_mail_gets_the_held_answer() {
    let service = Service::new(Failover::Safe, &[&[Act::Say(Outcome::Accepted)]]);
    let first = service.send_with(under("k")).await.expect("accepted");
    let repeat = service.send_with(under("k")).await.expect("held");
    assert_eq!((first.id, first.replayed, repeat.id, repeat.replayed), (repeat.id, false, first.id, true));
    let other = service.send_mail("x@example.org", under("k")).await;
    assert_eq!(other.map_err(|error| error.failure).err(), Some(Failure::KeyReused));
    assert_eq!(service.calls(), [1]);
}

#[tokio::test(start_paused = true)]
async fn repeat_of_an_unknown_gets_it_again_and_is_not_sent() {
    for act in [Act::Hang, Act::Say(Outcome::Unknown), Act::Panic] {
        let service = Service::of(Failover::Safe, Strategy::Priority, 100, &[(ANY, &[act]), (ANY, &[])]);
        let first = service.send_with(under("k")).await.expect_err("unknown");
        let repeat = service.send_with(under("k")).await.expect_err("held");
        assert_eq!((first.failure, first.id), (repeat.failure, repeat.id));
        assert!(!first.replayed && repeat.replayed && repeat.failure.is_unknown());
        assert_eq!(service.calls(), [1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_none_frees_the_key() {
    for outcome in Outcome::ALL.into_iter().filter(|outcome| outcome.delivery() == Delivery::None) {
        let script = [Act::Say(outcome), Act::Say(Outcome::Accepted)];
        let service = Service::of(Failover::Never, Strategy::Priority, 100, &[(ANY, &script)]);
        assert!(service.send_with(under("k")).await.is_err(), "{outcome:?}");
        service.fixture.upstreams[0].reset();
        let repeat = service.send_with(under("k")).await.expect("sent anew");
        assert_eq!((repeat.replayed, service.calls()), (false, vec![2]), "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn answer_is_held_for_ten_minutes() {
    let accepts = Act::Say(Outcome::Accepted);
    let service = Service::new(Failover::Safe, &[&[accepts, accepts]]);
    assert!(service.send_with(under("k")).await.is_ok());
    tokio::time::advance(599 * SECOND).await;
    assert!(service.send_with(under("k")).await.is_ok_and(|receipt| receipt.replayed));
    tokio::time::advance(SECOND).await;
    assert!(service.send_with(under("k")).await.is_ok_and(|receipt| !receipt.replayed));
    assert_eq!(service.calls(), [2]);
}

/// The first upstream takes a mail once, for twenty-five minutes.
fn once(first: &[Act]) -> Service {
    let once = Capabilities { idempotency_window: Some(1500 * SECOND), ..ANY };
    Service::of(Failover::Safe, Strategy::Priority, 100, &[(once, first), (ANY, &[])])
}

#[tokio::test(start_paused = true)]
async fn repeat_of_an_unknown_asks_the_idempotent_provider_alone() {
    let unknown = Act::Say(Outcome::Unknown);
    let service = once(&[unknown, unknown, unknown, Act::Say(Outcome::AccountRefused), Act::Say(Outcome::Accepted)]);
    assert_eq!(service.send_with(under("k")).await.expect_err("unknown").failure, Failure::Unknown);
    assert_eq!(service.calls(), [2, 0], "once by the first call itself");
    let still = service.send_with(under("k")).await.expect_err("still unknown");
    assert_eq!((still.failure, still.replayed, service.calls()), (Failure::Unknown, false, vec![3, 0]));
    let refused = service.send_with(under("k")).await.expect_err("a refusal of the repeat says nothing of the first");
    assert_eq!((refused.failure, service.calls()), (Failure::Unknown, vec![4, 0]));
    service.fixture.upstreams[0].reset();
    let receipt = service.send_with(under("k")).await.expect("clear now");
    assert_eq!(words(&receipt.attempts), ["u0:unknown", "u0:unknown", "u0:accepted"]);
    assert!(service.send_with(under("k")).await.is_ok_and(|receipt| receipt.replayed));
    assert_eq!(service.calls(), [5, 0]);
}

#[tokio::test(start_paused = true)]
async fn duplicate_is_not_asked_about_again() {
    let service = once(&[Act::Because(Outcome::Unknown, Reason::Duplicate)]);
    for _ in 0..2 {
        assert_eq!(service.send_with(under("k")).await.expect_err("unknown").failure, Failure::Unknown);
        assert_eq!(service.calls(), [1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_verdict_changes_the_held_answer() {
    for (verdict, expected) in [(Outcome::Accepted, true), (Outcome::MessageRejected, false)] {
        let script = [Act::Late(20 * SECOND, verdict), Act::Say(Outcome::Unavailable)];
        let service = Service::of(Failover::Safe, Strategy::Priority, 100, &[(ANY, &script)]);
        assert_eq!(service.send_with(under("k")).await.expect_err("unknown").failure, Failure::Unknown);
        assert!(service.send_with(under("k")).await.is_err_and(|error| error.replayed));
        tokio::time::sleep(11 * SECOND).await;
        let repeat = service.send_with(under("k")).await;
        if expected {
            assert!(repeat.is_ok_and(|receipt| receipt.replayed), "the relay has taken it after all");
            assert_eq!(service.calls(), [1]);
        } else {
            assert_eq!(repeat.expect_err("sent anew").failure, Failure::Refused { retryable: true });
            assert_eq!(service.calls(), [2], "the relay has refused it after all");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn round_robin_keeps_a_key_at_its_upstream() {
    let accepts = [Act::Say(Outcome::Accepted); 12];
    let scripts: [(Capabilities, &[Act]); 3] = [(ANY, &accepts), (ANY, &accepts), (ANY, &accepts)];
    let service = Service::of(Failover::Safe, Strategy::RoundRobin, 1, &scripts);
    for _ in 0..6 {
        assert!(service.send().await.is_ok());
    }
    assert_eq!(service.calls(), [2, 2, 2]);
    let takers = async |key| {
        let receipt = service.send_with(under(key)).await.expect("accepted");
        receipt.attempts[0].upstream.clone()
    };
    for key in ["a", "b", "c", "d"] {
        assert_eq!(takers(key).await, takers(key).await, "{key}");
    }
    let other_node = Service::of(Failover::Safe, Strategy::RoundRobin, 1, &scripts);
    assert!(other_node.send().await.is_ok(), "its turns are not those of the first node");
    let receipt = other_node.send_with(under("a")).await.expect("accepted");
    assert_eq!(takers("a").await, receipt.attempts[0].upstream);
}

#[tokio::test(start_paused = true)]
async fn what_the_outbox_has_is_not_sent_though_its_key_is_free() {
    use crate::service::outbox::Later;
    use crate::service::outbox::fake::{FakeStore, settings};
    use crate::state::outbox::Lane;

    let fixture = Fixture::new(Failover::Safe, &[&[]]);
    let outbox = Arc::new(FakeStore::default()).service(settings());
    let later = Later {
        submission: submission(mail("a@example.org"), under("k")),
        lane: Lane::Normal,
        send_at: None,
        expires_at: None,
    };
    let caller = later.submission.caller.clone();
    let offer = outbox.offer(caller, vec![later], (None, None), false).expect("it is sealed");
    let id = offer.ids().next().expect("a mail");
    outbox.accept(offer).await.expect("it is accepted");
    let answers = Answers::new(100, None, Arc::clone(&fixture.metrics));
    let (dispatcher, metrics) = (Arc::clone(&fixture.dispatcher), Arc::clone(&fixture.metrics));
    let submit = Submit::new(dispatcher, answers, Some(outbox), metrics);
    let submitted = submit.submit(submission(mail("a@example.org"), under("k")), QueueOptions::default()).await;
    assert!(!submitted.hands_over());
    assert!(matches!(submitted.answer().await, Ok(Sent::Kept(_, Some(kept))) if kept.shown.status.ticket.id == id));
}
