//! The table of sites, and that none disturbs another.

use super::*;

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
    let mut silent: Vec<_> = (1..=MOST_UNPROVED).map(|number| admit(&sites, number).unwrap()).collect();
    assert!(matches!(admit(&sites, MOST_UNPROVED + 1), Err(Refusal::Full(0))));
    assert!(admit(&sites, 0).is_ok(), "it has answered");
    silent.pop().unwrap().end(Answer::NoReply, false, Instant::now());
    assert!(admit(&sites, MOST_UNPROVED + 1).is_ok(), "one has ended");
    drop(silent);
    assert!(admit(&sites, MOST_UNPROVED).is_ok(), "a mail to it has ended without an answer, another may go");
}

#[test]
fn the_more_mail_is_on_its_way_to_sites_that_have_not_answered_the_shorter_is_the_wait_for_their_servers() {
    let sites = Sites::new(20);
    admit(&sites, 0).unwrap().end(Answer::Deferred, false, Instant::now());
    let silent: Vec<_> = (1..=MOST_UNPROVED).map(|number| admit(&sites, number).unwrap()).collect();
    let waits: Vec<_> = silent.iter().map(|permit| permit.patience().as_secs()).collect();
    assert_eq!((waits[0], waits[125], waits[249]), (300, 150, 15));
    assert!(waits.is_sorted_by(|one, next| one >= next), "{waits:?}");
    assert_eq!(admit(&sites, 0).unwrap().patience().as_secs(), 300, "it has answered");
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
