//! The plan of one mail: every upstream, in the order in which they are asked, or why it is not.

use super::candidate::Candidate;
use super::draw::Draw;
use crate::model::left_out::LeftOut;

/// How an upstream stands for one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It takes the mail.
    Ready,
    /// Its circuit has closed a moment ago, and this mail is not in the share that it takes: it is asked last.
    Ramping,
    /// It is not offered the mail.
    LeftOut(LeftOut),
}

/// The place of an upstream in a plan.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// How it stands for this mail.
    pub availability: Availability,
    /// The share of mail like this, without a key, that comes to it first. Of a mail with a key: 1 for the first, 0 for the
    /// others.
    pub share: f64,
    pub(super) candidate: Candidate,
    /// The lowest comes first, where a strategy draws lots.
    pub(super) lot: f64,
}

impl Place {
    pub(super) fn new(candidate: Candidate, draw: Draw) -> Self {
        let availability = match candidate.left_out {
            Some(reason) => Availability::LeftOut(reason),
            None if candidate.circuit_share == 0 => Availability::LeftOut(LeftOut::Circuit),
            None if candidate.circuit_share < draw.level() => Availability::Ramping,
            None => Availability::Ready,
        };
        Self { availability, share: 0.0, candidate, lot: 0.0 }
    }

    /// Which upstream it is.
    pub fn upstream(&self) -> usize {
        self.candidate.upstream
    }

    /// Why the upstream is not offered this mail.
    pub fn left_out(&self) -> Option<LeftOut> {
        match self.availability {
            Availability::LeftOut(reason) => Some(reason),
            Availability::Ready | Availability::Ramping => None,
        }
    }

    /// Is the mail offered to it when its turn comes?
    pub(super) fn takes_mail(&self) -> bool {
        self.left_out().is_none()
    }

    /// Does its circuit take this draw? Then it has a place in the strategy's order, even if it is only to be said there
    /// that the mail is not offered to it.
    pub(super) fn is_in_share(&self, draw: Draw) -> bool {
        self.is_asked() && self.candidate.circuit_share >= draw.level()
    }

    /// Does the mail come to it, be it to hear what an attempt would come to?
    fn is_asked(&self) -> bool {
        let known = self.left_out().is_none_or(|reason| reason.verdict().is_some());
        known && self.candidate.circuit_share > 0
    }
}

/// A place for every upstream.
#[derive(Clone, Debug)]
pub struct Plan {
    places: Vec<Place>,
    asked: usize,
}

impl Plan {
    pub(super) fn new(places: Vec<Place>, asked: usize) -> Self {
        Self { places, asked }
    }

    /// The places that a mail comes to, one after the other. One that is left out for the mail's own sake is among them:
    /// what an attempt would come to is known, and the receipt says so.
    pub fn asked(&self) -> &[Place] {
        &self.places[..self.asked]
    }

    /// Every upstream; after those that are asked, those that are not.
    pub fn places(&self) -> &[Place] {
        &self.places
    }
}

/// Puts those first that are asked, of them those first whose circuits take the draw; how many are asked?
pub(super) fn group(places: &mut [Place], draw: Draw) -> usize {
    places.sort_by_key(|place| (!place.is_in_share(draw), !place.is_asked()));
    places.iter().take_while(|place| place.is_asked()).count()
}
