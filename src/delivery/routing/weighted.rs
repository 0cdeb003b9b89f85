//! Weighted: each upstream is first as often as its weight says; a mail with a key always goes to the same.

use super::candidate::Candidate;
use super::draw::Draw;
use super::plan::Place;
use super::rendezvous;

pub(super) fn order(places: &mut [Place], draw: Draw) {
    rendezvous::order(places, draw.number(), weight);
}

pub(super) fn weight(candidate: &Candidate) -> f64 {
    f64::from(candidate.weight)
}
