//! The table of sites, and that none disturbs another.

use std::collections::VecDeque;

use super::unproved::{MOST, MOST_FAILED};
use super::*;
use crate::delivery::mx::transmission::WHOLE_PATIENCE;

fn key(number: usize) -> SiteKey {
    SiteKey::of(&[format!("mx{number}.example.org").as_str().into()])
}

fn admit(sites: &Arc<Sites>, number: usize) -> Result<Permit, Refusal> {
    sites.admit(&key(number), UnixTime(0), Instant::now())
}

fn view(sites: &Sites, number: usize) -> Option<View> {
    sites.list(Instant::now()).into_iter().find(|view| view.key == key(number))
}

#[test]
fn a_dead_and_a_full_site_leave_the_others_alone() {
    let sites = Sites::new(20);
    for _ in 0..2 {
        admit(&sites, 0).unwrap().end(Answer::NoConnection, false, Instant::now());
    }
    let _slow: Vec<_> = std::iter::from_fn(|| admit(&sites, 1).ok()).collect();
    assert!(matches!(admit(&sites, 0), Err(Refusal::Shut(_))) && matches!(admit(&sites, 1), Err(Refusal::Full(_))));
    for number in 2..1000 {
        admit(&sites, number).unwrap().end(Answer::Accepted, true, Instant::now());
    }
    let shut = view(&sites, 0).unwrap();
    assert_eq!((shut.state, shut.last_answer), (State::Shut, Some(Answer::NoConnection)));
    assert!(shut.shut_for.is_some_and(|wait| wait.as_secs() > 50) && shut.oldest == Some(UnixTime(0)));
    let open = view(&sites, 2).unwrap();
    assert_eq!((open.state, open.last_answer, open.oldest), (State::Open, Some(Answer::Accepted), None));
}

#[test]
fn table_is_bounded_and_forgets_neither_a_pause_nor_a_mail_in_flight() {
    let sites = Sites::new(20);
    let _in_flight = admit(&sites, 0).unwrap();
    drop(admit(&sites, 1));
    assert!(sites.pause(key(1).as_str(), true));
    for number in 2..MOST_SITES + 100 {
        drop(admit(&sites, number).unwrap());
    }
    assert_eq!(sites.list(Instant::now()).len(), MOST_SITES);
    assert_eq!(view(&sites, 0).map(|view| view.in_flight), Some(1));
    assert_eq!(view(&sites, 1).map(|view| view.state), Some(State::Paused));
    assert!(view(&sites, 2).is_none(), "the oldest of the others");
}

#[test]
fn sites_that_have_not_answered_leave_half_of_all_places_to_those_that_have() {
    let sites = Sites::new(20);
    admit(&sites, 0).unwrap().end(Answer::Deferred, false, Instant::now());
    let mut silent: Vec<_> = (1..=MOST).map(|number| admit(&sites, number).unwrap()).collect();
    assert!(matches!(admit(&sites, MOST + 1), Err(Refusal::Full(0))));
    assert!(admit(&sites, 0).is_ok(), "it has answered");
    silent.pop().unwrap().end(Answer::NoReply, false, Instant::now());
    assert!(admit(&sites, MOST + 1).is_ok(), "one has ended");
    drop(silent);
    assert!(admit(&sites, MOST).is_ok(), "a mail to it has ended without an answer, another may go");
}

#[test]
fn the_more_mail_is_on_its_way_to_sites_that_have_not_answered_the_shorter_is_the_wait_for_their_servers() {
    let sites = Sites::new(20);
    admit(&sites, 0).unwrap().end(Answer::Deferred, false, Instant::now());
    let silent: Vec<_> = (1..=MOST).map(|number| admit(&sites, number).unwrap()).collect();
    let waits: Vec<_> = silent.iter().map(|permit| permit.patience().as_secs()).collect();
    assert_eq!([0, 50, 51, 100, 125, 249].map(|place| waits[place]), [300, 300, 296, 100, 15, 15]);
    assert!(waits.is_sorted_by(|one, next| one >= next), "{waits:?}");
    assert_eq!(admit(&sites, 0).unwrap().patience(), WHOLE_PATIENCE, "it has answered");
}

#[test]
fn sites_without_a_server_leave_half_of_the_places_of_those_that_have_not_answered_to_new_ones() {
    let sites = Sites::new(20);
    for number in 0..=MOST_FAILED {
        admit(&sites, number).unwrap().end(Answer::NoConnection, false, Instant::now());
    }
    let mut failed: Vec<_> = (0..MOST_FAILED).map(|number| admit(&sites, number).unwrap()).collect();
    assert!(matches!(admit(&sites, MOST_FAILED), Err(Refusal::Full(0))));
    let new = MOST_FAILED + 1..=MOST;
    let _new: Vec<_> = new.map(|number| admit(&sites, number).unwrap()).collect();
    failed.pop().unwrap().end(Answer::Accepted, true, Instant::now());
    assert!(admit(&sites, MOST_FAILED).is_ok(), "one has ended");
}

#[test]
fn a_site_that_is_held_back_shut_or_probed_says_so_where_unproved_sites_have_no_place() {
    let sites = Sites::new(20);
    let now = Instant::now();
    let shut = |number| (0..2).for_each(|_| admit(&sites, number).unwrap().end(Answer::NoConnection, false, now));
    [0, 1].into_iter().for_each(shut);
    assert!(sites.retry(key(1).as_str(), now));
    let _probe = admit(&sites, 1).unwrap();
    drop(admit(&sites, 2).unwrap());
    assert!(sites.pause(key(2).as_str(), true));
    let _all: Vec<_> = (3..MOST + 2).map(|number| admit(&sites, number).unwrap()).collect();
    assert!(matches!(admit(&sites, MOST + 3), Err(Refusal::Full(0))));
    assert!(matches!(admit(&sites, 0), Err(Refusal::Shut(until)) if until > now));
    assert_eq!([1, 2].map(|number| admit(&sites, number).err()), [Some(Refusal::Probing), Some(Refusal::Paused)]);
}

/// In each second 60 new sites that are well, of which one takes 50 ms, and ten in three seconds that are silent, whose mail comes
/// back after five minutes.
#[test]
fn mail_to_new_sites_that_are_well_never_waits_for_that_to_a_thousand_silent_ones() {
    const TICKS: u32 = 20;
    let (sites, start) = (Sites::new(20), Instant::now());
    let (mut well, mut silent) = (Vec::<Permit>::new(), Vec::<(Instant, usize, Permit)>::new());
    let mut again = VecDeque::<(Instant, usize)>::new();
    for tick in 0..400 * TICKS {
        let (now, number) = (start + Duration::from_secs(1) * tick / TICKS, tick as usize);
        well.drain(..).for_each(|permit| permit.end(Answer::Accepted, true, now));
        for (_, number, permit) in silent.extract_if(.., |(until, ..)| *until <= now) {
            permit.end(Answer::NoConnection, false, now);
            again.push_back((now + Duration::from_secs(300), number));
        }
        if tick % 6 == 0 && tick < 300 * TICKS {
            again.push_front((now, number));
        }
        while let Some((_, number)) = again.pop_front_if(|(due, _)| *due <= now) {
            let name = SiteKey::of(&[format!("silent{number}.example.org").as_str().into()]);
            let permit = sites.admit(&name, UnixTime(0), now).expect("it has a place, too");
            silent.push((now + permit.patience(), number, permit));
        }
        for one in 0..3 {
            let permit = sites.admit(&key(3 * number + one), UnixTime(0), now);
            well.push(permit.unwrap_or_else(|refusal| panic!("{refusal:?} after {:?}", now - start)));
        }
    }
}

#[test]
fn one_site_is_found_by_its_name_and_nothing_else_is() {
    let sites = Sites::new(20);
    drop(admit(&sites, 7));
    let found = |number| sites.one(key(number).as_str(), Instant::now()).map(|view| (view.key, view.state));
    assert_eq!((found(7), found(8)), (Some((key(7), State::Open)), None));
}

#[test]
fn a_site_that_greets_and_says_no_more_is_shut() {
    let sites = Sites::new(20);
    for _ in 0..2 {
        admit(&sites, 0).unwrap().end(Answer::NoReply, false, Instant::now());
    }
    assert!(matches!(admit(&sites, 0), Err(Refusal::Shut(_))));
}

#[test]
fn permit_that_is_dropped_makes_room() {
    let sites = Sites::new(1);
    let permit = admit(&sites, 0).unwrap();
    assert!(matches!(admit(&sites, 0), Err(Refusal::Full(_))));
    drop(permit);
    assert!(admit(&sites, 0).is_ok());
}

#[test]
fn orders_reach_known_sites_alone() {
    let sites = Sites::new(20);
    assert!(!sites.pause("mx0.example.org", true) && !sites.retry("mx0.example.org", Instant::now()));
    for _ in 0..2 {
        admit(&sites, 0).unwrap().end(Answer::NoConnection, false, Instant::now());
    }
    assert!(sites.retry("mx0.example.org", Instant::now()));
    let _probe = admit(&sites, 0).unwrap();
    assert!(matches!(admit(&sites, 0), Err(Refusal::Probing)));
    assert_eq!(view(&sites, 0).map(|view| view.state.as_str()), Some("probing"));
}
