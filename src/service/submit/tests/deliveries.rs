//! What `smsp_mails_total` counts: each mail once, by what its caller was told.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::super::*;
use super::fallback::{self, DOWN};
use super::{Service, once, under};
use crate::delivery::dispatch::fixture::{Act, SECOND, mail, submission};
use crate::model::outcome::Outcome;
use crate::model::submission::Failover;
use crate::service::outbox::fake::Fault;

/// The counts above 0 of the callers of a fixture, `delivery:count`.
fn counts(metrics: &Metrics) -> Vec<String> {
    let page = metrics.render();
    let series = page.lines().filter_map(|line| line.strip_prefix("smsp_mails_total{caller=\"caller\",delivery=\""));
    let counts = series.filter_map(|rest| rest.split_once("\"} ")).filter(|(_, count)| *count != "0");
    let mut counts: Vec<_> = counts.map(|(delivery, count)| format!("{delivery}:{count}")).collect();
    counts.sort();
    counts
}

#[tokio::test(start_paused = true)]
async fn each_mail_counts_once_by_what_its_caller_was_told() {
    let acts = [Outcome::Accepted, Outcome::MessageRejected, Outcome::Accepted, Outcome::Unknown].map(Act::Say);
    let service = Service::new(Failover::Never, &[&acts]);
    for _ in acts {
        drop(service.send().await);
    }
    assert_eq!(counts(&service.fixture.metrics), ["accepted:2", "none:1", "unknown:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_that_waits_or_hears_a_held_answer_is_no_mail_and_neither_is_one_with_another_message() {
    let service = Service::new(Failover::Safe, &[&[Act::SayAfter(SECOND, Outcome::Accepted)]]);
    let (first, repeat) = tokio::join!(service.send_with(under("k")), service.send_with(under("k")));
    assert!(first.is_ok() && repeat.is_ok());
    assert!(service.send_with(under("k")).await.is_ok_and(|receipt| receipt.replayed));
    let other = service.send_mail("x@example.org", under("k")).await;
    assert_eq!(other.expect_err("another mail").failure, Failure::KeyReused);
    assert_eq!(counts(&service.fixture.metrics), ["accepted:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_that_brings_clarity_does_not_take_the_unknown_back_and_one_after_a_none_is_a_mail_of_its_own() {
    let [unknown, accepted] = [Outcome::Unknown, Outcome::Accepted].map(Act::Say);
    let asked_again = once(&[unknown, unknown, accepted]);
    assert!(asked_again.send_with(under("k")).await.is_err());
    assert!(asked_again.send_with(under("k")).await.is_ok());
    assert_eq!(counts(&asked_again.fixture.metrics), ["unknown:1"]);
    let freed = Service::new(Failover::Safe, &[&[Act::Say(Outcome::MessageRejected), accepted]]);
    assert!(freed.send_with(under("k")).await.is_err());
    assert!(freed.send_with(under("k")).await.is_ok());
    assert_eq!(counts(&freed.fixture.metrics), ["accepted:1", "none:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_the_outbox_takes_is_queued_and_its_repeat_is_no_mail() {
    let service = fallback::Service::new(Failover::Safe, &[&[DOWN; 2]]);
    assert_eq!((service.word("k").await, service.word("k").await), ("queued".to_owned(), "kept queued".to_owned()));
    assert_eq!(counts(&service.fixture.metrics), ["queued:1"]);
    service.store.does(Some(Fault::Unclear));
    let unclear =
        service.submit.submit(submission(mail("a@example.org"), SendOptions::default()), QueueOptions::default());
    assert!(unclear.await.answer().await.is_err_and(|error| error.failure.is_unknown()));
    assert_eq!(counts(&service.fixture.metrics), ["queued:1", "unknown:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_mail_during_which_our_code_panics_counts_as_unknown_as_its_caller_is_told() {
    let service = fallback::Service::new(Failover::Safe, &[&[DOWN; 3], &[DOWN; 3]]);
    service.store.does(Some(Fault::Panic));
    let send = || AssertUnwindSafe(service.word("k")).catch_unwind();
    assert!(send().await.is_err(), "in the outbox, after each upstream");
    assert_eq!(counts(&service.fixture.metrics), ["unknown:1"]);
    assert_eq!(service.word("k").await, "Panicked", "and its repeat is no mail");
    assert_eq!(counts(&service.fixture.metrics), ["unknown:1"]);
    service.store.does(Some(Fault::PanicInHas));
    let before_it_is_handed_over = AssertUnwindSafe(service.word("other")).catch_unwind().await;
    assert!(before_it_is_handed_over.is_err());
    assert_eq!(counts(&service.fixture.metrics), ["unknown:2"]);
}
