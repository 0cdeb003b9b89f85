//! Round robin: each upstream that takes mail is first in its turn; a mail with a key always has the same turn.

use super::candidate::{Candidate, available};

/// Whose turn it is.
#[derive(Clone, Copy, Debug)]
pub enum Turn {
    /// The turn of the next upstream that takes mail; counts the mails.
    Next(usize),
    /// Always that of the same upstream for this number, on every node, as long as it takes mail.
    Fixed(u64),
}

pub(super) fn order(candidates: &[Candidate], draw: u8, turn: Turn) -> Vec<usize> {
    let mut order: Vec<_> = available(candidates, draw).collect();
    if !order.is_empty() {
        let first = first(turn, &order, candidates.len());
        order.rotate_left(first);
    }
    order
}

/// The place in `available` of the upstream whose turn it is, of `all` upstreams.
fn first(turn: Turn, available: &[usize], all: usize) -> usize {
    match turn {
        Turn::Next(number) => number % available.len(),
        Turn::Fixed(number) => {
            let wanted = (number % all as u64) as usize;
            available.iter().position(|&index| index >= wanted).unwrap_or_default()
        }
    }
}
