//! Acceptance over a store that fails as it is told.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use super::fake::{FakeStore, Fault, NOW, settings};
use super::service::STORE_TIMEOUT;
use super::*;
use crate::delivery::dispatch::fixture::{mail, submission};
use crate::model::message::key::IdempotencyKey;
use crate::model::message::{Address, Draft, Message};
use crate::model::submission::{SendOptions, Submission};
use crate::state::audit::{Actor, Origin};
use crate::state::outbox::{
    Acceptance, Change, CountedRows, Failed, Full, Lane, Order, OrderedAll, PausedStart, Room, RouteSet, RulesVersion,
    Selection, Sort, State, Walked,
};

fn later(from: &str, key: Option<&str>) -> Later {
    let key = key.map(|key| IdempotencyKey::new("caller", key));
    let submission = submission(mail(from), SendOptions { key, failover: None });
    Later { submission, lane: Lane::Normal, send_at: None, expires_at: None }
}

async fn accept(service: &OutboxService, mails: Vec<Later>) -> Result<Vec<Acceptance>, Failed> {
    service.accept(service.offer("caller".into(), mails, (None, None), false)?).await
}

#[tokio::test]
async fn mail_is_due_at_once_and_expires_after_the_time_of_this_node() {
    let store = Arc::new(FakeStore::default());
    let service = store.service(settings());
    let answers = accept(&service, vec![later("a@example.org", None)]).await.unwrap();
    let Acceptance::Accepted(ticket) = answers[0] else { panic!("{answers:?}") };
    assert_eq!((ticket.send_at, ticket.expires_at), (NOW, NOW.after(settings().expiry)));
    assert_eq!(store.woken.load(Ordering::Relaxed), 1);
    assert_eq!(store.rows.lock().unwrap()[0].batch, Room { rows: 100, bytes: 100_000 }, "a tenth of all");
}

#[test]
fn mail_of_the_nodes_own_is_found_by_the_addresses_that_it_names_too() {
    let service = Arc::new(FakeStore::default()).service(settings());
    let hmacs = |names: &[Address]| {
        let batch = service.own(submission(mail("a@example.org"), SendOptions::default()), names).unwrap();
        batch.rows[0].sealed.hmacs.clone()
    };
    let name: Address = "told@example.com".parse().unwrap();
    let expected = [hmacs(&[]), vec![service.parts.sealer.hmacs(&name)[0]]].concat();
    assert_eq!(hmacs(&[name]), expected);
}

/// The counts above 0, `delivery:count`.
fn told(store: &FakeStore) -> Vec<String> {
    let page = store.metrics.render();
    let series = page.lines().filter_map(|line| line.strip_prefix("smsp_mails_total{caller=\"caller\",delivery=\""));
    let counts = series.filter_map(|rest| rest.split_once("\"} ")).filter(|(_, count)| *count != "0");
    let mut counts: Vec<_> = counts.map(|(delivery, count)| format!("{delivery}:{count}")).collect();
    counts.sort();
    counts
}

#[tokio::test]
async fn each_mail_counts_once_by_what_its_caller_was_told() {
    let store = Arc::new(FakeStore::default());
    let service = store.service(settings());
    let batch = || vec![later("a@example.org", Some("k")), later("a@example.org", None)];
    accept(&service, batch()).await.unwrap();
    accept(&service, vec![later("a@example.org", Some("k"))]).await.unwrap();
    assert_eq!(told(&store), ["queued:2"], "a repeat is no mail");
    accept(&service, vec![later("x@example.org", Some("k"))]).await.unwrap();
    assert_eq!(told(&store), ["queued:2"], "nor is one whose key names another");
    for fault in [Fault::Full(Full::Rows), Fault::Down, Fault::Unclear] {
        store.does(Some(fault));
        drop(accept(&service, vec![later("a@example.org", None)]).await);
    }
    assert_eq!(told(&store), ["none:2", "queued:2", "unknown:1"]);
}

#[tokio::test]
async fn mails_during_which_our_code_panics_count_as_unknown() {
    let store = Arc::new(FakeStore::default());
    let service = store.service(settings());
    store.does(Some(Fault::Panic));
    let batch = || vec![later("a@example.org", None), later("a@example.org", None)];
    assert!(AssertUnwindSafe(accept(&service, batch())).catch_unwind().await.is_err());
    assert_eq!(told(&store), ["unknown:2"]);
    let service = store.filing_service(settings(), Box::new(|_| panic!("as the test asked")));
    assert!(AssertUnwindSafe(accept(&service, batch())).catch_unwind().await.is_err());
    assert_eq!(told(&store), ["unknown:4"]);
}

/// With one worker: the first mail waits for another task of that worker, which so can only run elsewhere.
fn others_run_while_they_are_sealed(mails: usize, patience: Duration) -> bool {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let (told, has_run) = (Mutex::new(told), Arc::new(AtomicBool::new(false)));
    let is_told = Arc::clone(&has_run);
    let file = move |_: &Submission| {
        if !is_told.load(Ordering::Relaxed) {
            let answer = told.lock().unwrap().recv_timeout(patience);
            is_told.store(answer.is_ok(), Ordering::Relaxed);
        }
        Filed { route_set: RouteSet::new(["u0"]), rules: RulesVersion(1), refusal: None }
    };
    let service = Arc::new(FakeStore::default()).filing_service(settings(), Box::new(file));
    let small = || {
        let (to, text) = (vec!["b@example.org".parse().unwrap()], Some("x".repeat(30_000).parse().unwrap()));
        let draft = Draft { to, text, ..Draft::default() };
        let message = Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft);
        Later { submission: submission(message.unwrap(), SendOptions::default()), ..later("a@example.org", None) }
    };
    let mails = (0..mails).map(|_| small()).collect();
    runtime.block_on(async move {
        let sealing = tokio::spawn(async move {
            tokio::spawn(async move { tell.send(()) });
            service.offer("caller".into(), mails, (None, None), false).is_ok()
        });
        assert!(sealing.await.unwrap());
    });
    has_run.load(Ordering::Relaxed)
}

#[test]
fn while_a_large_batch_of_small_mails_is_sealed_the_workers_other_tasks_run() {
    assert!(others_run_while_they_are_sealed(10, Duration::from_secs(20)));
    assert!(
        !others_run_while_they_are_sealed(1, Duration::from_millis(200)),
        "a control: a small mail is sealed in place"
    );
}

#[tokio::test]
async fn repeat_under_a_key_is_no_second_mail() {
    let store = Arc::new(FakeStore::default());
    let service = store.service(settings());
    let first = accept(&service, vec![later("a@example.org", Some("k"))]).await.unwrap();
    let repeat = accept(&service, vec![later("a@example.org", Some("k"))]).await.unwrap();
    let (Acceptance::Accepted(first), Acceptance::Repeated(repeat)) = (&first[0], &repeat[0]) else {
        panic!("{first:?} {repeat:?}")
    };
    assert_eq!(first, repeat);
    assert_eq!(accept(&service, vec![later("x@example.org", Some("k"))]).await.unwrap(), [Acceptance::KeyInUse]);
    assert_eq!(store.woken.load(Ordering::Relaxed), 1, "nothing new to send");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_unclear_of_what_it_may_have_written_and_down_otherwise() {
    let store = Arc::new(FakeStore::default());
    let service = store.service(settings());
    let id = later("a@example.org", None).submission.message.id();
    store.does(Some(Fault::Hang));
    let start = Instant::now();
    assert_eq!(accept(&service, vec![later("a@example.org", None)]).await, Err(Failed::Unclear));
    assert_eq!(start.elapsed(), STORE_TIMEOUT);
    assert!(matches!(service.cancel(&"caller".into(), id).await, Err(Failed::Unclear)));
    assert!(matches!(service.status(&"caller".into(), id).await, Err(Failed::Down)));
    assert_eq!(service.overview().await.err(), Some(Failed::Down));
}

#[tokio::test]
async fn an_unclear_acceptance_is_cleared_up_by_a_repeat_under_its_key() {
    let store = Arc::new(FakeStore::default());
    let service = store.service(settings());
    store.does(Some(Fault::Unclear));
    assert_eq!(accept(&service, vec![later("a@example.org", Some("k"))]).await, Err(Failed::Unclear));
    store.does(None);
    let repeat = accept(&service, vec![later("a@example.org", Some("k"))]).await.unwrap();
    assert!(matches!(repeat[..], [Acceptance::Repeated(_)]), "{repeat:?}");
    assert_eq!(store.rows.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn recipients_are_shown_until_they_are_erased() {
    let store = Arc::new(FakeStore::default());
    let service = store.service(settings());
    let mail = later("a@example.org", None);
    let id = mail.submission.message.id();
    accept(&service, vec![mail]).await.unwrap();
    let shown = service.status(&"caller".into(), id).await.unwrap().expect("it is there");
    assert_eq!(shown.recipients, Some(vec!["b@example.org".to_owned()]));
    store.put_all(State::Accepted);
    let Change::Done(status) = service.erase(&"caller".into(), id).await.unwrap() else { panic!("not erased") };
    assert_eq!(service.shown(*status).recipients, None);
}

#[tokio::test]
async fn all_mail_to_a_recipient_is_erased_in_steps_and_answered_as_a_whole() {
    let store = Arc::new(FakeStore::default());
    let service = store.service(settings());
    accept(&service, vec![later("a@example.org", None), later("a@example.org", None)]).await.unwrap();
    let origin = || Origin { actor: Actor::Loopback, peer: None };
    let (to, nobody) = ("b@example.org".parse().unwrap(), "c@example.org".parse().unwrap());
    assert_eq!(service.erase_recipient(&nobody, origin()).await, Ok(0));
    assert_eq!(service.erase_recipient(&to, origin()).await, Ok(2));
    assert_eq!(service.audit(None, 9).await.unwrap().len(), 2, "one for each order");
}

#[tokio::test]
async fn the_mail_to_a_recipient_is_found_and_it_is_told_when_there_is_more_than_is_shown() {
    let store = Arc::new(FakeStore::default());
    let service = store.service(settings());
    let origin = || Origin { actor: Actor::Loopback, peer: None };
    let (to, nobody) = ("b@example.org".parse().unwrap(), "c@example.org".parse().unwrap());
    for _ in 0..100 {
        accept(&service, vec![later("a@example.org", None)]).await.unwrap();
    }
    assert_eq!(service.find_recipient(&nobody, origin()).await, Ok((vec![], false)));
    let (found, is_cut) = service.find_recipient(&to, origin()).await.unwrap();
    assert_eq!((found.len(), is_cut), (100, false));
    accept(&service, vec![later("a@example.org", None)]).await.unwrap();
    let (found, is_cut) = service.find_recipient(&to, origin()).await.unwrap();
    assert_eq!((found.len(), is_cut), (100, true));
    assert_eq!(service.audit(None, 9).await.unwrap()[0].note.order, "find_recipient", "without the recipient");
}

#[tokio::test]
async fn a_paused_start_ends_with_the_order_to_go_on_once_it_is_carried_out() {
    let (store, paused_start) = (Arc::new(FakeStore::default()), PausedStart::new(true));
    let service = store.paused_service(settings(), paused_start.clone());
    let origin = || Origin { actor: Actor::Loopback, peer: None };
    assert!(service.overview().await.unwrap().paused);
    store.does(Some(Fault::Down));
    assert_eq!(service.pause(false, origin()).await, Err(Failed::Down));
    assert!(paused_start.is_on(), "nothing was carried out");
    store.does(None);
    service.pause(true, origin()).await.unwrap();
    assert!(paused_start.is_on());
    service.pause(false, origin()).await.unwrap();
    assert_eq!((paused_start.is_on(), service.overview().await.unwrap().paused), (false, false));
}

fn parked() -> Selection {
    Selection { state: Some(State::Parked), ..Selection::default() }
}

fn cancel(count: u64) -> OrderOnMany {
    OrderOnMany { order: Order::Cancel, selection: parked(), count, over: Duration::ZERO, after: None }
}

async fn three_parked() -> (Arc<FakeStore>, Arc<OutboxService>) {
    let store = Arc::new(FakeStore::default());
    let service = store.service(settings());
    for _ in 0..3 {
        accept(&service, vec![later("a@example.org", None)]).await.unwrap();
    }
    store.put_all(State::Parked);
    (store, service)
}

#[tokio::test]
async fn a_list_is_filled_from_short_pages_of_the_store() {
    let (_, service) = three_parked().await;
    let page = async |after, limit| service.select(&parked(), Sort::Oldest, after, limit).await.unwrap();
    let first = page(None, 2).await;
    assert_eq!((first.rows.len(), first.next.is_some()), (2, true));
    assert_eq!(page(first.next, 2).await.rows.len(), 1);
    assert_eq!(service.count(&parked(), None).await.unwrap(), CountedRows { rows: 3, next: None });
}

#[tokio::test]
async fn an_order_on_many_is_refused_where_there_are_more_than_it_names() {
    let (store, service) = three_parked().await;
    let origin = || Origin { actor: Actor::Loopback, peer: None };
    assert_eq!(service.order_many(cancel(2), origin()).await, Ok(ManyOrdered::More));
    assert!(store.rows.lock().unwrap().iter().all(|row| row.status.ticket.state == State::Parked));
    assert_eq!(service.audit(None, 9).await.unwrap(), [], "what is refused is no order");
    let done = service.order_many(cancel(4), origin()).await.unwrap();
    let ManyOrdered::Done(done, None) = done else { panic!("{done:?}") };
    assert_eq!(done.changed, [(State::Cancelled, 3)]);
    let audit = service.audit(None, 9).await.unwrap();
    assert_eq!(audit.iter().map(|noted| &noted.note.order).collect::<Vec<_>>(), ["cancel count=4 status=parked"]);
}

#[tokio::test]
async fn an_order_on_many_goes_on_where_it_has_come_to_and_meets_no_more_than_it_names() {
    let (_, service) = three_parked().await;
    let origin = || Origin { actor: Actor::Loopback, peer: None };
    let all = service.select(&parked(), Sort::Oldest, None, 3).await.unwrap();
    assert_eq!(all.rows.len(), 3);
    let first = service.select(&parked(), Sort::Oldest, None, 1).await.unwrap().next.expect("there are more");
    let after = Some(CarriedOut { walked: Walked { caller: "caller".into(), place: first }, met: 1 });
    let done = service.order_many(OrderOnMany { after, ..cancel(2) }, origin()).await.unwrap();
    let ManyOrdered::Done(done, None) = done else { panic!("{done:?}") };
    assert_eq!(done.changed, [(State::Cancelled, 1)], "the second one: the first was met before");
    let audit = service.audit(None, 9).await.unwrap();
    let orders: Vec<_> = audit.iter().map(|noted| &noted.note.order).collect();
    assert_eq!(orders, ["cancel count=2 status=parked met=1"], "no second order");
    let after = Some(CarriedOut { walked: Walked { caller: "caller".into(), place: first }, met: u64::MAX });
    let done = service.order_many(OrderOnMany { after, ..cancel(2) }, origin()).await;
    assert_eq!(done, Ok(ManyOrdered::Done(OrderedAll::default(), None)), "nothing is left of it");
}

#[tokio::test]
async fn an_order_on_many_that_the_store_does_not_count_has_changed_nothing() {
    let (store, service) = three_parked().await;
    let origin = || Origin { actor: Actor::Loopback, peer: None };
    for (fault, failed) in [(Fault::Down, Failed::Down), (Fault::Unclear, Failed::Down)] {
        store.does(Some(fault));
        assert_eq!(service.order_many(cancel(3), origin()).await, Err(failed));
    }
    store.does(None);
    assert_eq!(service.count(&parked(), None).await.unwrap().rows, 3);
}
