//! The commands of a run, each carried out on model and store.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::super::bench::*;
use super::super::parting::{domain, of_recipient, split, wanted_parts};
use super::mails::{Mail, Mails};
use super::part::Part;
use super::provider;

const TO: [Option<PartTo>; 5] =
    [Some(PartTo::Unknown), Some(PartTo::Again), Some(PartTo::Accepted), Some(PartTo::Refused), None];
const PLACES: [u32; 4] = [0, 1, 2, 4];
const ORDERS: [Order; 4] = [Order::Retry, Order::SettleAsAccepted, Order::SettleAsNone, Order::Cancel];

/// One step of a run. Places are of mails and holds, however many there are; old holds are as likely as new ones.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    AcceptAndSplit { expires_in: u64, behind: bool },
    Claim { node: u128 },
    GiveBack { hold: usize, seconds: u64 },
    Close { domain: u8, seconds: u64 },
    Mark { hold: usize, forged: bool },
    End { hold: usize, to: [usize; 4], forged: bool },
    Lost { hold: usize },
    Heartbeat { node: u128 },
    Advance { seconds: u64 },
    Bury,
    Sweep,
    Cancel { mail: usize },
    Erase { mail: usize },
    EraseRecipient { mail: usize },
    Order { mail: usize, order: usize },
    Taken { mail: usize, of: [bool; 4] },
}

pub(super) fn commands() -> impl Strategy<Value = Command> {
    use Command::*;
    let (node, forged, place) = (1..=3u128, proptest::bool::weighted(0.15), 0..1000usize);
    prop_oneof![
        5 => (1..400u64, any::<bool>()).prop_map(|(expires_in, behind)| AcceptAndSplit { expires_in, behind }),
        8 => node.clone().prop_map(|node| Claim { node }),
        2 => (place.clone(), 0..20u64).prop_map(|(hold, seconds)| GiveBack { hold, seconds }),
        1 => (1..=2u8, 0..60u64).prop_map(|(domain, seconds)| Close { domain, seconds }),
        12 => (place.clone(), forged).prop_map(|(hold, forged)| Mark { hold, forged }),
        12 => (place.clone(), [0..5usize, 0..5, 0..5, 0..5], forged).prop_map(|(hold, to, forged)| End { hold, to, forged }),
        2 => place.clone().prop_map(|hold| Lost { hold }),
        2 => node.prop_map(|node| Heartbeat { node }),
        6 => (0..40u64).prop_map(|seconds| Advance { seconds }),
        1 => Just(Advance { seconds: 3 * 24 * 3600 }),
        4 => Just(Bury),
        2 => Just(Sweep),
        1 => place.clone().prop_map(|mail| Cancel { mail }),
        1 => place.clone().prop_map(|mail| Erase { mail }),
        1 => place.clone().prop_map(|mail| EraseRecipient { mail }),
        3 => (place.clone(), 0..4usize).prop_map(|(mail, order)| Order { mail, order }),
        3 => (place, any::<[bool; 4]>()).prop_map(|(mail, of)| Taken { mail, of }),
    ]
}

pub(super) async fn carry_out(bench: &Bench, mails: &mut Mails, command: Command) -> Result<(), TestCaseError> {
    let (outbox, parts, now) = (&bench.outbox, &bench.parts, mails.now);
    match command {
        Command::AcceptAndSplit { expires_in, behind } => accept(bench, mails, expires_in, behind).await?,
        Command::Claim { node: number } => claim(bench, mails, node(number)).await?,
        Command::GiveBack { hold, seconds } => {
            let Some((place, hold)) = held(mails, hold, false) else { return Ok(()) };
            let wait = Duration::from_secs(seconds);
            let expected = usize::from(mails.give_back(place, &hold, now.after(wait)));
            prop_assert_eq!(parts.give_back_parts(&[hold], wait).await, Ok(expected));
        }
        Command::Close { domain: number, seconds } => {
            let wait = Duration::from_secs(seconds);
            let until = mails.closed.entry(number).or_insert(now);
            *until = if wait.is_zero() { now } else { now.after(wait).max(*until) };
            prop_assert_eq!(parts.close_domain(&domain(number), wait).await, Ok(()));
        }
        Command::Mark { hold, forged } => {
            let Some((place, hold)) = held(mails, hold, forged) else { return Ok(()) };
            let expected = mails.mark(place, &hold);
            prop_assert_eq!(parts.mark_part(&hold).await, Ok(expected));
        }
        Command::End { hold, to, forged } => {
            let Some((place, hold)) = held(mails, hold, forged) else { return Ok(()) };
            let told = PLACES.into_iter().zip(to).filter_map(|(place, to)| Some((place, TO[to]?))).collect();
            end(bench, mails, place, &hold, &told).await?;
        }
        Command::Lost { hold } => {
            let Some((place, hold)) = held(mails, hold, false) else { return Ok(()) };
            was_final(bench, mails, place);
            let expected = mails.lost(place, &hold, now.after(SECOND));
            prop_assert_eq!(parts.end_part(&hold, &PartEnded::Lost { wait: SECOND }).await, Ok(expected));
        }
        Command::Heartbeat { node: number } => {
            outbox.heartbeat(node(number)).await.unwrap();
            mails.nodes.insert(number, now);
        }
        Command::Advance { seconds } => {
            bench.advance(Duration::from_secs(seconds)).await;
            mails.now = now.after(Duration::from_secs(seconds));
        }
        Command::Bury => {
            bench.bury().await.unwrap();
            mails.bury();
        }
        Command::Sweep => {
            bench.sweep(ALL).await.unwrap();
            mails.sweep();
        }
        Command::Order { mail, order } => {
            let (number, order) = (mail as u128 % mails.accepted.max(1) + 1, ORDERS[order]);
            let expected = mails.order(number, order);
            let answer = outbox.order(id(number), order, note("order")).await.unwrap();
            let changed = if let Ordered::Done(state) = answer { Some(state) } else { None };
            prop_assert_eq!(changed, expected);
        }
        Command::Cancel { mail } => {
            let number = mail as u128 % mails.accepted.max(1) + 1;
            mails.cancel(number, false);
            drop(outbox.cancel(&"shop".into(), id(number)).await.unwrap());
        }
        Command::Erase { mail } => {
            let number = mail as u128 % mails.accepted.max(1) + 1;
            mails.erase(number, false);
            drop(outbox.erase(&"shop".into(), id(number)).await.unwrap());
        }
        Command::EraseRecipient { mail } => {
            let number = mail as u128 % mails.accepted.max(1) + 1;
            mails.erase(number, true);
            bench.erase_recipient(number as u8).await;
        }
        Command::Taken { mail, of } => {
            let places: Vec<_> = PLACES.into_iter().zip(of).filter_map(|(place, is)| is.then_some(place)).collect();
            provider::take(bench, mails, mail as u128 % mails.accepted.max(1) + 1, &places).await?;
        }
    }
    Ok(())
}

/// The hold in this place of the list, wherever that ends; forged, it names another node.
fn held(mails: &Mails, place: usize, forged: bool) -> Option<(usize, PartHold)> {
    let (part, hold) = mails.holds.get(place % mails.holds.len().max(1)).copied()?;
    let other = node(hold.node.0.as_u128() % 3 + 1);
    Some((part, if forged { PartHold { node: other, ..hold } } else { hold }))
}

/// An end that is repeated is counted again, if it has ended the mail: it comes again where its answer was not heard.
fn was_final(bench: &Bench, mails: &Mails, place: usize) {
    let mail = mails.mails.get(&mails.parts[place].mail);
    if mail.is_some_and(|mail| mail.ended_by == Some(place)) {
        bench.is_uncounted();
    }
}

/// Splits a mail, `behind` a hand-over to a provider of which nothing is known.
async fn accept(bench: &Bench, mails: &mut Mails, expires_in: u64, behind: bool) -> Result<(), TestCaseError> {
    mails.accepted += 1;
    let number = mails.accepted;
    let expires = When::After(Duration::from_secs(expires_in));
    bench.accept(vec![NewRow { expires, ..row(number as u8) }]).await;
    if behind {
        mails.providers.insert(number, bench.handed_over_before(id(number), &wanted(1)).await);
    }
    let claimed = bench.claim(node(1), 1).await;
    prop_assert_eq!(bench.parts.split(&claimed[0].hold, &split()).await, Ok(true));
    let now = mails.now;
    mails.nodes.insert(1, now);
    let expires_at = expires.from(now);
    let mail = Mail {
        expires_at,
        erased: false,
        ended: None,
        ended_by: None,
        settled_at: None,
        possible_duplicate: false,
        has_taken_some: false,
    };
    mails.mails.insert(number, mail);
    for new in split().parts {
        mails.parts.push(Part {
            mail: number,
            domain: new.domain.0[0],
            places: new.places,
            state: State::Queued,
            due: now,
            fence: 0,
            owner: None,
            losses: 0,
            possible_duplicate: false,
            hand_overs: BTreeMap::new(),
        });
    }
    Ok(())
}

/// The store has claimed what the model says, under the same fences.
async fn claim(bench: &Bench, mails: &mut Mails, of: NodeId) -> Result<(), TestCaseError> {
    let claimed = bench.parts.claim_parts(of, &wanted_parts(1000)).await.unwrap();
    let places = mails.claim(of);
    let key = |place: &usize| {
        let part = &mails.parts[*place];
        (part.mail, part.places.clone(), part.fence)
    };
    let mut expected: Vec<_> = places.iter().map(key).collect();
    let number = |part: &ClaimedPart| Uuid::from(part.id).as_u128();
    let mut found: Vec<_> = claimed.iter().map(|part| (number(part), part.places.clone(), part.hold.fence.0)).collect();
    for part in &claimed {
        let this = (number(part), part.places.clone(), part.hold.fence.0);
        mails.holds.extend(places.iter().find(|place| key(place) == this).map(|place| (*place, part.hold)));
        prop_assert!(part.content == Some(row(number(part) as u8).sealed.content));
    }
    expected.sort();
    found.sort();
    prop_assert_eq!(found, expected);
    Ok(())
}

async fn end(
    bench: &Bench,
    mails: &mut Mails,
    place: usize,
    hold: &PartHold,
    told: &BTreeMap<u32, PartTo>,
) -> Result<(), TestCaseError> {
    was_final(bench, mails, place);
    let verdicts = told.iter().map(|(place, to)| of_recipient(*place, *to)).collect();
    let ended = PartEnded::Told { verdicts, wait: SECOND, counted: true, took: Some(SECOND) };
    let expected = mails.end(place, hold, told, mails.now.after(SECOND));
    prop_assert_eq!(bench.parts.end_part(hold, &ended).await, Ok(expected));
    Ok(())
}
