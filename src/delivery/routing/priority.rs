//! Priority: the operator's order.

use super::candidate::{Candidate, available};

pub(super) fn order(candidates: &[Candidate], draw: u8) -> Vec<usize> {
    available(candidates, draw).collect()
}
