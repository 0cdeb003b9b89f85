//! What the log says of mails that neither a provider nor the recipients' own servers take, or that nobody sends any more: each
//! is told once, with its id and its caller.
//!
//! After a long outage a hundred thousand may expire within seconds. The first of a round have a line each; the others stand
//! together, those of one caller in one line, so that one can see whose they are and find each by its id all the same.
//!
//! No line says that nobody has a mail: it may have been handed over before, as its `possible_duplicate` tells.
//!
//! Deliberately absent: mails that an operator or a caller has ended, of which the line of that order tells.

use std::collections::{BTreeMap, HashSet};

use tracing::{info, warn};

use super::super::claim::NamedMail;
use super::super::ending::{Ended, Verdict};
use super::super::parts::{PartEnded, PartVerdict, UPSTREAM};
use super::super::row::State;
use crate::model::outcome::Outcome;

/// Mails of one round that have a line each.
const ALONE: usize = 100;
/// Mails of one line beyond that.
const TOGETHER: usize = 50;

/// What is told in one round of the upkeep.
pub(super) struct Endings {
    /// Mails that may have a line each still.
    left: usize,
}

impl Default for Endings {
    fn default() -> Self {
        Self { left: ALONE }
    }
}

/// One line.
struct Line<'a> {
    state: State,
    caller: &'a str,
    /// At least one.
    mails: Vec<&'a NamedMail>,
}

impl Endings {
    /// Tells what dead nodes have left: of a mail in several parts, once.
    pub(super) fn buried(&mut self, mails: &[NamedMail]) {
        let mut told = HashSet::new();
        let mails: Vec<_> = mails.iter().filter(|mail| told.insert((mail.id, mail.state.as_str()))).cloned().collect();
        for Line { state, caller, mails } in self.lines(&mails) {
            let (id, count, ids) = names(&mails);
            match state {
                State::Parked => parked(id, count, ids, Some(caller)),
                _ => warn!(
                    id,
                    mails = count,
                    ids,
                    caller,
                    "it is unknown whether a provider or a recipient's server has this mail: its node has died"
                ),
            }
        }
    }

    /// Tells what a sweep has ended or dropped.
    pub(super) fn swept(&mut self, mails: &[NamedMail]) {
        for Line { state, caller, mails } in self.lines(mails) {
            let (id, count, ids) = names(&mails);
            match state {
                State::Expired => {
                    warn!(id, mails = count, ids, caller, "a mail of the outbox has expired: it is not sent any more");
                }
                _ => warn!(
                    id,
                    mails = count,
                    ids,
                    caller,
                    "a mail of the outbox was dropped: it is unknown whether anybody has it"
                ),
            }
        }
    }

    /// Tells what a sweep has ended by the time of its last recipients, while others had come to their ends before.
    pub(super) fn partly(&mut self, mails: &[NamedMail]) {
        for Line { state, caller, mails } in self.lines(mails) {
            let (id, count, ids) = names(&mails);
            let status = state.as_str();
            warn!(
                id,
                mails = count,
                ids,
                caller,
                status,
                "the time of some recipients of a mail of the outbox is over, and the mail has ended"
            );
        }
    }

    fn lines<'a>(&mut self, mails: &'a [NamedMail]) -> Vec<Line<'a>> {
        let (alone, together) = mails.split_at(mails.len().min(self.left));
        self.left -= alone.len();
        let mut lines: Vec<_> = alone.iter().map(|mail| Line::of(vec![mail], mail)).collect();
        let mut alike = BTreeMap::<(&str, &str), Vec<&NamedMail>>::new();
        for mail in together {
            alike.entry((mail.caller.as_str(), mail.state.as_str())).or_default().push(mail);
        }
        for mails in alike.values() {
            lines.extend(mails.chunks(TOGETHER).map(|mails| Line::of(mails.to_vec(), mails[0])));
        }
        lines
    }
}

impl<'a> Line<'a> {
    /// A line about these mails, whose caller and state are those of this one.
    fn of(mails: Vec<&'a NamedMail>, like: &'a NamedMail) -> Self {
        Self { state: like.state, caller: like.caller.as_str(), mails }
    }
}

/// The id of a mail that is alone, or how many there are and which.
fn names(mails: &[&NamedMail]) -> (Option<String>, Option<usize>, Option<String>) {
    let ids: Vec<_> = mails.iter().map(|mail| mail.id.to_string()).collect();
    match &ids[..] {
        [id] => (Some(id.clone()), None, None),
        ids => (None, Some(ids.len()), Some(ids.join(","))),
    }
}

/// Tells what the end of a claim has brought a mail to, whose id and caller are those of the span.
pub(super) fn of_claim(state: State, ended: &Ended) {
    match state {
        State::Refused => refused(ended.verdicts()),
        State::Parked => parked(None, None, None, None),
        _ => {}
    }
}

/// Tells what the end of a claim of a part has brought its mail to, once all of that has ended; and that the part was lost once
/// too often.
pub(super) fn of_part(state: State, ended: &PartEnded) {
    match (state, ended) {
        (State::Refused, PartEnded::Told { verdicts, .. }) => refused_by_servers(verdicts),
        (State::Parked, PartEnded::Lost { .. }) => parked(None, None, None, None),
        _ => {}
    }
}

/// What a recipient's server says of the recipient or the message its caller has to correct.
fn refused_by_servers(verdicts: &[PartVerdict]) {
    let last = verdicts.last();
    let (upstream, outcome) = (UPSTREAM, last.map(|last| last.outcome.as_str()));
    let reason = last.map(|last| &*last.reason);
    if last.is_some_and(|last| last.outcome == Outcome::MessageRejected) {
        info!(upstream, outcome, reason, "a mail of the outbox has ended: its recipients' servers do not take it");
    } else {
        warn!(upstream, outcome, reason, "a mail of the outbox has ended: its recipients' servers do not take it");
    }
}

/// What a provider says of the message itself its caller has to correct.
fn refused(verdicts: &[Verdict]) {
    let last = verdicts.last();
    let (upstream, outcome) = last.map(|last| (&*last.upstream, last.outcome.as_str())).unzip();
    let reason = last.map(|last| &*last.reason);
    if verdicts.iter().any(|verdict| verdict.outcome == Outcome::MessageRejected) {
        info!(upstream, outcome, reason, "a mail of the outbox has ended: no provider takes it");
    } else {
        warn!(upstream, outcome, reason, "a mail of the outbox has ended: no provider takes it");
    }
}

fn parked(id: Option<String>, count: Option<usize>, ids: Option<String>, caller: Option<&str>) {
    warn!(id, mails = count, ids, caller, "a mail of the outbox is parked: a person has to look at it");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::runtime::telemetry::captured::Lines;

    const TIME: Duration = Duration::ZERO;

    fn mails(caller: &str, count: u128) -> Vec<NamedMail> {
        let mail =
            |number| NamedMail { id: Uuid::from_u128(number).into(), caller: caller.into(), state: State::Expired };
        (0..count).map(mail).collect()
    }

    #[test]
    fn each_mail_stands_in_one_line_and_many_mails_in_few_lines() {
        let mut endings = Endings::default();
        let first: Vec<_> = [mails("shop", 60), mails("app", 40)].concat();
        assert!(endings.lines(&first).iter().all(|line| line.mails.len() == 1));
        let more = [mails("shop", 120), mails("app", 3)].concat();
        let lines: Vec<_> =
            endings.lines(&more).into_iter().map(|line| (line.caller.to_owned(), line.mails.len())).collect();
        let expected = [("app", 3), ("shop", 50), ("shop", 50), ("shop", 20)];
        assert_eq!(lines, expected.map(|(caller, count)| (caller.to_owned(), count)));
        let (id, count, ids) = names(&more[..2].iter().collect::<Vec<_>>());
        assert_eq!((id, count, ids.unwrap().split(',').count()), (None, Some(2), 2));
    }

    #[test]
    fn a_part_is_parked_by_its_last_loss_alone() {
        let (lines, _guard) = Lines::capture();
        of_part(State::Parked, &PartEnded::Told { verdicts: Vec::new(), wait: TIME, counted: true, took: None });
        assert_eq!(lines.take(), "", "another part was told of before");
        of_part(State::Parked, &PartEnded::Lost { wait: TIME });
        assert!(lines.take().contains("a person has to look at it"));
    }

    #[test]
    fn a_mail_that_has_ended_by_the_time_of_its_last_recipients_is_told_with_what_it_has_come_to() {
        let (lines, _guard) = Lines::capture();
        let mails = [NamedMail { state: State::Accepted, ..mails("shop", 1).remove(0) }];
        Endings::default().partly(&mails);
        let lines = lines.take();
        let id = format!("id=\"{}\"", mails[0].id);
        assert!(lines.contains(&id) && lines.contains("status=\"accepted\"") && lines.contains("WARN"), "{lines}");
    }

    #[test]
    fn a_mail_that_a_dead_node_had_in_several_parts_is_told_once_for_each_state() {
        let (lines, _guard) = Lines::capture();
        let [unknown, parked] = [State::Unknown, State::Parked]
            .map(|state| mails("shop", 1).into_iter().map(|mail| NamedMail { state, ..mail }).collect::<Vec<_>>());
        Endings::default().buried(&[unknown.clone(), parked, unknown].concat());
        let lines = lines.take();
        let count = |words| lines.matches(words).count();
        assert_eq!([count("its node has died"), count("is parked")], [1, 1], "{lines}");
    }

    #[test]
    fn an_outage_of_a_hundred_thousand_mails_writes_a_line_for_fifty_of_them() {
        let mut endings = Endings::default();
        let step = mails("shop", 256);
        let (mut lines, mut told) = (0, 0);
        for _ in 0..400 {
            let of_step = endings.lines(&step);
            (lines, told) = (lines + of_step.len(), told + of_step.iter().map(|line| line.mails.len()).sum::<usize>());
        }
        assert_eq!(told, 400 * 256);
        assert!(lines < 100 + 400 * 6, "{lines}");
    }
}
