//! Mail in parts: how it is split, claimed, handed over and ended.

use std::collections::BTreeSet;

use super::bench::*;

/// The domain of this number.
pub(in crate::state::outbox) fn domain(number: u8) -> Hmac {
    Hmac([number; 32])
}

pub(super) fn new_part(number: u8, places: &[u32]) -> NewPart {
    NewPart { domain: domain(number), places: places.to_vec() }
}

/// To two domains: one recipient at the first, three at the second.
pub(in crate::state::outbox) fn split() -> Split {
    Split { parts: vec![new_part(1, &[0]), new_part(2, &[1, 2, 4])], verdicts: Vec::new() }
}

pub(in crate::state::outbox) fn wanted_parts(parts: usize) -> WantedParts {
    WantedParts { parts, of_domain: parts, bytes: u64::MAX, lost: true, draw: 1 }
}

pub(super) fn of_recipient(place: u32, to: PartTo) -> PartVerdict {
    let outcome = match to {
        PartTo::Unknown => Outcome::Unknown,
        PartTo::Again => Outcome::Deferred,
        PartTo::Accepted => Outcome::Accepted,
        PartTo::Refused => Outcome::MessageRejected,
    };
    let (code, host) = (Some("0.0.0".to_owned()), Some(format!("mx{place}.example")));
    PartVerdict { place, to, outcome, reason: "smtp_0".to_owned(), code, host }
}

pub(in crate::state::outbox) fn told(all: &[(u32, PartTo)]) -> PartEnded {
    let verdicts = all.iter().map(|(place, to)| of_recipient(*place, *to)).collect();
    PartEnded::Told { verdicts, wait: 10 * SECOND, counted: true, took: Some(SECOND) }
}

impl Bench {
    pub(super) async fn claim_parts(&self, of: NodeId, parts: usize) -> Vec<ClaimedPart> {
        self.parts.claim_parts(of, &wanted_parts(parts)).await.unwrap()
    }

    /// The one row there is, split; its parts claimed by node 1, that of the first domain first.
    pub(super) async fn one_split(&self) -> [PartHold; 2] {
        let hold = self.one_claimed().await;
        assert_eq!(self.parts.split(&hold, &split()).await, Ok(true));
        self.both_claimed().await
    }

    pub(super) async fn both_claimed(&self) -> [PartHold; 2] {
        let mut parts = self.claim_parts(node(1), 10).await;
        parts.sort_by_key(|part| part.domain.0);
        assert_eq!(parts.iter().map(|part| part.domain).collect::<Vec<_>>(), [domain(1), domain(2)]);
        [parts[0].hold, parts[1].hold]
    }

    pub(super) async fn both_marked(&self) -> [PartHold; 2] {
        let parts = self.one_split().await;
        for part in &parts {
            assert_eq!(self.parts.mark_part(part).await, Ok(true));
        }
        parts
    }

    pub(super) async fn end_part(&self, hold: &PartHold, ended: &PartEnded) -> Option<State> {
        self.parts.end_part(hold, ended).await.unwrap()
    }

    /// Accepts this mail and splits it: one part, to the domain of its number, is claimed by node 1.
    pub(super) async fn in_one_part(&self, number: u8) -> PartHold {
        self.accept(vec![row(number)]).await;
        let hold = self.claim_one(node(1)).await;
        let split = Split { parts: vec![new_part(number, &[0])], ..split() };
        assert_eq!(self.parts.split(&hold, &split).await, Ok(true));
        let parts = self.claim_parts(node(1), 1).await;
        assert_eq!(parts.iter().map(|part| part.domain).collect::<Vec<_>>(), [domain(number)]);
        parts[0].hold
    }

    /// As [`Self::in_one_part`], and nobody knows whether its server has it.
    pub(super) async fn in_doubt(&self, number: u8) -> PartHold {
        let part = self.in_one_part(number).await;
        assert_eq!(self.parts.mark_part(&part).await, Ok(true));
        assert_eq!(self.end_part(&part, &told(&[])).await, Some(State::Unknown));
        part
    }

    /// State and places of each part of a mail.
    pub(super) async fn parts_of(&self, number: u128) -> Vec<(State, Vec<u32>)> {
        let status = self.status(number).await.unwrap();
        let mut parts: Vec<_> = status.parts.into_iter().map(|part| (part.state, part.places)).collect();
        parts.sort_by_key(|(_, places)| places.clone());
        parts
    }
}

pub(in super::super) async fn a_mail_is_split_once_and_ended_by_its_parts(bench: &Bench) {
    let hold = bench.one_claimed().await;
    assert_eq!(bench.parts.split(&hold, &split()).await, Ok(true));
    assert_eq!(bench.parts.split(&hold, &split()).await, Ok(true), "its answer was lost, and it comes again");
    assert_eq!(bench.state(1).await, Some(State::Queued));
    assert_eq!(bench.claim(node(1), 9).await.len(), 0, "as a whole it is claimed no more");
    assert!(!bench.marked(&hold).await);
    let [one, other] = bench.both_claimed().await;
    assert_eq!(bench.state(1).await, Some(State::Claimed));
    for part in [&one, &other] {
        assert_eq!(bench.parts.mark_part(part).await, Ok(true));
        assert_eq!(bench.parts.mark_part(part).await, Ok(true), "once more");
    }
    assert_eq!(bench.end_part(&one, &told(&[(0, PartTo::Accepted)])).await, Some(State::Sending));
    let refused = told(&[(1, PartTo::Refused), (2, PartTo::Refused), (4, PartTo::Refused)]);
    assert_eq!(bench.end_part(&other, &refused).await, Some(State::Accepted));
    let status = bench.status(1).await.unwrap();
    assert_eq!(status.ticket.state, State::Accepted);
    assert_eq!(status.attempts.iter().map(|tried| &*tried.upstream).collect::<Vec<_>>(), ["mx", "mx"]);
    let seen: Vec<_> = status.parts.iter().flat_map(|part| &part.verdicts).cloned().collect();
    let expected = [(0, PartTo::Accepted), (1, PartTo::Refused), (2, PartTo::Refused), (4, PartTo::Refused)];
    assert_eq!(seen, expected.map(|(place, to)| of_recipient(place, to)));
}

pub(in super::super) async fn a_split_needs_fence_owner_and_state_and_records_what_providers_said(bench: &Bench) {
    let hold = bench.one_claimed().await;
    for other in [Hold { node: node(2), ..hold }, Hold { fence: Fence(hold.fence.0 + 1), ..hold }] {
        assert_eq!(bench.parts.split(&other, &split()).await, Ok(false));
    }
    let unsound: [&[(u8, &[u32])]; 5] =
        [&[], &[(1, &[])], &[(1, &[0]), (2, &[1, 0])], &[(1, &[0, 0])], &[(1, &[0]), (1, &[1])]];
    for parts in unsound {
        let parts = parts.iter().map(|(domain, places)| new_part(*domain, places)).collect();
        let unsound = Split { parts, ..split() };
        assert_eq!(bench.parts.split(&hold, &unsound).await, Ok(false), "{unsound:?}");
    }
    assert!(bench.marked(&hold).await);
    let verdicts = vec![verdict("mg", Outcome::Unavailable)];
    assert_eq!(bench.parts.split(&hold, &Split { verdicts, ..split() }).await, Ok(true));
    let attempts = bench.status(1).await.unwrap().attempts;
    assert_eq!(attempts.iter().map(|tried| tried.outcome.as_deref()).collect::<Vec<_>>(), [Some("unavailable")]);
}

pub(in super::super) async fn a_part_whose_recipients_differ_is_divided_and_each_is_in_one_part(bench: &Bench) {
    let [one, other] = bench.both_marked().await;
    bench.end_part(&one, &told(&[(0, PartTo::Accepted)])).await;
    let mixed = told(&[(1, PartTo::Again), (2, PartTo::Accepted), (4, PartTo::Unknown)]);
    assert_eq!(bench.end_part(&other, &mixed).await, Some(State::Queued));
    let expected =
        [(State::Accepted, vec![0]), (State::Queued, vec![1]), (State::Accepted, vec![2]), (State::Unknown, vec![4])];
    assert_eq!(bench.parts_of(1).await, expected);
    assert_eq!(bench.end_part(&other, &mixed).await, Some(State::Queued), "a repeat changes nothing");
    assert_eq!(bench.parts_of(1).await, expected);
    assert_eq!(bench.claim_parts(node(2), 9).await.len(), 0, "it waits");
    bench.advance(10 * SECOND).await;
    let again = bench.claim_parts(node(2), 9).await;
    assert_eq!((again.len(), &*again[0].places, again[0].attempts), (1, &[1][..], 1));
    assert_eq!(bench.parts.mark_part(&again[0].hold).await, Ok(true));
    assert_eq!(bench.end_part(&again[0].hold, &told(&[(1, PartTo::Accepted)])).await, Some(State::Unknown));
    let late = told(&[(4, PartTo::Accepted)]);
    assert_eq!(bench.end_part(&other, &late).await, Some(State::Accepted), "the late verdict of the one in doubt");
    assert!(!bench.status(1).await.unwrap().ticket.possible_duplicate);
}

pub(in super::super) async fn who_is_not_told_of_is_unknown_where_the_part_was_marked_and_waits_where_not(
    bench: &Bench,
) {
    let [one, other] = bench.one_split().await;
    assert_eq!(bench.parts.mark_part(&other).await, Ok(true));
    bench.end_part(&one, &told(&[])).await;
    bench.end_part(&other, &told(&[(1, PartTo::Accepted)])).await;
    let expected = [(State::Queued, vec![0]), (State::Accepted, vec![1]), (State::Unknown, vec![2, 4])];
    assert_eq!(bench.parts_of(1).await, expected);
}

pub(in super::super) async fn every_domain_is_served_before_one_is_served_twice(bench: &Bench) {
    for number in 1..=20 {
        bench.accept(vec![row(number)]).await;
        let hold = bench.claim_one(node(1)).await;
        // Two parts to each of ten domains.
        let one = Split { parts: vec![new_part(number % 10, &[0])], ..split() };
        assert_eq!(bench.parts.split(&hold, &one).await, Ok(true));
    }
    let mut served = Vec::new();
    for claims in 1..=5 {
        bench.advance(Duration::from_millis(1)).await;
        let wanted = WantedParts { of_domain: 1, ..wanted_parts(4) };
        // Each by another node, which has none of that domain yet.
        served
            .extend(bench.parts.claim_parts(node(claims), &wanted).await.unwrap().iter().map(|part| part.domain.0[0]));
    }
    assert_eq!(served.len(), 20);
    for round in served.chunks(10) {
        assert_eq!(round.iter().collect::<BTreeSet<_>>().len(), 10, "{served:?}");
    }
}

pub(in super::super) async fn the_more_domains_wait_the_fewer_parts_of_each_are_claimed(bench: &Bench) {
    for number in 1..=40 {
        bench.accept(vec![row(number)]).await;
        let hold = bench.claim_one(node(1)).await;
        // Two parts to each of twenty domains.
        let one = Split { parts: vec![new_part(number % 20, &[0])], ..split() };
        assert_eq!(bench.parts.split(&hold, &one).await, Ok(true));
    }
    let served: BTreeSet<_> = bench.claim_parts(node(1), 4).await.iter().map(|part| part.domain.0).collect();
    assert_eq!(served.len(), 4);
}

pub(in super::super) async fn of_a_domain_fresh_mail_and_mail_of_low_lanes_do_not_wait_behind_a_backlog(bench: &Bench) {
    for number in 1..=12 {
        let lane = match number {
            1 => Lane::Low,
            2..=7 => Lane::High,
            _ => Lane::Normal,
        };
        bench.accept(vec![NewRow { lane, ..row(number) }]).await;
        let hold = bench.claim_one(node(1)).await;
        let split = Split { parts: vec![new_part(1, &[0])], ..split() };
        assert_eq!(bench.parts.split(&hold, &split).await, Ok(true));
        bench.advance(SECOND).await;
    }
    let claim = async |parts, draw| {
        let wanted = WantedParts { of_domain: 99, draw, ..wanted_parts(parts) };
        let claimed = bench.parts.claim_parts(node(1), &wanted).await.unwrap();
        claimed.into_iter().map(|part| part.id).collect::<Vec<_>>()
    };
    for (draw, expected) in [(0, 12), (2, 1), (1, 2), (3, 3), (4, 11)] {
        assert_eq!(claim(1, draw).await, [id(expected)], "where there is room for one, by the draw: {draw}");
    }
    let mut four = claim(4, 7).await;
    four.sort_unstable();
    assert_eq!(four, [4, 5, 6, 10].map(id), "the newest, and the oldest, which comes first by its lane, too");
}

pub(in super::super) async fn a_part_needs_fence_owner_and_state(bench: &Bench) {
    let [one, other] = bench.one_split().await;
    let accepted = told(&[(0, PartTo::Accepted)]);
    for forged in [PartHold { node: node(2), ..one }, PartHold { fence: Fence(one.fence.0 + 1), ..one }] {
        assert_eq!(bench.parts.mark_part(&forged).await, Ok(false));
        assert_eq!(bench.end_part(&forged, &accepted).await, None);
        assert_eq!(bench.parts.give_back_parts(&[forged], SECOND).await, Ok(0));
    }
    assert_eq!(bench.end_part(&one, &accepted).await, None, "nothing was handed over");
    assert_eq!(bench.parts.mark_part(&one).await, Ok(true));
    assert_eq!(bench.parts.give_back_parts(&[one, other], SECOND).await, Ok(1), "a marked one stays");
    assert_eq!(bench.parts.mark_part(&other).await, Ok(false));
    let expected = [(State::Sending, vec![0]), (State::Queued, vec![1, 2, 4])];
    assert_eq!(bench.parts_of(1).await, expected);
    assert_eq!(bench.claim_parts(node(1), 9).await.len(), 0);
    bench.advance(SECOND).await;
    assert_eq!(bench.claim_parts(node(1), 9).await.len(), 1);
    assert_eq!(bench.claim_parts(node(2), 9).await.len(), 0, "no two nodes have one part");
    assert_eq!(bench.erase_recipient(1).await.0, 1);
    assert_eq!(bench.parts.mark_part(&one).await, Ok(false), "once more, of a mail that is erased by now");
}

pub(in super::super) async fn the_oldest_mail_of_which_something_waits_is_known_of_each_domain(bench: &Bench) {
    let mut accepted = Vec::new();
    for number in 1..=2 {
        accepted.push(bench.time.now().await);
        bench.accept(vec![row(number)]).await;
        bench.advance(SECOND).await;
        let hold = bench.claim_one(node(1)).await;
        assert_eq!(bench.parts.split(&hold, &split()).await, Ok(true));
    }
    let domains = [domain(2), domain(3), domain(1)];
    let oldest = async || bench.parts.oldest_of(&domains).await.unwrap();
    assert_eq!(oldest().await, [Some(accepted[0]), None, Some(accepted[0])]);
    let parts = bench.claim_parts(node(1), 9).await;
    assert_eq!(oldest().await, [None, None, None], "in hand");
    for part in &parts {
        assert_eq!(bench.parts.mark_part(&part.hold).await, Ok(true));
        let is_first = part.id == id(1);
        let again = told(&[(0, PartTo::Again), (1, if is_first { PartTo::Again } else { PartTo::Refused })]);
        let accepted = told(&[(0, PartTo::Accepted), (1, PartTo::Again)]);
        bench.end_part(&part.hold, if is_first && part.places == [0] { &accepted } else { &again }).await;
    }
    assert_eq!(oldest().await, [Some(accepted[0]), None, Some(accepted[1])], "however often it was tried");
    assert_eq!(bench.parts.oldest_of(&[]).await, Ok(Vec::new()));
}

pub(in super::super) async fn a_mail_in_parts_is_rescheduled(bench: &Bench) {
    let [one, other] = bench.one_split().await;
    assert_eq!(bench.parts.mark_part(&one).await, Ok(true));
    assert_eq!(bench.parts.give_back_parts(&[other], Duration::ZERO).await, Ok(1));
    let later = bench.time.now().await.after(DAY);
    let changed = bench.outbox.reschedule(&"shop".into(), id(1), later).await;
    assert!(matches!(changed, Ok(Change::Done(_))), "what waits of it");
    let status = bench.status(1).await.unwrap();
    assert_eq!((status.ticket.send_at, status.next_attempt_at), (later, None), "a part is under way");
    assert_eq!(bench.claim_parts(node(1), 9).await.len(), 0);
    assert_eq!(bench.end_part(&one, &told(&[(0, PartTo::Accepted)])).await, Some(State::Queued));
    assert_eq!(bench.status(1).await.unwrap().next_attempt_at, Some(later));
    let oldest: Vec<_> = bench.outbox.counts().await.unwrap().iter().map(|count| count.oldest).collect();
    assert_eq!(oldest, [Some(later)]);
}
