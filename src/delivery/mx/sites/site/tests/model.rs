//! Any sequence of mails, answers, waits and orders, beside a second writing of the rules.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::Instant;

use super::super::{Answer, Contact, FIRST_WINDOW};
use super::{Clocked, WIDEST};

/// What may happen to a site.
#[derive(Clone, Debug)]
enum Event {
    Admit,
    /// One of the mails in flight ends.
    Settle(usize, Option<Answer>),
    Wait(u64),
    Pause(bool),
    Retry,
}

fn event() -> impl Strategy<Value = Event> {
    use Answer::{Accepted, Deferred, NoConnection, NoReply, Refused, TooMany};
    let answers = [Some(Accepted), Some(NoConnection), Some(NoConnection), Some(TooMany), Some(NoReply), None];
    let answers = answers.into_iter().chain([Some(Deferred), Some(Refused)]).collect::<Vec<_>>();
    prop_oneof![
        6 => Just(Event::Admit),
        6 => (0..40usize, prop::sample::select(answers)).prop_map(|(which, answer)| Event::Settle(which, answer)),
        2 => (1..200u64).prop_map(Event::Wait),
        1 => any::<bool>().prop_map(Event::Pause),
        1 => Just(Event::Retry),
    ]
}

/// The rules once more, from a log of what was heard since the last change.
#[derive(Default)]
struct Model {
    /// What was heard since the last change, of mails that went since then.
    heard: Vec<Contact>,
    window: u16,
    is_slow: bool,
    shut_until: Option<Instant>,
    is_probing: bool,
    shuts: u32,
    paused: bool,
    /// Mails in flight, and after how many changes each went.
    mails: Vec<u32>,
    changes: u32,
}

impl Model {
    fn may_go(&self, now: Instant) -> bool {
        let is_shut = self.shut_until.is_some_and(|until| now < until);
        let has_room = self.shut_until.is_some() || self.mails.len() < usize::from(self.window);
        !self.paused && !is_shut && !self.is_probing && has_room
    }

    fn admit(&mut self) {
        if self.shut_until.is_some() {
            self.is_probing = true;
            self.change();
        }
        self.mails.push(self.changes);
    }

    fn change(&mut self) {
        self.changes += 1;
        self.heard.clear();
    }

    fn shut(&mut self, now: Instant) {
        let seconds = (60u64 << self.shuts.min(10)).min(3600);
        self.shuts += 1;
        (self.shut_until, self.is_probing) = (Some(now + Duration::from_secs(seconds)), false);
        self.change();
    }

    fn settle(&mut self, which: usize, contact: Option<Contact>, now: Instant) {
        let is_current = self.mails.remove(which) == self.changes;
        match (is_current, self.is_probing, contact) {
            (false, ..) | (true, false, None) => {}
            (true, true, None) => {
                self.is_probing = false;
                self.change();
            }
            (true, true, Some(Contact::Made)) => {
                (self.shut_until, self.is_probing, self.window, self.is_slow) = (None, false, FIRST_WINDOW, false);
                self.change();
            }
            (true, true, Some(_)) => self.shut(now),
            (true, false, Some(Contact::TooMuch)) if self.window > 1 => {
                let failed = self.failed();
                (self.window, self.is_slow) = (self.window / 2, true);
                self.change();
                self.heard = vec![Contact::Failed; failed];
            }
            (true, false, Some(contact)) => self.hear(contact, now),
        }
    }

    fn failed(&self) -> usize {
        self.heard.iter().rev().take_while(|contact| **contact != Contact::Made).count()
    }

    fn hear(&mut self, contact: Contact, now: Instant) {
        self.heard.push(contact);
        if contact != Contact::Made {
            if self.failed() >= usize::from(self.window) {
                self.shut(now);
            }
            return;
        }
        self.shuts = 0;
        let made = self.heard.iter().filter(|contact| **contact == Contact::Made).count();
        if !self.is_slow || made >= usize::from(self.window) {
            self.window = (self.window + 1).min(WIDEST);
            self.heard = vec![Contact::Made; 0];
        }
    }
}

proptest! {
    #[test]
    fn site_is_as_its_log_says(events in vec(event(), 0..200)) {
        let (mut site, mut tickets) = (Clocked::new(), Vec::new());
        let mut model = Model { window: FIRST_WINDOW, ..Model::default() };
        for event in events {
            match event {
                Event::Admit => {
                    let may_go = model.may_go(site.now);
                    let ticket = site.admit();
                    prop_assert_eq!(ticket.is_ok(), may_go, "{:?}", site.site);
                    if let Ok(ticket) = ticket {
                        model.admit();
                        tickets.push(ticket);
                    }
                }
                Event::Settle(which, answer) if !tickets.is_empty() => {
                    let which = which % tickets.len();
                    site.site.settle(tickets.remove(which), answer.map(|answer| (answer, true)), site.now);
                    model.settle(which, answer.map(Answer::contact), site.now);
                }
                Event::Settle(..) => {}
                Event::Wait(seconds) => site.wait(seconds),
                Event::Pause(paused) => {
                    site.site.pause(paused);
                    model.paused = paused;
                }
                Event::Retry => {
                    site.site.retry(site.now);
                    model.shut_until = model.shut_until.map(|until| until.min(site.now));
                }
            }
            prop_assert_eq!(usize::from(site.site.in_flight), model.mails.len());
            prop_assert!((1..=WIDEST).contains(&site.site.window));
            prop_assert_eq!(site.site.window, model.window, "{:?}", site.site);
        }
        // Whatever has happened, mail goes again within an hour.
        site.site.pause(false);
        for ticket in tickets {
            site.site.settle(ticket, None, site.now);
        }
        site.wait(3600);
        prop_assert!(site.admit().is_ok(), "{:?}", site.site);
    }
}
