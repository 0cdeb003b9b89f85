//! A mail that was cancelled, erased or has expired is not handed over, however close the race.

use std::time::Duration;

use tokio::task::JoinSet;

use super::provider::Provider;
use crate::harness::outbox::{Store, at_rest, becomes, queued, shown, time_after};
use crate::harness::{Answer, Behaviour, Client, Gate, Proxy, Reply, Settings, StubProvider, admin, mails};

const SHORT: usize = 200;
const LONG: usize = 10_000;
const AT_A_TIME: usize = 8;
/// About as long as a mail takes from its acceptance to its hand-over.
const MOMENT: Duration = Duration::from_millis(12);
const EXPIRING: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_either_cancelled_or_handed_over() {
    race(SHORT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn ten_thousand_mails_are_each_either_cancelled_or_handed_over() {
    race(LONG).await;
}

async fn race(rounds: usize) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let provider = Provider::taking_after(Duration::from_millis(1));
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(provider.settings())).await;
    let mut racing = JoinSet::new();
    for first in 0..AT_A_TIME {
        let client = proxy.client.clone();
        racing.spawn(async move {
            let mut raced = Vec::new();
            for number in (first..rounds).step_by(AT_A_TIME) {
                raced.push((number, cancelled_or_not(&client, number).await));
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
    // Otherwise there was no race.
    assert!(won > 0 && won < rounds, "{won} of {rounds} were cancelled in time");
}

fn is_erasure(number: usize) -> bool {
    number.is_multiple_of(2)
}

async fn cancelled_or_not(client: &Client, number: usize) -> (String, Answer) {
    let id = queued(client, &mails::with_subject(&number.to_string())).await;
    tokio::time::sleep(MOMENT.mul_f64(fastrand::f64())).await;
    let erase = if is_erasure(number) { "?erase=true" } else { "" };
    let request = client.request(reqwest::Method::DELETE, &format!("/outbox/{id}{erase}"));
    (id, Answer::to(request.header("x-api-key", client.key())).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_either_expired_or_handed_over_in_time() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let provider = Provider::taking_after(Duration::from_millis(100));
    let settings = provider.settings().with("SMSP_OUTBOX_CONCURRENCY", "4");
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(settings)).await;
    let mut mails_of = Vec::new();
    for number in 0..EXPIRING {
        let mut mail = mails::with_subject(&number.to_string());
        mail["expires_at"] = time_after(Duration::from_millis(fastrand::u64(200..1500))).into();
        mails_of.push((number, queued(&proxy.client, &mail).await));
    }
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

#[tokio::test]
async fn a_mail_to_an_erased_recipient_goes_no_further() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let (gate, first, second) = (Gate::shut(), StubProvider::sendgrid().await, StubProvider::mailgun().await);
    first.does(Behaviour::AnswerBehind(gate.clone(), Reply::sendgrid_refuses_the_sender()));
    let settings = Settings::sendgrid_then_mailgun(&first.url(), &second.url()).patient_circuits();
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(settings)).await;
    let id = queued(&proxy.client, &mails::with_subject("1")).await;
    first.receives_mails(1).await;
    let order = serde_json::json!({"recipient": "receiver@example.net"});
    let erased = admin::call(proxy.ops, reqwest::Method::POST, "/outbox/erase", &[], Some(&order)).await;
    assert_eq!(erased.expect(200).json["erased"], 1);
    gate.open();
    becomes(&proxy.client, &id, "cancelled").await;
    assert!(second.mails().is_empty(), "the next provider has it");
}
