//! What share of the mail comes first to each upstream: what a strategy's choices come to over many draws.

use super::candidate::ALL_MAIL;
use super::plan::Place;
use super::strategy::Strategy;

/// Spreads all mail over the places that take it; they stand in the operator's order.
///
/// A circuit of share `s` takes the draws up to `s`. So between two neighbouring shares the same circuits take every draw,
/// and the strategy decides between these. What is above every share goes to the first of them all.
pub(super) fn spread(strategy: Strategy, places: &mut [Place]) {
    let mut below = 0;
    while let Some(level) = next_level(places, below) {
        spread_level(strategy, places, level, part(level - below));
        below = level;
    }
    if let Some(first) = places.iter_mut().find(|place| place.takes_mail()) {
        first.share += part(ALL_MAIL - below);
    }
}

/// A mail with a key goes to the first that takes it.
pub(super) fn all_to_the_first(places: &mut [Place]) {
    if let Some(first) = places.iter_mut().find(|place| place.takes_mail()) {
        first.share = 1.0;
    }
}

fn next_level(places: &[Place], below: u8) -> Option<u8> {
    let taking = places.iter().filter(|place| place.takes_mail());
    taking.map(|place| place.candidate.circuit_share).filter(|share| *share > below).min()
}

/// Spreads this part of all mail over the circuits that take draws of this level.
fn spread_level(strategy: Strategy, places: &mut [Place], level: u8, part: f64) {
    let takes = |place: &Place| place.takes_mail() && place.candidate.circuit_share >= level;
    let first = places.iter().position(takes);
    let taking = places.iter().enumerate().filter(|(_, place)| takes(place));
    let floors =
        taking.clone().filter(|(index, _)| first != Some(*index)).map(|(_, place)| place.candidate.floor).sum();
    let weight = |index, place: &Place| strategy.weight(&place.candidate, (first == Some(index)).then_some(floors));
    let all: f64 = taking.map(|(index, place)| weight(index, place)).sum();
    for (index, place) in places.iter_mut().enumerate().filter(|(_, place)| takes(place)) {
        // Where none has a weight, the first takes all.
        let share = if all > 0.0 { weight(index, place) / all } else { f64::from(first == Some(index)) };
        place.share += part * share;
    }
}

fn part(draws: u8) -> f64 {
    f64::from(draws) / f64::from(ALL_MAIL)
}
