//! The states of a site: an example for each rule, and a [`model`] for any sequence.

mod model;

use super::*;

const WIDEST: u16 = 20;

/// A site on a clock of its own.
struct Clocked {
    site: Site,
    now: Instant,
}

impl Clocked {
    fn new() -> Self {
        Self { site: Site::new(WIDEST), now: Instant::now() }
    }

    fn admit(&mut self) -> Result<Ticket, Refusal> {
        self.site.admit(UnixTime(0), true, self.now)
    }

    /// One mail after another, each with this answer.
    fn send(&mut self, answer: Answer, mails: usize) {
        for _ in 0..mails {
            let ticket = self.admit().unwrap();
            self.settle(ticket, answer);
        }
    }

    fn settle(&mut self, ticket: Ticket, answer: Answer) {
        self.site.settle(ticket, Some((answer, true)), self.now);
    }

    /// As many at once as may go.
    fn fill(&mut self) -> Vec<Ticket> {
        std::iter::from_fn(|| self.admit().ok()).collect()
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn shut_for(&self) -> Option<u64> {
        match self.site.phase {
            Phase::Shut(until) => Some(until.duration_since(self.now).as_secs()),
            _ => None,
        }
    }
}

#[test]
fn a_window_of_mails_in_a_row_without_a_server_shuts_the_site() {
    let mut site = Clocked::new();
    site.send(Answer::NoConnection, 1);
    site.send(Answer::Refused, 1);
    assert_eq!(site.site.window, 3, "a refusal shows that a server is there");
    site.send(Answer::NoConnection, 2);
    assert_eq!(site.shut_for(), None);
    site.send(Answer::NoConnection, 1);
    assert_eq!(site.shut_for(), Some(60));
    assert_eq!(site.admit().unwrap_err(), Refusal::Shut(site.now + SHUT));
}

#[test]
fn it_is_shut_for_twice_as_long_each_time_up_to_an_hour() {
    let mut site = Clocked::new();
    site.send(Answer::NoConnection, 2);
    let mut waits = Vec::new();
    for _ in 0..9 {
        let wait = site.shut_for().unwrap();
        waits.push(wait);
        site.wait(wait);
        site.send(Answer::NoConnection, 1);
    }
    assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
}

#[test]
fn one_mail_is_the_probe_and_the_others_wait_for_it() {
    let mut site = Clocked::new();
    site.send(Answer::NoConnection, 2);
    site.wait(60);
    let probe = site.admit().unwrap();
    assert_eq!(site.admit().unwrap_err(), Refusal::Probing);
    site.settle(probe, Answer::Deferred);
    assert_eq!(site.fill().len(), usize::from(FIRST_WINDOW), "it is open with a small window");
}

#[test]
fn mails_without_a_place_wait_longer_the_more_there_are_until_one_is_let_go() {
    let mut site = Clocked::new();
    let mut tickets = site.fill();
    let wait = |site: &mut Clocked| site.admit().unwrap_err().again(site.now) - site.now;
    assert_eq!([0; 5].map(|_| wait(&mut site).as_secs()), [1, 2, 2, 3, 3], "the first one has filled it");
    (0..1000).for_each(|_| assert!(wait(&mut site) <= LONGEST_TURN));
    let done = tickets.pop().unwrap();
    site.settle(done, Answer::Accepted);
    tickets.extend(site.fill());
    assert_eq!(wait(&mut site).as_secs(), 1);
}

#[test]
fn a_probe_that_is_given_up_makes_room_for_the_next() {
    let mut site = Clocked::new();
    site.send(Answer::NoConnection, 2);
    site.wait(60);
    let probe = site.admit().unwrap();
    site.site.settle(probe, None, site.now);
    assert!(site.admit().is_ok());
}

#[test]
fn a_mail_behind_the_probe_that_finds_a_server_forgets_how_often_it_was_shut() {
    let mut site = Clocked::new();
    site.send(Answer::NoConnection, 2);
    site.wait(60);
    site.send(Answer::Accepted, 1);
    site.send(Answer::NoConnection, 2);
    assert_eq!(site.shut_for(), Some(120), "the probe alone does not");
    site.wait(120);
    site.send(Answer::Accepted, 2);
    site.send(Answer::NoConnection, 3);
    assert_eq!(site.shut_for(), Some(60));
}

#[test]
fn the_window_grows_with_each_mail_until_the_site_wants_less() {
    let mut site = Clocked::new();
    site.send(Answer::Accepted, 100);
    assert_eq!(site.site.window, WIDEST);
    site.send(Answer::TooMany, 1);
    assert_eq!(site.site.window, 10);
    site.send(Answer::Accepted, 9);
    assert_eq!(site.site.window, 10);
    site.send(Answer::Accepted, 1);
    assert_eq!(site.site.window, 11);
    site.send(Answer::Accepted, 11);
    assert_eq!(site.site.window, 12);
}

#[test]
fn mails_at_once_that_all_hear_of_too_many_halve_the_window_once() {
    let mut site = Clocked::new();
    site.send(Answer::Accepted, 100);
    for ticket in site.fill() {
        site.settle(ticket, Answer::TooMany);
    }
    assert_eq!(site.site.window, 10);
}

#[test]
fn too_many_at_a_window_of_one_shuts_the_site() {
    let mut site = Clocked::new();
    site.send(Answer::TooMany, 1);
    assert_eq!((site.site.window, site.shut_for()), (1, None));
    site.send(Answer::TooMany, 1);
    assert_eq!(site.shut_for(), Some(60));
}

#[test]
fn mails_that_went_before_the_site_was_shut_say_nothing_of_it_afterwards() {
    let mut site = Clocked::new();
    site.send(Answer::Accepted, 100);
    let mut before = site.fill();
    for _ in 0..WIDEST - 2 {
        let ticket = before.pop().unwrap();
        site.settle(ticket, Answer::NoConnection);
    }
    // Two are still on their way; others make up the number.
    site.send(Answer::NoConnection, 2);
    assert_eq!(site.shut_for(), Some(60));
    let (late, later) = (before.pop().unwrap(), before.pop().unwrap());
    site.settle(late, Answer::Accepted);
    assert_eq!(site.shut_for(), Some(60));
    site.wait(60);
    let probe = site.admit().unwrap();
    site.settle(later, Answer::NoConnection);
    site.settle(probe, Answer::Accepted);
    assert_eq!(site.shut_for(), None);
}

#[test]
fn orders_of_operators_hold_mail_back_and_end_a_wait() {
    let mut site = Clocked::new();
    site.site.pause(true);
    assert_eq!(site.admit().unwrap_err(), Refusal::Paused);
    site.site.pause(false);
    site.send(Answer::NoConnection, 2);
    site.site.retry(site.now);
    site.send(Answer::Accepted, 1);
    assert_eq!(site.shut_for(), None);
}

#[test]
fn oldest_mail_that_has_come_by_is_known_until_one_is_done_with() {
    let mut site = Clocked::new();
    let old = site.site.admit(UnixTime(7), true, site.now).unwrap();
    let young = site.site.admit(UnixTime(9), true, site.now).unwrap();
    site.site.settle(old, Some((Answer::Deferred, false)), site.now);
    assert_eq!(site.site.oldest, Some(UnixTime(7)));
    site.site.settle(young, Some((Answer::Accepted, true)), site.now);
    assert_eq!(site.site.oldest, None, "the other one may have ended elsewhere meanwhile");
    site.site.admit(UnixTime(7), true, site.now).unwrap();
    assert_eq!(site.site.oldest, Some(UnixTime(7)));
}
