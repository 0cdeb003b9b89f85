//! What a strategy knows of an upstream.

use crate::model::left_out::LeftOut;

/// The share that is all mail.
pub const ALL_MAIL: u8 = 127;

/// A floor that is all mail.
pub const FLOOR_PARTS: u32 = 10_000;

/// One upstream that a mail might be offered to.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Which upstream it is.
    pub upstream: usize,
    /// A number that follows from its name ([`identity`](super::identity)), so that keys find it on every node.
    pub identity: u64,
    /// How much mail comes to it beside others, where weights count.
    pub weight: u32,
    /// How much mail comes to it beside others, by what was learned of it.
    pub adaptive_share: f64,
    /// How much mail comes to it first, of [`FLOOR_PARTS`], though another is preferred, so that it is known to work.
    pub floor: u32,
    /// How much mail its circuit takes, of [`ALL_MAIL`]: the draws up to this one. 0: it is not closed.
    pub circuit_share: u8,
    /// Why this mail is not offered to it, whatever its circuit.
    pub left_out: Option<LeftOut>,
}
