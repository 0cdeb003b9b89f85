//! Verdicts on mail in parts that come late: of providers from before it was split, and of claims that others have followed.

use super::bench::*;
use super::parting::{new_part, split, told};

/// An acceptance of mg for these recipients alone of the four.
pub(super) fn taken_for(places: &[u32]) -> Ended {
    let of = |place| {
        let outcome = if places.contains(&place) { Outcome::Accepted } else { Outcome::MessageRejected };
        RecipientVerdict { place, outcome, reason: "smtp_0".to_owned() }
    };
    let recipients = [0, 1, 2, 4].map(of).to_vec();
    let verdicts = vec![Verdict { recipients, ..verdict("mg", Outcome::Accepted) }];
    Ended::Accepted { verdicts, possible_duplicate: false }
}

impl Bench {
    /// This mail waits; it was handed over to mg, which may have it, though a person has said that it has not. By which claim.
    pub(super) async fn handed_over_before(&self, mail: Id, wanted: &Wanted) -> Hold {
        let hold = self.outbox.claim(node(1), wanted).await.unwrap()[0].hold;
        assert!(self.marked(&hold).await);
        self.end(&hold, unknown(Duration::ZERO)).await;
        let order = self.outbox.order(mail, Order::SettleAsNone, note("settle")).await;
        assert_eq!(order, Ok(Ordered::Done(State::Queued)));
        hold
    }

    /// Accepts a mail and splits it behind such a hand-over; its parts are claimed by node 1.
    pub(super) async fn split_behind_a_provider(&self, mail: NewRow) -> (Hold, [PartHold; 2]) {
        let (id, wanted) = (mail.id, Wanted { sets: vec![mail.route_set.clone()], ..wanted(1) });
        self.accept(vec![mail]).await;
        let hold = self.handed_over_before(id, &wanted).await;
        let again = self.outbox.claim(node(1), &wanted).await.unwrap()[0].hold;
        assert_eq!(self.parts.split(&again, &split()).await, Ok(true));
        (hold, self.both_claimed().await)
    }
}

pub(in super::super) async fn a_late_acceptance_of_a_provider_ends_what_waits_of_a_mail_in_parts(bench: &Bench) {
    let (hold, [one, other]) = bench.split_behind_a_provider(row(1)).await;
    assert_eq!(bench.parts.mark_part(&one).await, Ok(true));
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted), "what is on the wire is a second copy");
    assert_eq!(bench.parts.mark_part(&other).await, Ok(false), "it is not sent once more");
    assert_eq!(bench.end_part(&one, &told(&[(0, PartTo::Refused)])).await, None, "whatever its server says");
    let status = bench.status(1).await.unwrap();
    assert!(status.ticket.possible_duplicate);
    assert_eq!(status.parts.iter().map(|part| part.possible_duplicate).collect::<Vec<_>>(), [true, false]);
    assert_eq!(status.of_recipients(), [], "the provider has it for all of them");
}

pub(in super::super) async fn what_is_on_the_wire_is_not_sent_again_once_a_provider_has_it(bench: &Bench) {
    let (hold, parts) = bench.split_behind_a_provider(row(1)).await;
    for part in &parts {
        assert_eq!(bench.parts.mark_part(part).await, Ok(true));
    }
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted));
    assert_eq!(bench.end_part(&parts[0], &told(&[(0, PartTo::Again)])).await, None);
    let mixed = told(&[(1, PartTo::Accepted), (2, PartTo::Refused), (4, PartTo::Again)]);
    assert_eq!(bench.end_part(&parts[1], &mixed).await, None);
    bench.advance(DAY).await;
    assert_eq!(bench.claim_parts(node(1), 9).await.len(), 0);
    assert_eq!(bench.parts_of(1).await, [(State::Accepted, vec![0]), (State::Accepted, vec![1, 2, 4])]);
}

pub(in super::super) async fn a_late_acceptance_of_a_provider_for_some_recipients_leaves_the_others_where_they_are(
    bench: &Bench,
) {
    let (hold, [one, other]) = bench.split_behind_a_provider(row(1)).await;
    assert_eq!(bench.parts.mark_part(&other).await, Ok(true));
    assert_eq!(bench.end(&hold, taken_for(&[1, 4])).await, Some(State::Sending));
    let expected = [(State::Claimed, vec![0]), (State::Accepted, vec![1, 4]), (State::Sending, vec![2])];
    assert_eq!(bench.parts_of(1).await, expected);
    assert_eq!(bench.parts.mark_part(&one).await, Ok(true), "the provider has refused this one");
    let mixed = told(&[(1, PartTo::Refused), (2, PartTo::Again), (4, PartTo::Again)]);
    assert_eq!(bench.end_part(&other, &mixed).await, Some(State::Sending));
    assert_eq!(bench.end_part(&one, &told(&[(0, PartTo::Refused)])).await, Some(State::Queued));
    bench.advance(10 * SECOND).await;
    let again = bench.claim_parts(node(1), 9).await;
    assert_eq!((again.len(), &*again[0].places), (1, &[2][..]));
    assert_eq!(bench.parts.mark_part(&again[0].hold).await, Ok(true));
    assert_eq!(bench.end_part(&again[0].hold, &told(&[(2, PartTo::Refused)])).await, Some(State::Accepted));
    let seen: Vec<_> = bench.status(1).await.unwrap().of_recipients().iter().map(|one| one.outcome).collect();
    let (yes, no) = (Outcome::Accepted, Outcome::MessageRejected);
    assert_eq!(seen, [no, yes, no, yes]);
    // A claim that was not marked would hand over to those that have it, too.
    let (hold, [_, other]) = bench.split_behind_a_provider(row(2)).await;
    assert_eq!(bench.end(&hold, taken_for(&[0, 1])).await, Some(State::Queued));
    assert_eq!(bench.parts.mark_part(&other).await, Ok(false));
    let fewer = bench.claim_parts(node(1), 9).await;
    assert_eq!((fewer.len(), &*fewer[0].places), (1, &[2, 4][..]));
}

pub(in super::super) async fn a_late_acceptance_of_a_provider_counts_though_nothing_waits_of_a_mail_in_parts(
    bench: &Bench,
) {
    let (hold, parts) = bench.split_behind_a_provider(row(1)).await;
    for part in &parts {
        assert_eq!(bench.parts.mark_part(part).await, Ok(true));
        bench.end_part(part, &told(&[])).await;
    }
    assert_eq!(bench.state(1).await, Some(State::Unknown));
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted), "as of a mail that is whole");
    assert!(bench.status(1).await.unwrap().ticket.possible_duplicate);
    // It has the mail for the one whom its own server has refused it for, though the others are refused later.
    let (hold, [one, other]) = bench.split_behind_a_provider(row(2)).await;
    for part in [&one, &other] {
        assert_eq!(bench.parts.mark_part(part).await, Ok(true));
    }
    bench.end_part(&one, &told(&[(0, PartTo::Refused)])).await;
    assert_eq!(bench.end(&hold, taken_for(&[0])).await, Some(State::Sending));
    let refused = told(&[(1, PartTo::Refused), (2, PartTo::Refused), (4, PartTo::Refused)]);
    assert_eq!(bench.end_part(&other, &refused).await, Some(State::Accepted), "a provider has it");
}

pub(in super::super) async fn the_end_of_a_mail_is_told_by_the_part_that_has_ended_it_alone(bench: &Bench) {
    let [one, other] = bench.both_marked().await;
    let accepted = told(&[(0, PartTo::Accepted)]);
    assert_eq!(bench.end_part(&one, &accepted).await, Some(State::Sending));
    let refused = told(&[(1, PartTo::Refused), (2, PartTo::Refused), (4, PartTo::Refused)]);
    assert_eq!(bench.end_part(&other, &refused).await, Some(State::Accepted));
    assert_eq!(bench.end_part(&one, &accepted).await, Some(State::Sending), "its first answer was lost");
    bench.what_was_accepted_has_ended_or_is_there().await;
    bench.is_uncounted();
    assert_eq!(bench.end_part(&other, &refused).await, Some(State::Accepted), "if that was lost, nobody was told");
}

pub(in super::super) async fn a_late_refusal_of_a_part_settles_nothing_while_another_hand_over_is_in_doubt(
    bench: &Bench,
) {
    let hold = bench.one_claimed().await;
    let one = Split { parts: vec![new_part(1, &[0])], ..split() };
    assert_eq!(bench.parts.split(&hold, &one).await, Ok(true));
    let mut holds = Vec::new();
    for _ in 0..2 {
        let part = bench.claim_parts(node(1), 9).await[0].hold;
        assert_eq!(bench.parts.mark_part(&part).await, Ok(true));
        assert_eq!(bench.end_part(&part, &told(&[])).await, Some(State::Unknown));
        holds.push(part);
        if holds.len() < 2 {
            let retry = bench.outbox.order(id(1), Order::Retry, note("retry")).await;
            assert_eq!(retry, Ok(Ordered::Done(State::Queued)));
        }
    }
    let refused = told(&[(0, PartTo::Refused)]);
    assert_eq!(bench.end_part(&holds[0], &refused).await, None, "the second one may have been taken");
    assert_eq!(bench.state(1).await, Some(State::Unknown));
    assert_eq!(bench.end_part(&holds[1], &refused).await, Some(State::Refused));
}

pub(in super::super) async fn a_claim_whose_recipients_have_become_fewer_is_lost(bench: &Bench) {
    let [_, part] = bench.both_marked().await;
    assert_eq!(bench.end_part(&part, &told(&[(4, PartTo::Refused)])).await, Some(State::Sending));
    let [retry, cancel] = [Order::Retry, Order::Cancel];
    assert_eq!(bench.outbox.order(id(1), retry, note("retry")).await, Ok(Ordered::Done(State::Sending)));
    let again = bench.claim_parts(node(1), 9).await;
    assert_eq!((again.len(), &*again[0].places), (1, &[1, 2][..]));
    let late = told(&[(1, PartTo::Accepted)]);
    assert_eq!(
        bench.end_part(&part, &late).await,
        Some(State::Sending),
        "it was in doubt, whatever was told of others"
    );
    assert_eq!(bench.parts.mark_part(&again[0].hold).await, Ok(false), "it would be sent to the first one, too");
    let fewer = bench.claim_parts(node(1), 9).await;
    assert_eq!((fewer.len(), &*fewer[0].places), (1, &[2][..]));
    let late = told(&[(2, PartTo::Accepted)]);
    assert_eq!(bench.end_part(&part, &late).await, Some(State::Sending), "each by its own verdict");
    assert_eq!(bench.parts.mark_part(&fewer[0].hold).await, Ok(false));
    assert!(matches!(bench.outbox.order(id(1), cancel, note("cancel")).await, Ok(Ordered::Conflict(_))));
    let expected =
        [(State::Sending, vec![0]), (State::Accepted, vec![1]), (State::Accepted, vec![2]), (State::Refused, vec![4])];
    assert_eq!(bench.parts_of(1).await, expected);
}

pub(in super::super) async fn a_late_acceptance_reaches_recipients_whom_a_later_claim_has_moved(bench: &Bench) {
    let [_, part] = bench.both_marked().await;
    assert_eq!(bench.end_part(&part, &told(&[(4, PartTo::Refused)])).await, Some(State::Sending));
    assert_eq!(bench.outbox.order(id(1), Order::Retry, note("retry")).await, Ok(Ordered::Done(State::Sending)));
    let again = bench.claim_parts(node(1), 9).await;
    assert_eq!(bench.parts.mark_part(&again[0].hold).await, Ok(true));
    assert_eq!(bench.end_part(&again[0].hold, &told(&[(2, PartTo::Again)])).await, Some(State::Sending));
    let of_first = told(&[(2, PartTo::Accepted)]);
    for _ in 0..2 {
        assert_eq!(bench.end_part(&part, &of_first).await, Some(State::Sending), "asked once more, it says the same");
    }
    bench.advance(DAY / 2).await;
    assert_eq!(bench.claim_parts(node(1), 9).await.len(), 0, "it is not sent once more");
    let expected =
        [(State::Sending, vec![0]), (State::Unknown, vec![1]), (State::Accepted, vec![2]), (State::Refused, vec![4])];
    assert_eq!(bench.parts_of(1).await, expected);
}
