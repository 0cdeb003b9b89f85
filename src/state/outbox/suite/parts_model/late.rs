//! Verdicts of claims that hold their part no more.

use std::collections::BTreeMap;

use super::super::bench::*;
use super::mails::Mails;
use super::part::{Groups, Known};

impl Mails {
    pub(super) fn late(
        &mut self,
        place: usize,
        hold: &PartHold,
        told: &BTreeMap<u32, PartTo>,
        due: UnixTime,
        erased: bool,
    ) -> Option<State> {
        let before = self.parts[place].clone();
        let taken = before.places.iter().any(|place| told.get(place) == Some(&PartTo::Accepted));
        match before.hand_overs.get(&hold.fence.0)? {
            Known::Nothing => {}
            _ if before.state == State::Accepted && taken => return Some(self.told_again(place)),
            _ => return None,
        }
        let groups = before.groups(told, PartTo::Unknown);
        self.parts[place].record(hold.fence.0, &groups, told);
        let is_moved = self.moved(place, told, due, erased);
        let has_other = before.has_other(Some(hold.fence.0));
        let is_settled = if taken {
            self.accepted(place, groups, has_other, due, erased)
        } else if before.state != State::Unknown || groups.contains_key(&PartTo::Unknown) || has_other {
            false
        } else {
            self.parts[place].owner = None;
            self.divide(place, groups, due, erased);
            true
        };
        if !is_moved && !is_settled {
            return None;
        }
        let is_over = self.mails[&before.mail].ended.is_some();
        Some(if is_over { self.told_again(place) } else { self.ended_by(place) })
    }

    /// Recipients that a later claim has moved to other parts have it by an acceptance of an earlier one, too.
    fn moved(&mut self, place: usize, told: &BTreeMap<u32, PartTo>, due: UnixTime, erased: bool) -> bool {
        let this = self.parts[place].clone();
        let mut have_been = false;
        for other in (0..self.parts.len()).filter(|other| *other != place) {
            let part = self.parts[other].clone();
            let accepted = |place: &u32| told.get(place) == Some(&PartTo::Accepted);
            if part.mail == this.mail && part.domain == this.domain && part.places.iter().any(accepted) {
                let taken = part.places.iter().copied().filter(|place| accepted(place));
                let taken: BTreeMap<_, _> = taken.map(|place| (place, PartTo::Accepted)).collect();
                let groups = part.groups(&taken, PartTo::Unknown);
                have_been |= self.accepted(other, groups, part.has_other(None), due, erased);
                have_been |= part.state == State::Accepted;
            }
        }
        have_been
    }

    fn accepted(&mut self, place: usize, mut groups: Groups, has_other: bool, due: UnixTime, erased: bool) -> bool {
        let before = self.parts[place].clone();
        if has_other || matches!(before.state, State::Refused | State::Expired | State::Cancelled) {
            self.parts[place].possible_duplicate = true;
            self.mails.entry(before.mail).and_modify(|mail| mail.possible_duplicate = true);
        }
        let Some(taken) = groups.remove(&PartTo::Accepted).filter(|_| !before.state.is_final()) else { return false };
        let rest: Vec<_> = groups.into_values().flatten().collect();
        if rest.is_empty() {
            self.parts[place].owner = None;
            self.parts[place].settle(PartTo::Accepted, taken, due, erased);
        } else {
            let own = self.parts[place].split_off(PartTo::Accepted, taken, due, erased);
            self.parts.push(own);
            let part = &mut self.parts[place];
            part.places = rest;
            if part.state == State::Claimed {
                (part.state, part.owner) = (State::Queued, None);
            }
        }
        true
    }
}
