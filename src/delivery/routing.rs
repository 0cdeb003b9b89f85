//! Which upstreams a mail is offered to, and in which order. Pure: all that a strategy may look at is passed in.
//!
//! A strategy is a file here, a variant of [`Strategy`], an arm of [`Strategy::order`] and one of [`Strategy::weight`].
//! What holds for every strategy stands in [`rank`]. Deliberately absent: circuits, clocks, locks and names. An upstream is
//! its index.

mod candidate;
mod draw;
mod plan;
mod priority;
mod round_robin;
mod shares;
#[cfg(test)]
mod tests;

pub use candidate::{ALL_MAIL, Candidate};
pub use draw::Draw;
pub use plan::{Place, Plan, Standing};

/// Which upstream comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The first in the operator's list that takes mail.
    Priority,
    /// Each in its turn.
    RoundRobin,
}

impl Strategy {
    /// Orders the places of upstreams that take this mail's draw; they stand in the operator's order, of `all` upstreams.
    fn order(self, places: &mut [Place], draw: Draw, all: usize) {
        match self {
            Self::Priority => priority::order(places),
            Self::RoundRobin => round_robin::order(places, draw, all),
        }
    }

    /// How often a mail without a key comes first to an upstream, beside the others that take it; `first`: is it the first
    /// of them in the operator's order?
    fn weight(self, first: bool) -> f64 {
        match self {
            Self::Priority => priority::weight(first),
            Self::RoundRobin => round_robin::weight(),
        }
    }
}

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
    strategy.order(&mut places[..in_share], draw, candidates.len());
    if draw.is_of_a_key() {
        shares::all_to_the_first(&mut places);
    }
    Plan::new(places, asked)
}
