//! A store that always has parts, each of which ends at once: what a round of claims takes of it.

use std::sync::atomic::{AtomicI64, AtomicUsize};

use super::super::super::super::{
    Answered, Batch, Bounced, ClaimedPart, DueBounce, DueBounces, Fence, Hold, PartEnded, PartHold, PartId,
    Parts as PartsOfMail, RowId, Split, Told, WantedParts,
};
use super::super::super::context::MAX_PARTS;
use super::super::super::direct::claims::Turns;
use super::*;
use crate::runtime::unix_time::UnixTime;

/// As many parts as are wanted, each to a domain of its own, and none that can be opened.
#[derive(Default)]
struct Endless {
    claimed: AtomicUsize,
    ended: AtomicI64,
}

impl Endless {
    fn part(node: NodeId, number: usize) -> ClaimedPart {
        let part = PartId(i64::try_from(number).unwrap());
        let mut domain = [0; 32];
        domain[..8].copy_from_slice(&part.0.to_be_bytes());
        ClaimedPart {
            hold: PartHold { part, fence: Fence(1), node },
            id: Uuid::from_u128(number as u128).into(),
            caller: "shop".into(),
            domain: Hmac(domain),
            places: vec![0],
            lane: Lane::Normal,
            accepted_at: UnixTime(0),
            expires_at: UnixTime(i64::MAX),
            attempts: 0,
            possible_duplicate: false,
            was_lost: false,
            content: None,
        }
    }
}

impl PartsOfMail for Endless {
    fn split<'a>(&'a self, _: &'a Hold, _: &'a Split) -> Answered<'a, bool> {
        Box::pin(async { Ok(false) })
    }

    fn claim_parts<'a>(&'a self, node: NodeId, wanted: &'a WantedParts) -> Answered<'a, Vec<ClaimedPart>> {
        let first = self.claimed.fetch_add(wanted.parts, Ordering::SeqCst);
        Box::pin(async move { Ok((first..first + wanted.parts).map(|number| Self::part(node, number)).collect()) })
    }

    fn give_back_parts<'a>(&'a self, holds: &'a [PartHold], _: Duration) -> Answered<'a, usize> {
        Box::pin(async { Ok(holds.len()) })
    }

    fn close_domain<'a>(&'a self, _: &'a Hmac, _: Duration) -> Answered<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn open_domain<'a>(&'a self, _: &'a Hmac, _: Duration) -> Answered<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn oldest_of<'a>(&'a self, domains: &'a [Hmac]) -> Answered<'a, Vec<Option<UnixTime>>> {
        Box::pin(async { Ok(vec![None; domains.len()]) })
    }

    fn mark_part<'a>(&'a self, _: &'a PartHold) -> Answered<'a, bool> {
        Box::pin(async { Ok(false) })
    }

    fn end_part<'a>(&'a self, _: &'a PartHold, _: &'a PartEnded) -> Answered<'a, Option<State>> {
        self.ended.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(Some(State::Queued)) })
    }
}

impl DueBounces for Endless {
    fn due_bounces(&self, _: usize) -> Answered<'_, Vec<DueBounce>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn bounce_of(&self, _: PartId) -> Answered<'_, Option<DueBounce>> {
        Box::pin(async { Ok(None) })
    }

    fn queue_bounce<'a>(&'a self, _: &'a Told, _: Batch) -> Answered<'a, Bounced> {
        Box::pin(async { Ok(Bounced::NoRoom) })
    }

    fn put_off_bounce(&self, _: RowId, _: Duration) -> Answered<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_claims_no_more_parts_than_may_be_in_hand_though_each_ends_at_once() {
    let node = Mx::new(|_, _| None).await;
    let first = node.send(&["b@one.example"]).await;
    node.until_in(first, State::Accepted).await;
    let endless = Arc::new(Endless::default());
    let delivery = Arc::new(DirectDelivery {
        direct: Arc::clone(&node.delivery.direct),
        parts: Arc::clone(&endless) as _,
        after: HOUR,
        mails: node.metrics.mails.clone(),
        bounces: bounces(&node.sealer, &Arc::default()),
    });
    let round = async { Turns::default().claim(&node.pump.0, &delivery).await };
    assert!(tokio::time::timeout(20 * SECOND, round).await.is_ok(), "rows wait too");
    let claimed = endless.claimed.load(Ordering::SeqCst);
    assert!((1..=MAX_PARTS).contains(&claimed), "{claimed}");
    while endless.ended.load(Ordering::SeqCst) < i64::try_from(claimed).unwrap() {
        sleep(WAIT).await;
    }
}
