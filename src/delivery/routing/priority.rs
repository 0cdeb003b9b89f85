//! Priority: the operator's order, but for the mail that each standby gets so that it is known to work: its floor.

use super::candidate::{Candidate, FLOOR_PARTS};
use super::draw::Draw;
use super::plan::Place;
use super::rendezvous::mixed;

/// Moves a standby before the first upstream that takes mail, if this mail is for its floor.
pub(super) fn order(places: &mut [Place], draw: Draw) {
    let Some(first) = places.iter().position(Place::takes_mail) else { return };
    if let Some(standby) = standby(&places[first + 1..], draw) {
        places[first..=first + 1 + standby].rotate_right(1);
    }
}

/// `others`: the floors of all but the first.
pub(super) fn weight(candidate: &Candidate, others: Option<u32>) -> f64 {
    f64::from(others.map_or(candidate.floor, |others| FLOOR_PARTS.saturating_sub(others)))
}

/// The standby of these whose floor the mail is for.
fn standby(places: &[Place], draw: Draw) -> Option<usize> {
    let floor = |place: &Place| if place.takes_mail() { place.candidate.floor } else { 0 };
    let sum = places.iter().map(floor).sum();
    let mut lot = lot(draw, sum)?;
    places.iter().position(|place| {
        let wins = lot < floor(place);
        lot = lot.saturating_sub(floor(place));
        wins
    })
}

/// A number below the sum of the floors, if the mail is for any of them. Mails without a key do not draw it, they take turns:
/// so a floor of 1 % is one in each hundred mails of a rule, and a standby that fails five times is out after five hundred.
fn lot(draw: Draw, sum: u32) -> Option<u32> {
    match draw {
        Draw::Free { turn, .. } => {
            let hits = |turns: u64| turns * u64::from(sum) / u64::from(FLOOR_PARTS);
            let turn = u64::from(turn as u32);
            let hit = hits(turn);
            // Bits in reverse order spread the hits evenly over the floors (van der Corput).
            (hits(turn + 1) > hit).then(|| scaled((hit as u32).reverse_bits(), sum))
        }
        // Its lots are not those that the rendezvous draws for the same key.
        Draw::Key(number) => Some(scaled((mixed(!number) >> 32) as u32, FLOOR_PARTS)).filter(|lot| *lot < sum),
    }
}

/// From a number of 32 bits to one below `end`.
fn scaled(number: u32, end: u32) -> u32 {
    ((u64::from(number) * u64::from(end)) >> 32) as u32
}
