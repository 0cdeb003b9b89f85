//! Late acceptances of a provider from before the mail was split.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::bench::*;
use super::super::parts_late::taken_for;
use super::mails::Mails;
use super::part::Part;

/// Carries it out once on model and store: it is of these recipients.
pub(super) async fn take(bench: &Bench, mails: &mut Mails, number: u128, places: &[u32]) -> Result<(), TestCaseError> {
    let Some(hold) = mails.providers.remove(&number).filter(|_| !places.is_empty()) else { return Ok(()) };
    let expected = mails.taken(number, places);
    prop_assert_eq!(bench.outbox.end(&hold, &taken_for(places)).await, Ok(expected));
    Ok(())
}

impl Mails {
    fn taken(&mut self, number: u128, places: &[u32]) -> Option<State> {
        self.mails.get(&number)?;
        for place in 0..self.parts.len() {
            let part = &self.parts[place];
            let (taken, rest): (Vec<_>, Vec<_>) = part.places.iter().partition(|place| places.contains(place));
            if part.mail == number && !taken.is_empty() {
                let own = self.set_apart(place, taken, rest);
                let part = &mut self.parts[own];
                part.possible_duplicate |= !part.state.waits();
                if !part.state.is_final() {
                    (part.state, part.owner) = (State::Accepted, None);
                }
            }
        }
        let at_risk = self.parts.iter().any(|part| part.mail == number && part.possible_duplicate);
        let mail = self.mails.get_mut(&number)?;
        mail.possible_duplicate |= at_risk;
        mail.has_taken_some |= mail.ended.is_none();
        if mail.ended.is_some() { None } else { Some(self.refresh(number)) }
    }

    /// The place of the part of those that have it. The others keep the claim.
    fn set_apart(&mut self, place: usize, taken: Vec<u32>, rest: Vec<u32>) -> usize {
        if rest.is_empty() {
            return place;
        }
        let before = self.parts[place].clone();
        let has_ended = before.state.is_final();
        let (apart, kept) = if has_ended { (rest, taken) } else { (taken, rest) };
        let part = &mut self.parts[place];
        part.places = kept;
        if part.state == State::Claimed {
            (part.state, part.owner) = (State::Queued, None);
        }
        self.parts.push(Part { places: apart, owner: None, hand_overs: BTreeMap::new(), ..before });
        if has_ended { place } else { self.parts.len() - 1 }
    }
}
