//! What is known of each recipient while a transmission goes from address to address.

use std::sync::Arc;
use std::time::Duration;

use super::bounds::WHOLE_PATIENCE;
use super::opening::Closed;
use super::recipient_end::RecipientEnd;
use super::report::{Contact, Report};
use super::target::Target;
use super::verdicts::of_closed;
use crate::delivery::smtp_client::failure::Failure;
use crate::model::outcome::{Outcome, Reason};

/// What is known so far.
pub(super) struct Walk {
    ends: Vec<RecipientEnd>,
    /// What it says of the site so far; none: no address was tried, or at each a limit of this machine was met.
    contact: Option<Contact>,
    /// Does this machine end?
    is_over: bool,
    /// Did this machine know a way to any address?
    has_way: bool,
    /// How long each host is waited for.
    patience: Duration,
    /// Did that end before a host has said anything?
    was_late: bool,
}

impl Walk {
    /// Nobody has been asked for any of so many recipients; each host is waited for so long.
    pub(super) fn new(recipients: usize, patience: Duration) -> Self {
        let ends = vec![RecipientEnd::new(Outcome::Unavailable, Reason::Connect); recipients];
        Self { ends, contact: None, is_over: false, has_way: false, patience, was_late: false }
    }

    /// The places of those who may still get the mail at the next address.
    pub(super) fn pending(&self) -> Vec<usize> {
        (0..self.ends.len()).filter(|place| self.ends[*place].is_pending()).collect()
    }

    /// Is another address to be asked? Not where this machine ends, nor where a host is silent about the mail: what is known by
    /// then is worth more than another attempt.
    pub(super) fn goes_on(&self) -> bool {
        let is_unknown = self.ends.iter().any(|end| end.outcome == Outcome::Unknown);
        !self.is_over && !is_unknown && self.ends.iter().any(RecipientEnd::is_pending)
    }

    /// A transaction has ended for the recipients at these places.
    pub(super) fn ended(&mut self, places: &[usize], ends: Vec<RecipientEnd>, target: &Target) {
        let is_throttled = ends.iter().any(|end| end.outcome == Outcome::Throttled);
        self.is_over |= ends.iter().any(ends_here);
        self.contact = Some(if is_throttled { Contact::Throttled } else { Contact::Served });
        places.iter().zip(ends).for_each(|(place, end)| self.put(*place, end, target));
    }

    /// No session was opened at this address.
    pub(super) fn not_opened(&mut self, closed: Closed, target: &Target) {
        self.has_way |= !matches!(closed, Closed::NoWay);
        self.was_late |= matches!(closed, Closed::Failed(Failure::Late));
        self.nobody_at(of_closed(closed), target);
    }

    /// What was begun at this address did not come to its end.
    pub(super) fn put_off(&mut self, end: RecipientEnd, target: &Target) {
        self.has_way = true;
        self.nobody_at(end, target);
    }

    /// At this address nobody gets it.
    fn nobody_at(&mut self, end: RecipientEnd, target: &Target) {
        self.is_over |= ends_here(&end);
        if matches!(self.contact, None | Some(Contact::Failed)) {
            self.contact = match end.reason {
                Reason::LocalLimit => self.contact,
                _ if ends_here(&end) => None,
                // A host has greeted. It is this mail that asks for more than it can prove, and another may not.
                Reason::Tls => Some(Contact::Served),
                _ if end.outcome == Outcome::Throttled => Some(Contact::Throttled),
                _ => Some(Contact::Failed),
            };
        }
        self.pending().into_iter().for_each(|place| self.put(place, end.clone(), target));
    }

    /// What a host has said of a recipient tells more than that another could not be spoken to, and a limit of this machine
    /// tells least.
    fn put(&mut self, place: usize, end: RecipientEnd, target: &Target) {
        let Some(before) = self.ends.get_mut(place) else { return };
        let is_said = |end: &RecipientEnd| matches!(end.reason, Reason::Smtp(_));
        let is_limit = |end: &RecipientEnd| end.reason == Reason::LocalLimit;
        let tells_less = match before.host {
            Some(_) => (!is_said(&end) && is_said(before)) || (is_limit(&end) && !is_limit(before)),
            None => false,
        };
        if !(end.is_pending() && tells_less) {
            *before = RecipientEnd { host: Some(Arc::clone(&target.host)), ..end };
        }
    }

    /// `has_reached`: has this machine had a connection a moment ago?
    pub(super) fn report(self, has_reached: bool) -> Report {
        let contact = self.contact.unwrap_or(Contact::Untold);
        let is_isolated = contact == Contact::Failed && !self.has_way && !has_reached;
        let is_hurried = contact == Contact::Failed && self.was_late && self.patience < WHOLE_PATIENCE;
        Report { recipients: self.ends, contact, is_isolated, is_hurried }
    }
}

/// Is it this machine that gives up, whatever the address? A limit may concern one address alone.
fn ends_here(end: &RecipientEnd) -> bool {
    end.reason.is_ours() && end.reason != Reason::LocalLimit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target { host: "mx.example.net".into(), address: ([127, 0, 0, 1], 25).into() }
    }

    #[test]
    fn a_limit_of_this_machine_at_one_address_leaves_the_others_to_be_tried() {
        use Reason::{Connect, LocalLimit};
        for (reasons, contact, told) in [
            (&[LocalLimit][..], Contact::Untold, LocalLimit),
            (&[LocalLimit, LocalLimit], Contact::Untold, LocalLimit),
            (&[LocalLimit, Connect], Contact::Failed, Connect),
            (&[Connect, LocalLimit], Contact::Failed, Connect),
        ] {
            let mut walk = Walk::new(1, WHOLE_PATIENCE);
            for reason in reasons {
                assert!(walk.goes_on(), "{reasons:?}");
                walk.not_opened(Closed::NoConnection(*reason), &target());
            }
            assert!(walk.goes_on(), "{reasons:?}");
            let report = walk.report(true);
            assert_eq!((report.contact, report.recipients[0].reason), (contact, told), "{reasons:?}");
            assert!(report.recipients[0].is_pending());
        }
    }

    #[test]
    fn a_machine_that_ends_ends_the_walk_and_blames_no_site() {
        let mut walk = Walk::new(1, WHOLE_PATIENCE);
        walk.not_opened(Closed::NoConnection(Reason::Connect), &target());
        walk.put_off(RecipientEnd::given_up(), &target());
        assert!(!walk.goes_on());
        let report = walk.report(true);
        assert_eq!((report.contact, report.recipients[0].reason), (Contact::Untold, Reason::Deadline));
    }

    #[test]
    fn a_machine_without_a_way_to_any_address_is_isolated_unless_it_has_reached_another_one() {
        for (have_no_way, has_reached, expected) in [
            ([true, true], false, true),
            ([true, true], true, false),
            ([true, false], false, false),
            ([false, true], false, false),
        ] {
            let mut walk = Walk::new(1, WHOLE_PATIENCE);
            for has_no_way in have_no_way {
                let closed = if has_no_way { Closed::NoWay } else { Closed::NoConnection(Reason::Connect) };
                walk.not_opened(closed, &target());
            }
            let report = walk.report(has_reached);
            assert_eq!(
                (report.contact, report.is_isolated),
                (Contact::Failed, expected),
                "{have_no_way:?} {has_reached}"
            );
        }
        let mut silent = Walk::new(1, WHOLE_PATIENCE);
        silent.put_off(RecipientEnd::out_of_time(), &target());
        assert!(!silent.report(false).is_isolated, "there was a way, and nobody at its end");
    }

    #[test]
    fn a_host_that_had_less_than_the_whole_time_for_its_greeting_was_hurried_unless_another_has_answered() {
        let report = |patience, closed: Vec<Closed>| {
            let mut walk = Walk::new(1, patience);
            closed.into_iter().for_each(|closed| walk.not_opened(closed, &target()));
            walk.report(true)
        };
        let late = || Closed::Failed(Failure::Late);
        let short = WHOLE_PATIENCE - Duration::from_secs(1);
        assert!(report(short, vec![late()]).is_hurried && !report(WHOLE_PATIENCE, vec![late()]).is_hurried);
        assert!(report(short, vec![late(), Closed::NoConnection(Reason::Connect)]).is_hurried);
        assert!(!report(short, vec![Closed::NoConnection(Reason::Connect)]).is_hurried, "nobody was there");
        assert!(!report(short, vec![late(), Closed::Failed(Failure::NoTls)]).is_hurried, "a host has answered");
    }
}
