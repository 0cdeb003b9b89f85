//! Which upstreams a mail is offered to, and in which order. Pure: all that a strategy may look at is passed in.
//!
//! A strategy is a file here, a variant of [`Strategy`], and an arm of each of its methods.
//! What holds for every strategy stands in [`rank`]. Deliberately absent: circuits, clocks, locks and names. An upstream is
//! its index, and a number that follows from its name.

pub mod adaptive;
mod candidate;
mod draw;
mod plan;
mod priority;
mod rendezvous;
mod round_robin;
pub mod rules;
mod shares;
mod strategy;
#[cfg(test)]
mod tests;
mod weighted;

pub use candidate::{ALL_MAIL, Candidate, FLOOR_PARTS};
pub use draw::Draw;
pub use plan::{Availability, Place, Plan};
pub use rendezvous::identity;
pub use strategy::Strategy;

/// The plan of one mail: a place for every candidate. The candidates stand in the order that the operator prefers.
///
/// First come the upstreams whose circuits take this draw, in the strategy's order. A ramped upstream whose share this mail
/// is not in comes after them: it gets the mail only if no other takes it. Last, and not asked, are those left out.
pub fn rank(strategy: Strategy, draw: Draw, candidates: &[Candidate]) -> Plan {
    let mut places: Vec<_> = candidates.iter().map(|candidate| Place::new(*candidate, draw)).collect();
    if !draw.is_of_a_key() {
        shares::spread(strategy, &mut places);
    }
    let asked = plan::group(&mut places, draw);
    let in_share = places.iter().take_while(|place| place.is_in_share(draw)).count();
    strategy.order(&mut places[..in_share], draw);
    if draw.is_of_a_key() {
        shares::all_to_the_first(&mut places);
    }
    Plan::new(places, asked)
}

/// The plan of a mail that is only asked about, which takes no turn and draws no lot: every upstream with its share, in the
/// order in which the mail would be offered to them; those left out come last.
///
/// A mail with a key has one plan. The plans of mail without one differ: where the strategy chooses for each mail, the
/// largest share comes first, and an upstream that takes some mail only is ramping.
pub fn preview(strategy: Strategy, key: Option<u64>, candidates: &[Candidate]) -> Vec<Place> {
    let plan = rank(strategy, key.map_or(Draw::HIGHEST, Draw::Key), candidates);
    let (mut taking, mut left_out): (Vec<_>, Vec<_>) = plan.places().iter().partition(|place| place.takes_mail());
    let preferred = |place: &Place| candidates.iter().position(|candidate| candidate.upstream == place.upstream());
    left_out.sort_by_key(preferred);
    if key.is_none() && strategy.chooses_for_each_mail() {
        taking.sort_by_key(preferred);
        taking.sort_by(|one, other| other.share.total_cmp(&one.share));
    }
    taking.append(&mut left_out);
    taking
}
