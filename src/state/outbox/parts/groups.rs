//! The recipients of a part, by where a claim has brought them.

use std::collections::BTreeMap;

use super::ended::{PartTo, PartVerdict};
use crate::model::outcome::Outcome;
use crate::state::outbox::State;

/// Recipients that have come to one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::state::outbox) struct Group {
    pub(in crate::state::outbox) to: PartTo,
    pub(in crate::state::outbox) places: Vec<u32>,
    pub(in crate::state::outbox) verdicts: Vec<PartVerdict>,
}

impl Group {
    /// The last verdict on each of these recipients, of which some are known from before. Of a mail that was erased nothing
    /// tells of the recipients' domains.
    pub(in crate::state::outbox) fn told(&self, before: &[PartVerdict], erased: bool) -> Vec<PartVerdict> {
        let last = |place: &u32| {
            let of = |verdicts: &[PartVerdict]| verdicts.iter().find(|verdict| verdict.place == *place).cloned();
            let verdict = of(&self.verdicts).or_else(|| of(before))?;
            Some(PartVerdict { host: verdict.host.filter(|_| !erased), ..verdict })
        };
        self.places.iter().filter_map(last).collect()
    }

    /// The state that a part of these recipients comes into; one that was erased is not sent again.
    pub(in crate::state::outbox) fn state(&self, erased: bool) -> State {
        match self.to {
            PartTo::Unknown => State::Unknown,
            PartTo::Again if erased => State::Cancelled,
            PartTo::Again => State::Queued,
            PartTo::Accepted => State::Accepted,
            PartTo::Refused => State::Refused,
        }
    }
}

/// The groups of these recipients. The first one keeps the part: those that may have the mail, because their late verdict
/// comes under its number.
///
/// A recipient that nothing is told of comes where `untold` says. Verdicts on recipients of other parts are left out.
pub(in crate::state::outbox) fn groups(places: &[u32], verdicts: &[PartVerdict], untold: PartTo) -> Vec<Group> {
    let mut groups = BTreeMap::<PartTo, (Vec<u32>, Vec<PartVerdict>)>::new();
    for place in places {
        let verdict = verdicts.iter().find(|verdict| verdict.place == *place);
        let (places, told) = groups.entry(verdict.map_or(untold, |verdict| verdict.to)).or_default();
        places.push(*place);
        told.extend(verdict.cloned());
    }
    groups.into_iter().map(|(to, (places, verdicts))| Group { to, places, verdicts }).collect()
}

/// What a hand-over to these groups came to, for the record of it: unknown while a server may have the mail for one of them,
/// so that a late verdict is taken; else the first verdict.
pub(in crate::state::outbox) fn came_to(groups: &[Group]) -> (Outcome, Option<&PartVerdict>) {
    let verdict = groups.iter().find_map(|group| group.verdicts.first());
    match (groups.first(), verdict) {
        (Some(Group { to: PartTo::Unknown, verdicts, .. }), _) => (Outcome::Unknown, verdicts.first()),
        (_, verdict) => (verdict.map_or(Outcome::Unknown, |verdict| verdict.outcome), verdict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(place: u32, to: PartTo) -> PartVerdict {
        PartVerdict { place, to, outcome: Outcome::Deferred, reason: String::new(), code: None, host: None }
    }

    #[test]
    fn each_recipient_is_in_one_group_and_those_that_may_have_the_mail_keep_the_part() {
        let told = [verdict(7, PartTo::Refused), verdict(1, PartTo::Accepted), verdict(9, PartTo::Unknown)];
        let groups = groups(&[1, 4, 5, 7], &told, PartTo::Unknown);
        let seen: Vec<_> = groups.iter().map(|group| (group.to, &*group.places, group.verdicts.len())).collect();
        let expected: [(PartTo, &[u32], usize); 3] =
            [(PartTo::Unknown, &[4, 5], 0), (PartTo::Accepted, &[1], 1), (PartTo::Refused, &[7], 1)];
        assert_eq!(seen, expected, "and nobody who is not of the part");
    }

    #[test]
    fn a_hand_over_is_in_doubt_while_one_recipient_is_whatever_is_told_of_others() {
        let told = [verdict(1, PartTo::Refused), verdict(2, PartTo::Unknown)];
        assert_eq!(came_to(&groups(&[1, 4], &told, PartTo::Unknown)), (Outcome::Unknown, None), "nothing is told of 4");
        assert_eq!(came_to(&groups(&[1, 2], &told, PartTo::Unknown)), (Outcome::Unknown, Some(&told[1])));
        assert_eq!(came_to(&groups(&[1], &told, PartTo::Unknown)), (Outcome::Deferred, Some(&told[0])));
        assert_eq!(came_to(&[]), (Outcome::Unknown, None));
    }

    #[test]
    fn what_was_erased_is_not_sent_again() {
        let group = |to| Group { to, places: vec![1], verdicts: Vec::new() };
        assert_eq!(group(PartTo::Again).state(true), State::Cancelled);
        assert_eq!(group(PartTo::Again).state(false), State::Queued);
        assert_eq!(group(PartTo::Unknown).state(true), State::Unknown);
    }
}
