//! What became of each recipient of a part, and how its claim ends by that. Pure: the draw is passed in.
//!
//! Every attempt counts that has met a server, or found none; not one that met a limit of this machine or its end, which is so
//! for all of its recipients, though a server may have answered for some; nor one that gave a server less than the whole time for
//! its greeting, because this machine had much else in hand. A recipient that is refused for now waits, unless
//! the attempts are used up.

use std::time::Duration;

use super::super::super::{PartEnded, PartTo, PartVerdict};
use super::super::conclusion::Policy;
use super::super::schedule;
use crate::delivery::mx::bounce::ATTEMPTS;
use crate::delivery::mx::lookup::NoRoute;
use crate::delivery::mx::transmission::{Contact, RecipientEnd, Report};
use crate::model::outcome::{Outcome, Reason};

/// Where a limit of this machine was met: what uses it up now may be gone by then.
const AT_OUR_LIMIT: Duration = Duration::from_secs(60);

/// What is known of a part beside its end.
pub(super) struct Facts<'a> {
    /// Its recipients' places.
    pub(super) places: &'a [u32],
    /// Attempts that count, with this one.
    pub(super) attempts: u32,
    pub(super) policy: &'a Policy,
    /// Does this node end?
    pub(super) is_draining: bool,
    /// A random number from 0 to 1.
    pub(super) draw: f64,
}

impl Facts<'_> {
    /// The end of a claim whose mail was handed over.
    pub(super) fn of_report(&self, report: &Report, took: Duration) -> PartEnded {
        let is_cut_off = |end: &RecipientEnd| end.is_pending() && end.reason.is_ours();
        let is_ours = report.contact == Contact::Untold || report.is_isolated;
        let counted = !is_ours && !report.is_hurried && !report.recipients.iter().any(is_cut_off);
        let verdict = |(place, end): (&u32, &RecipientEnd)| self.of_recipient(*place, end, counted);
        let verdicts = self.places.iter().zip(&report.recipients).map(verdict).collect();
        let wait = if counted || report.is_hurried { self.scheduled() } else { self.after_our_limit() };
        PartEnded::Told { verdicts, wait, counted, took: Some(took) }
    }

    /// The end of a claim without a server to ask.
    pub(super) fn without_route(&self, no_route: NoRoute) -> PartEnded {
        let outcome = if no_route.is_permanent() { Outcome::MessageRejected } else { Outcome::Unavailable };
        let (reason, code) = (no_route.reason().to_owned(), Some(no_route.code().to_owned()));
        let counted = !no_route.is_ours();
        let (to, reason) = self.to(outcome, reason, counted);
        let of = |place: &u32| PartVerdict {
            place: *place,
            to,
            outcome,
            reason: reason.clone(),
            code: code.clone(),
            host: None,
        };
        let verdicts = self.places.iter().map(of).collect();
        let wait = if counted { self.scheduled() } else { self.after_our_limit() };
        PartEnded::Told { verdicts, wait, counted, took: None }
    }

    /// The end of a claim to whose mark there was no clear answer: nothing was handed over.
    pub(super) fn not_handed_over(&self) -> PartEnded {
        self.not_sent(schedule::postponed(Duration::ZERO, 1, self.draw))
    }

    /// The end of a claim whose mail could not be signed, so that it was not handed over.
    pub(super) fn not_signed(&self) -> PartEnded {
        self.not_sent(self.after_our_limit())
    }

    fn not_sent(&self, wait: Duration) -> PartEnded {
        let of = |place: &u32| PartVerdict {
            place: *place,
            to: PartTo::Again,
            outcome: Outcome::Cancelled,
            reason: Reason::NotSent.to_string(),
            code: None,
            host: None,
        };
        PartEnded::Told { verdicts: self.places.iter().map(of).collect(), wait, counted: false, took: None }
    }

    /// The end of a claim in which our code has panicked, after it had asked for the mark: nobody knows what was on the wire.
    pub(super) fn of_panic(&self, took: Duration) -> PartEnded {
        PartEnded::Told { verdicts: Vec::new(), wait: self.scheduled(), counted: true, took: Some(took) }
    }

    fn of_recipient(&self, place: u32, end: &RecipientEnd, counted: bool) -> PartVerdict {
        let (to, reason) = self.to(end.outcome, end.reason.to_string(), counted);
        let (code, host) = (end.code.map(|code| code.to_string()), end.host.as_ref().map(ToString::to_string));
        PartVerdict { place, to, outcome: end.outcome, reason, code, host }
    }

    /// Where an outcome brings a recipient, and why.
    fn to(&self, outcome: Outcome, reason: String, counted: bool) -> (PartTo, String) {
        match outcome {
            Outcome::Accepted => (PartTo::Accepted, reason),
            Outcome::Unknown => (PartTo::Unknown, reason),
            Outcome::MessageRejected | Outcome::NotCapable => (PartTo::Refused, reason),
            _ if counted && self.policy.is_last(self.attempts) => (PartTo::Refused, ATTEMPTS.to_owned()),
            _ => (PartTo::Again, reason),
        }
    }

    fn scheduled(&self) -> Duration {
        self.policy.schedule.of_parts().after(self.attempts, self.draw)
    }

    /// Another node, or the next process, may take it at once.
    fn after_our_limit(&self) -> Duration {
        let asked = if self.is_draining { Duration::ZERO } else { AT_OUR_LIMIT };
        schedule::postponed(asked, 1, self.draw)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Schedule;
    use super::*;
    use crate::model::outcome::Code;

    fn end(outcome: Outcome, reason: Reason) -> RecipientEnd {
        RecipientEnd { outcome, reason, code: Some(Code::Enhanced(4, 2, 0)), host: Some("mx.example.net".into()) }
    }

    fn facts(policy: &Policy, attempts: u32) -> Facts<'_> {
        Facts { places: &[3, 5, 8, 9], attempts, policy, is_draining: false, draw: 0.0 }
    }

    fn told(ended: &PartEnded) -> (Vec<String>, u64, bool) {
        let PartEnded::Told { verdicts, wait, counted, .. } = ended else { panic!("{ended:?}") };
        let word = |verdict: &PartVerdict| format!("{} {:?} {}", verdict.place, verdict.to, verdict.reason);
        (verdicts.iter().map(word).collect(), wait.as_secs(), *counted)
    }

    fn report(contact: Contact) -> Report {
        let recipients = vec![
            end(Outcome::Accepted, Reason::Smtp(250)),
            end(Outcome::Unknown, Reason::Timeout),
            end(Outcome::MessageRejected, Reason::Smtp(550)),
            end(Outcome::Deferred, Reason::Smtp(450)),
        ];
        Report { recipients, contact, is_isolated: false, is_hurried: false }
    }

    #[test]
    fn each_recipient_comes_where_its_server_says_and_the_first_wait_is_that_of_greylisting() {
        let ended = facts(&Policy::default(), 1).of_report(&report(Contact::Served), Duration::ZERO);
        let expected = ["3 Accepted smtp_250", "5 Unknown timeout", "8 Refused smtp_550", "9 Again smtp_450"];
        assert_eq!(told(&ended), (expected.map(str::to_owned).to_vec(), 300, true));
        let PartEnded::Told { verdicts, .. } = ended else { panic!("told") };
        assert_eq!((verdicts[0].host.as_deref(), verdicts[0].code.as_deref()), (Some("mx.example.net"), Some("4.2.0")));
    }

    #[test]
    fn used_up_attempts_are_a_refusal_of_who_would_be_tried_again_and_nobody_else() {
        let policy = Policy { attempts: Some(4), ..Policy::default() };
        let words = |attempts, contact| told(&facts(&policy, attempts).of_report(&report(contact), Duration::ZERO)).0;
        assert_eq!(words(3, Contact::Served)[3], "9 Again smtp_450");
        let last = ["3 Accepted smtp_250", "5 Unknown timeout", "8 Refused smtp_550", "9 Refused attempts"];
        assert_eq!(words(4, Contact::Served), last);
        assert_eq!(words(4, Contact::Untold)[3], "9 Again smtp_450", "it was none");
    }

    #[test]
    fn what_this_machine_is_at_fault_for_is_no_attempt_and_waits_for_a_minute_or_for_another_node() {
        let policy = Policy::default();
        let wait = |is_draining| {
            let facts = Facts { is_draining, ..facts(&policy, 7) };
            let (_, wait, counted) = told(&facts.of_report(&report(Contact::Untold), Duration::ZERO));
            (wait, counted)
        };
        assert_eq!([false, true].map(wait), [(60, false), (5, false)]);
        let isolated = Report { is_isolated: true, ..report(Contact::Failed) };
        let (_, wait, counted) = told(&facts(&policy, 7).of_report(&isolated, Duration::ZERO));
        assert_eq!((wait, counted), (60, false), "nobody can be reached from here");
        let mut cut_off = report(Contact::Served);
        cut_off.recipients[3] = end(Outcome::Unavailable, Reason::Deadline);
        let (_, wait, counted) = told(&facts(&policy, 7).of_report(&cut_off, Duration::ZERO));
        assert_eq!((wait, counted), (60, false), "a server was there, and this node has hung up");
        let (words, wait, counted) = told(&facts(&policy, 7).not_handed_over());
        assert_eq!((words[0].as_str(), words.len(), wait, counted), ("3 Again not_sent", 4, 5, false));
        let (words, wait, counted) = told(&facts(&policy, 7).not_signed());
        assert_eq!((words[0].as_str(), words.len(), wait, counted), ("3 Again not_sent", 4, 60, false));
    }

    #[test]
    fn a_server_that_was_hurried_is_tried_again_when_any_other_is_and_uses_no_attempt_up() {
        let policy = Policy { attempts: Some(4), ..Policy::default() };
        let told = |is_hurried| {
            let report = Report { is_hurried, ..report(Contact::Failed) };
            let (words, wait, counted) = told(&facts(&policy, 4).of_report(&report, Duration::ZERO));
            (words[3].clone(), wait > 300, counted)
        };
        assert_eq!(told(true), ("9 Again smtp_450".to_owned(), true, false));
        assert_eq!(told(false), ("9 Refused attempts".to_owned(), true, true));
    }

    #[test]
    fn without_a_route_for_good_it_is_refused_and_else_tried_again_as_often_as_any() {
        let policy = Policy { attempts: Some(2), ..Policy::default() };
        let ended = |attempts, no_route| told(&facts(&policy, attempts).without_route(no_route));
        for no_route in NoRoute::ALL {
            let to = if no_route.is_permanent() { "Refused" } else { "Again" };
            let (words, wait, counted) = ended(1, no_route);
            let expected = if no_route.is_ours() { (60, false) } else { (300, true) };
            assert_eq!((words[1].clone(), (wait, counted)), (format!("5 {to} {}", no_route.reason()), expected));
            let last = match no_route {
                NoRoute::Deaf => "Again dns".to_owned(),
                no_route if no_route.is_permanent() => format!("Refused {}", no_route.reason()),
                _ => format!("Refused {ATTEMPTS}"),
            };
            assert_eq!(ended(2, no_route).0[1], format!("5 {last}"));
        }
    }

    #[test]
    fn a_schedule_that_is_set_holds_for_the_first_wait_too() {
        let policy = Policy { schedule: Schedule::new(Duration::from_secs(2), Vec::new()), ..Policy::default() };
        assert_eq!(told(&facts(&policy, 1).of_report(&report(Contact::Served), Duration::ZERO)).1, 2);
    }
}
