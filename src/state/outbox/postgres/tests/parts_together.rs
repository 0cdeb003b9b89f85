//! Several nodes at work on parts of the same mails.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use uuid::Uuid;

use super::super::parts::claim::claim;
use super::super::parts::domains::wake;
use super::{START, batch, node, outbox, row, wanted};
use crate::model::caller::CallerName;
use crate::state::outbox::suite::parting::{domain, told};
use crate::state::outbox::{
    Batch, Bound, NewPart, Order, OrderAll, Outbox, PartEnded, PartTo, Parts, PostgresOutbox, Selection, Split, State,
    WantedParts,
};
use crate::state::store::postgres::field;
use crate::state::store::postgres::tests::postmaster::Postmaster;

const MAILS: usize = 30;
const DOMAINS: u8 = 4;
const NODES: usize = 4;

/// How often each part was handed over, by its number.
type HandOvers = Arc<Mutex<BTreeMap<i64, usize>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_nodes_hand_one_part_over_and_nobody_waits_for_another_for_ever() {
    let Some(server) = Postmaster::shared() else { return };
    let url = server.url(&server.database().await);
    let first = outbox(&url).await;
    first.accept(batch((0..MAILS).map(|_| row(None)).collect())).await.unwrap();
    let splitter = node();
    for claimed in first.claim(splitter, &wanted(MAILS)).await.unwrap() {
        // In another order each time, as recipients are.
        let turn = u8::try_from(claimed.hold.row.0 % i64::from(DOMAINS)).unwrap();
        let part = |place: u8| NewPart { domain: domain((place + turn) % DOMAINS), places: vec![u32::from(place)] };
        let split = Split { parts: (0..DOMAINS).map(part).collect(), verdicts: Vec::new() };
        assert_eq!(first.split(&claimed.hold, &split).await, Ok(true));
    }
    let done = HandOvers::default();
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(outbox(&url).await);
    }
    join_all(nodes.into_iter().map(|node| tokio::spawn(work(node, Arc::clone(&done)))))
        .await
        .into_iter()
        .for_each(|end| end.unwrap());
    let done = done.lock().unwrap().clone();
    assert_eq!(done.len(), MAILS * usize::from(DOMAINS));
    assert!(done.values().all(|times| *times == 1), "{done:?}");
    let counts = first.counts().await.unwrap();
    assert_eq!(
        counts.iter().map(|count| (count.state, count.rows)).collect::<Vec<_>>(),
        [(State::Accepted, MAILS as u64)]
    );
}

/// Claims and hands over until nothing is left; gives every third one back first.
async fn work(outbox: PostgresOutbox, done: HandOvers) {
    let own = node();
    let wanted = WantedParts { parts: 5, of_domain: 3, bytes: u64::MAX, lost: true, draw: 1 };
    while done.lock().unwrap().len() < MAILS * usize::from(DOMAINS) {
        outbox.bury(own).await.unwrap();
        for (number, part) in outbox.claim_parts(own, &wanted).await.unwrap().into_iter().enumerate() {
            if number % 3 == 2 {
                assert_eq!(outbox.give_back_parts(&[part.hold], Duration::ZERO).await, Ok(1));
                continue;
            }
            assert_eq!(outbox.mark_part(&part.hold).await, Ok(true));
            *done.lock().unwrap().entry(part.hold.part.0).or_default() += 1;
            let ended: PartEnded = told(&[(part.places[0], PartTo::Accepted)]);
            assert!(outbox.end_part(&part.hold, &ended).await.unwrap().is_some());
        }
    }
}

/// Mails of this caller, each in one part, of which nobody knows whether its server has it; to these domains.
async fn in_doubt(outbox: &PostgresOutbox, caller: &str, domains: impl Iterator<Item = u8>) {
    let rows = (0..MAILS).map(|_| row(None)).collect();
    outbox.accept(Batch { caller: caller.into(), ..batch(rows) }).await.unwrap();
    let node = node();
    for (claimed, number) in outbox.claim(node, &wanted(MAILS)).await.unwrap().iter().zip(domains) {
        let parts = vec![NewPart { domain: domain(number), places: vec![0] }];
        let split = Split { parts, verdicts: Vec::new() };
        assert_eq!(outbox.split(&claimed.hold, &split).await, Ok(true));
    }
    hand_over_all(outbox, MAILS).await;
}

/// Nobody knows what it came to.
async fn hand_over_all(outbox: &PostgresOutbox, mails: usize) {
    let wanted = WantedParts { parts: mails, of_domain: mails, bytes: u64::MAX, lost: true, draw: 1 };
    let parts = outbox.claim_parts(node(), &wanted).await.unwrap();
    assert_eq!(parts.len(), mails);
    for part in parts {
        assert_eq!(outbox.mark_part(&part.hold).await, Ok(true));
        assert_eq!(outbox.end_part(&part.hold, &told(&[])).await, Ok(Some(State::Unknown)));
    }
}

fn retry(caller: Option<&str>) -> OrderAll {
    let caller = caller.map(CallerName::from);
    let selection = Selection { state: Some(State::Unknown), caller, ..Selection::default() };
    let count = 2 * MAILS as u64;
    OrderAll { order: Order::Retry, selection, after: None, count, met: 0, over: Duration::ZERO, note: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_who_order_mail_to_the_same_domains_at_once_all_get_their_way() {
    let Some(server) = Postmaster::shared() else { return };
    let url = server.url(&server.database().await);
    let operators = [outbox(&url).await, outbox(&url).await];
    let mails = u8::try_from(MAILS).unwrap();
    in_doubt(&operators[0], "other", (0..mails).rev()).await;
    in_doubt(&operators[0], "shop", 0..mails).await;
    let bound = Bound { rows: 2 * MAILS, bytes: 1 << 30 };
    for _ in 0..3 {
        // Each meets the domains in another order.
        let [one, other] = [("shop", 0), ("other", 1)]
            .map(|(caller, operator)| operators[operator].order_all(retry(Some(caller)), bound));
        let (one, other) = tokio::join!(one, other);
        let queued = vec![(State::Queued, MAILS as u64)];
        assert_eq!((one.unwrap().changed, other.unwrap().changed), (queued.clone(), queued));
        hand_over_all(&operators[0], 2 * MAILS).await;
    }
    let answers = join_all(operators.iter().map(|operator| operator.order_all(retry(Some("shop")), bound))).await;
    let changed: u64 = answers.into_iter().map(|answer| answer.unwrap().met()).sum();
    assert_eq!(changed, MAILS as u64, "no mail is changed by both");
}

#[tokio::test]
async fn a_domain_is_claimed_though_more_mail_to_it_is_being_split() {
    let Some(server) = Postmaster::shared() else { return };
    let url = server.url(&server.database().await);
    let [splitting, claiming] = [outbox(&url).await, outbox(&url).await];
    splitting.accept(batch(vec![row(None), row(None)])).await.unwrap();
    let parts = vec![NewPart { domain: domain(1), places: vec![0] }];
    let split = Split { parts, verdicts: Vec::new() };
    let claimed = splitting.claim(node(), &wanted(2)).await.unwrap();
    assert_eq!(splitting.split(&claimed[0].hold, &split).await, Ok(true));
    // As far as the end of a split, and not yet committed.
    let mut transaction = splitting.begin().await.unwrap();
    wake(&mut transaction, &[(domain(1), START.0)]).await.unwrap();
    let wanted = WantedParts { parts: 9, of_domain: 9, bytes: u64::MAX, lost: true, draw: 1 };
    assert_eq!(claiming.claim_parts(node(), &wanted).await.unwrap().len(), 1);
    transaction.commit().await.unwrap();
    // The domain has kept its turn: what is split by now is claimed.
    assert_eq!(splitting.split(&claimed[1].hold, &split).await, Ok(true));
    assert_eq!(claiming.claim_parts(node(), &wanted).await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_nodes_that_claim_at_once_have_as_many_parts_each_as_they_want() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    outbox.accept(batch((0..MAILS).map(|_| row(None)).collect())).await.unwrap();
    for (number, claimed) in (0..).zip(outbox.claim(node(), &wanted(MAILS)).await.unwrap()) {
        let parts = vec![NewPart { domain: domain(number % DOMAINS), places: vec![0] }];
        let split = Split { parts, verdicts: Vec::new() };
        assert_eq!(outbox.split(&claimed.hold, &split).await, Ok(true));
    }
    for (number, (parts, of_domain)) in (0..).zip([(5, 5), (usize::from(DOMAINS), 1)]) {
        let wanted = WantedParts { parts, of_domain, bytes: u64::MAX, lost: true, draw: 0 };
        let mut nodes = [outbox.begin().await.unwrap(), outbox.begin().await.unwrap()];
        for (place, transaction) in (0..).zip(&mut nodes) {
            let taken = claim(transaction, node(), Uuid::from_u128(2 * number + place), &wanted).await.unwrap();
            assert_eq!(taken.len(), parts, "of the node {place}");
        }
        for transaction in nodes {
            transaction.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_claim_of_parts_that_takes_none_writes_nothing() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let wanted = WantedParts { parts: 9, of_domain: 9, bytes: u64::MAX, lost: true, draw: 1 };
    assert_eq!(outbox.claim_parts(node(), &wanted).await.unwrap().len(), 0);
    let mut transaction = outbox.begin().await.unwrap();
    let nodes = transaction.query("select count(*) from smsp_node", &[]).await.unwrap();
    assert_eq!(field::<i64>(&nodes[0], 0), Ok(0), "it has not even said that it lives");
}
