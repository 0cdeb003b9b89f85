//! A mail that was cancelled, erased or has expired is not handed over, however close the race.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::provider::Provider;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{at_rest, becomes, pause, queued, shown, time_after};
use crate::harness::{Answer, Behaviour, Client, Gate, Proxy, Reply, Settings, StubProvider, admin, mails};

const SHORT: usize = 200;
const LONG: usize = 10_000;
const AT_A_TIME: usize = 8;
/// So long does the provider take for a mail.
const WORK: Duration = Duration::from_millis(5);
/// Microseconds from the acceptance of the first mail to its cancellation, at most.
const MOMENT: u64 = 12_000;
const EXPIRING: usize = 60;
const LAST: usize = EXPIRING - 1;
/// Longer than a busy machine takes to accept a mail.
const FIRST_END: u64 = 3000;

on_both_stores! {
    a_mail_is_either_cancelled_or_handed_over,
    #[ignore = "scripts/check --long runs it"]
    ten_thousand_mails_are_each_either_cancelled_or_handed_over,
    a_mail_is_either_expired_or_handed_over_in_time,
    a_mail_to_an_erased_recipient_goes_no_further,
}

async fn a_mail_is_either_cancelled_or_handed_over(database: &Database) {
    race(database, SHORT).await;
}

async fn ten_thousand_mails_are_each_either_cancelled_or_handed_over(database: &Database) {
    race(database, LONG).await;
}

async fn race(database: &Database, rounds: usize) {
    let provider = Provider::taking_after(WORK);
    let settings = provider.settings().with("SMSP_OUTBOX_CONCURRENCY", "2");
    let proxy = Proxy::start(database.under(settings)).await;
    let (mut racing, moment) = (JoinSet::new(), Arc::new(AtomicU64::new(MOMENT)));
    for first in 0..AT_A_TIME {
        let (client, moment) = (proxy.client.clone(), Arc::clone(&moment));
        racing.spawn(async move {
            let mut raced = Vec::new();
            for number in (first..rounds).step_by(AT_A_TIME) {
                raced.push((number, cancelled_or_not(&client, &moment, number).await));
            }
            raced
        });
    }
    let raced = racing.join_all().await.into_iter().flatten();
    at_rest(&proxy.client).await;
    let (taken, mut won) = (provider.taken(), 0);
    for (number, (id, answer)) in raced {
        let (after, times) = (shown(&proxy.client, &id).await, taken.get(&number).copied().unwrap_or_default());
        let status = after.json["status"].as_str().unwrap_or_default();
        let is_right = match answer.status {
            409 => (status, times) == ("accepted", 1),
            // Erasure is granted to what has been accepted too.
            200 => (status, times) == ("cancelled", 0) || (status, times) == ("accepted", 1) && is_erasure(number),
            _ => false,
        };
        assert!(is_right, "mail {number} was taken {times} times: {answer}\n{after}");
        won += usize::from(status == "cancelled");
    }
    // Otherwise there was no race, though the moment has followed it.
    assert!(won > 0 && won < rounds, "{won} of {rounds} were cancelled in time");
}

fn is_erasure(number: usize) -> bool {
    number.is_multiple_of(2)
}

/// However fast the machine is, some are cancelled in time and some too late: after each the next ones wait for longer, or
/// for less.
async fn cancelled_or_not(client: &Client, moment: &AtomicU64, number: usize) -> (String, Answer) {
    let id = queued(client, &mails::with_subject(&number.to_string())).await;
    let wait = moment.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_micros(fastrand::u64(..=wait))).await;
    let erase = if is_erasure(number) { "?erase=true" } else { "" };
    let request = client.request(reqwest::Method::DELETE, &format!("/outbox/{id}{erase}"));
    let answer = Answer::to(request.header("x-api-key", client.key())).await;
    let was_in_time = answer.json["status"] == "cancelled";
    moment.store(if was_in_time { wait + wait / 4 + 100 } else { wait - wait / 4 }, Ordering::Relaxed);
    (id, answer)
}

async fn a_mail_is_either_expired_or_handed_over_in_time(database: &Database) {
    let provider = Provider::taking_after(Duration::from_millis(100));
    let settings = provider.settings().with("SMSP_OUTBOX_CONCURRENCY", "4");
    let proxy = Proxy::start(database.under(settings)).await;
    pause(&proxy, true).await;
    let mut mails_of = Vec::new();
    for number in 0..EXPIRING {
        let end = match number {
            0 => FIRST_END,
            LAST => 3_600_000,
            _ => FIRST_END + fastrand::u64(100..1500),
        };
        let mut mail = mails::with_subject(&number.to_string());
        mail["expires_at"] = time_after(Duration::from_millis(end)).into();
        mails_of.push((number, queued(&proxy.client, &mail).await));
    }
    // None is sent before the first one has expired, and the last one is in time.
    let end = shown(&proxy.client, &mails_of[0].1).await.at("/expires_at").as_str().map(str::to_owned);
    while Some(time_after(Duration::ZERO)) <= end {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    pause(&proxy, false).await;
    at_rest(&proxy.client).await;
    let (taken, mut expired) = (provider.taken(), 0);
    for (number, id) in mails_of {
        let (after, times) = (shown(&proxy.client, &id).await, taken.get(&number).copied().unwrap_or_default());
        let (status, end) = (after.json["status"].as_str(), after.json["expires_at"].as_str());
        let begun = after.at("/attempts/0/at").as_str();
        let is_right = match status {
            // Both have three digits of milliseconds, in UTC.
            Some("accepted") => times == 1 && begun < end,
            Some("expired") => times == 0 && begun.is_none(),
            _ => false,
        };
        assert!(is_right, "mail {number} was taken {times} times: {after}");
        expired += usize::from(status == Some("expired"));
    }
    assert!(expired > 0 && expired < EXPIRING, "{expired} of {EXPIRING} expired");
}

async fn a_mail_to_an_erased_recipient_goes_no_further(database: &Database) {
    let (gate, first, second) = (Gate::shut(), StubProvider::sendgrid().await, StubProvider::mailgun().await);
    first.does(Behaviour::AnswerBehind(gate.clone(), Reply::sendgrid_refuses_the_sender()));
    let settings = Settings::sendgrid_then_mailgun(&first.url(), &second.url()).patient_circuits();
    let proxy = Proxy::start(database.under(settings)).await;
    let id = queued(&proxy.client, &mails::with_subject("1")).await;
    first.receives_mails(1).await;
    let order = serde_json::json!({"recipient": "receiver@example.net"});
    let erased = admin::call(proxy.ops, reqwest::Method::POST, "/outbox/erase", &[], Some(&order)).await;
    assert_eq!(erased.expect(200).json["erased"], 1);
    gate.open();
    becomes(&proxy.client, &id, "cancelled").await;
    assert!(second.mails().is_empty(), "the next provider has it");
}
