//! Several nodes at work on parts of the same mails.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;

use super::{batch, node, outbox, row, wanted};
use crate::state::outbox::suite::parting::{domain, told};
use crate::state::outbox::{NewPart, Outbox, PartEnded, PartTo, Parts, PostgresOutbox, Split, State, WantedParts};
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
        let split = Split { parts: (0..DOMAINS).map(part).collect(), has_taken_some: false, verdicts: Vec::new() };
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
    let wanted = WantedParts { parts: 5, of_domain: 3, bytes: u64::MAX, lost: true };
    while done.lock().unwrap().len() < MAILS * usize::from(DOMAINS) {
        outbox.bury(own).await.unwrap();
        for (number, part) in outbox.claim_parts(own, &wanted).await.unwrap().into_iter().enumerate() {
            if number % 3 == 2 {
                assert_eq!(outbox.give_back_parts(&[part.hold], std::time::Duration::ZERO).await, Ok(1));
                continue;
            }
            assert_eq!(outbox.mark_part(&part.hold).await, Ok(true));
            *done.lock().unwrap().entry(part.hold.part.0).or_default() += 1;
            let ended: PartEnded = told(&[(part.places[0], PartTo::Accepted)]);
            assert!(outbox.end_part(&part.hold, &ended).await.unwrap().is_some());
        }
    }
}
