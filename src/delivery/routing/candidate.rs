//! What a strategy knows of an upstream.

/// The highest draw: a share of so much is all mail.
pub const ALL_MAIL: u8 = 127;

/// One upstream that a mail might be offered to.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// How much mail it takes now.
    pub availability: Availability,
}

/// How much mail an upstream takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// All of it.
    All,
    /// A share, of [`ALL_MAIL`]: the draws up to this one.
    Share(u8),
    /// None.
    Nothing,
}

impl Availability {
    fn takes(self, draw: u8) -> bool {
        match self {
            Self::All => true,
            Self::Share(share) => draw <= share,
            Self::Nothing => false,
        }
    }
}

/// The upstreams that take a mail of this draw, in the operator's order.
pub(super) fn available(candidates: &[Candidate], draw: u8) -> impl Iterator<Item = usize> {
    indices(candidates, move |availability| availability.takes(draw))
}

/// The upstreams that take only a share of mail, and not this one.
pub(super) fn out_of_share(candidates: &[Candidate], draw: u8) -> impl Iterator<Item = usize> {
    indices(candidates, move |availability| availability != Availability::Nothing && !availability.takes(draw))
}

fn indices(candidates: &[Candidate], wanted: impl Fn(Availability) -> bool) -> impl Iterator<Item = usize> {
    candidates.iter().enumerate().filter(move |(_, candidate)| wanted(candidate.availability)).map(|(index, _)| index)
}
