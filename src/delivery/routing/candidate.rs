//! What a strategy knows of an upstream.

/// The share that is all mail, and the highest draw.
pub const ALL_MAIL: u8 = 127;

/// One upstream that a mail might be offered to.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// How much mail it takes, of [`ALL_MAIL`]: the draws up to this one. 0: none.
    pub share: u8,
}

/// The upstreams that take a mail of this draw, in the operator's order.
pub(super) fn available(candidates: &[Candidate], draw: u8) -> impl Iterator<Item = usize> {
    indices(candidates, move |share| draw <= share)
}

/// The upstreams that take only a share of mail, and not this one.
pub(super) fn out_of_share(candidates: &[Candidate], draw: u8) -> impl Iterator<Item = usize> {
    indices(candidates, move |share| share > 0 && draw > share)
}

fn indices(candidates: &[Candidate], wanted: impl Fn(u8) -> bool) -> impl Iterator<Item = usize> {
    candidates.iter().enumerate().filter(move |(_, candidate)| wanted(candidate.share)).map(|(index, _)| index)
}
