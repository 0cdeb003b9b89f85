//! What a strategy knows of an upstream.

use crate::model::left_out::LeftOut;

/// The share that is all mail.
pub const ALL_MAIL: u8 = 127;

/// One upstream that a mail might be offered to.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Which upstream it is.
    pub upstream: usize,
    /// How much mail its circuit takes, of [`ALL_MAIL`]: the draws up to this one. 0: it is not closed.
    pub circuit_share: u8,
    /// Why this mail is not offered to it, whatever its circuit.
    pub left_out: Option<LeftOut>,
}
