//! The strategies: one exhaustive match for the order of a plan, one for the shares that it comes to, one for whether it
//! differs from mail to mail.

use super::candidate::Candidate;
use super::draw::Draw;
use super::plan::Place;
use super::{adaptive, priority, round_robin, weighted};

/// Which upstream comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The first in the operator's list that takes mail.
    Priority,
    /// Each in its turn.
    RoundRobin,
    /// Each as often as its weight says.
    Weighted,
    /// Each as often as it is fast and does not fail.
    Adaptive,
}

impl Strategy {
    /// Orders the places of upstreams that take this mail's draw; they stand in the operator's order.
    pub(super) fn order(self, places: &mut [Place], draw: Draw) {
        match self {
            Self::Priority => priority::order(places, draw),
            Self::RoundRobin => round_robin::order(places, draw),
            Self::Weighted => weighted::order(places, draw),
            Self::Adaptive => adaptive::order(places, draw),
        }
    }

    /// How often a mail without a key comes first to an upstream, beside the others that take it; `others`: the floors of all
    /// others, if it is the first of them in the operator's order.
    pub(super) fn weight(self, candidate: &Candidate, others: Option<u32>) -> f64 {
        match self {
            Self::Priority => priority::weight(candidate, others),
            Self::RoundRobin => round_robin::weight(),
            Self::Weighted => weighted::weight(candidate),
            Self::Adaptive => adaptive::weight(candidate),
        }
    }

    /// Is the order chosen for each mail without a key, be it by turns or by lot? If not, one order holds but for floors.
    pub(super) fn chooses_for_each_mail(self) -> bool {
        match self {
            Self::Priority => false,
            Self::RoundRobin | Self::Weighted | Self::Adaptive => true,
        }
    }
}
