//! Round robin: each upstream that takes mail is first in its turn; a mail with a key always goes to the same.

use super::draw::Draw;
use super::plan::Place;
use super::rendezvous;

pub(super) fn order(places: &mut [Place], draw: Draw) {
    match draw {
        Draw::Free { turn, .. } => places.rotate_left(first(places, turn)),
        Draw::Key(number) => rendezvous::order(places, number, |_| weight()),
    }
}

/// The place of the upstream whose turn it is. One that is not offered this mail has no turn.
fn first(places: &[Place], turn: usize) -> usize {
    let taking = places.iter().filter(|place| place.takes_mail()).count();
    let mut turns = places.iter().enumerate().filter(|(_, place)| place.takes_mail());
    let turn = turn.checked_rem(taking).and_then(|turn| turns.nth(turn));
    turn.map_or(0, |(index, _)| index)
}

pub(super) fn weight() -> f64 {
    1.0
}
