//! Round robin: each upstream that takes mail is first in its turn; a mail with a key always has the same turn.

use super::draw::Draw;
use super::plan::Place;

pub(super) fn order(places: &mut [Place], draw: Draw, all: usize) {
    if !places.is_empty() {
        places.rotate_left(first(places, draw, all));
    }
}

/// The place of the upstream whose turn it is, of `all` upstreams.
fn first(places: &[Place], draw: Draw, all: usize) -> usize {
    match draw {
        Draw::Free { turn, .. } => turn % places.len(),
        Draw::Key(number) => {
            let wanted = (number % all as u64) as usize;
            places.iter().position(|place| place.upstream() >= wanted).unwrap_or_default()
        }
    }
}

pub(super) fn weight() -> f64 {
    1.0
}
