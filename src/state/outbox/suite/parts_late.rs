//! Verdicts on mail in parts that come late: of providers from before it was split, and of claims that others have followed.

use super::bench::*;
use super::parting::{new_part, split, told};

pub(in super::super) async fn a_late_acceptance_of_a_provider_ends_what_waits_of_a_mail_in_parts(bench: &Bench) {
    let hold = bench.one_marked().await;
    bench.end(&hold, unknown(Duration::ZERO)).await;
    assert_eq!(bench.outbox.order(id(1), Order::Retry, note("retry")).await, Ok(Ordered::Done(State::Queued)));
    let again = bench.claim_one(node(1)).await;
    assert_eq!(bench.parts.split(&again, &split()).await, Ok(true));
    let [one, other] = bench.both_claimed().await;
    assert_eq!(bench.parts.mark_part(&one).await, Ok(true));
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Sending));
    assert_eq!(bench.parts.mark_part(&other).await, Ok(false), "it is not sent once more");
    assert_eq!(bench.end_part(&one, &told(&[(0, PartTo::Refused)])).await, Some(State::Accepted));
    assert!(bench.status(1).await.unwrap().ticket.possible_duplicate);
}

pub(in super::super) async fn a_late_acceptance_of_a_provider_counts_though_nothing_waits_of_a_mail_in_parts(
    bench: &Bench,
) {
    for (number, state) in [(1, State::Sending), (2, State::Unknown)] {
        bench.accept(vec![row(number)]).await;
        let hold = bench.claim_one(node(1)).await;
        assert!(bench.marked(&hold).await);
        bench.end(&hold, unknown(Duration::ZERO)).await;
        let number = u128::from(number);
        assert_eq!(bench.outbox.order(id(number), Order::Retry, note("retry")).await, Ok(Ordered::Done(State::Queued)));
        let again = bench.claim_one(node(1)).await;
        assert_eq!(bench.parts.split(&again, &split()).await, Ok(true));
        let parts = bench.both_claimed().await;
        for part in &parts {
            assert_eq!(bench.parts.mark_part(part).await, Ok(true));
        }
        let mut answer = None;
        if state == State::Unknown {
            for part in &parts {
                answer = bench.end_part(part, &told(&[])).await;
            }
            assert_eq!(answer, Some(State::Unknown));
            assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted), "as of a mail that is whole");
        } else {
            assert_eq!(bench.end(&hold, accepted()).await, Some(State::Sending), "both parts are on the wire");
            for (part, places) in parts.iter().zip([&[0][..], &[1, 2, 4]]) {
                let refused: Vec<_> = places.iter().map(|place| (*place, PartTo::Refused)).collect();
                answer = bench.end_part(part, &told(&refused)).await;
            }
            assert_eq!(answer, Some(State::Accepted), "a provider has it, whatever the servers say");
        }
        assert!(bench.status(number).await.unwrap().ticket.possible_duplicate);
    }
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
