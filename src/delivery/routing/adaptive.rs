//! Adaptive: what is slow or fails gets less mail, for as long as it does; a mail with a key follows the weights.
//!
//! Every upstream has a [`Cost`]: what a mail there costs its caller, in seconds; at least, what the mails [`InFlight`]
//! there have taken so far. Its share falls with the third power of that, so that one which is twice as slow gets an
//! eighth. All upstreams are compared, not two of them. None gets less than [`LEAST`], so that it is seen when it recovers,
//! and no share is more than halved within a second.

mod cost;
mod in_flight;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use cost::{Cost, sample};
pub use in_flight::InFlight;

use super::candidate::Candidate;
use super::draw::Draw;
use super::plan::Place;
use super::rendezvous;

/// How often the shares are moved, in milliseconds.
pub const STEP: u64 = 100;
/// The least share of an upstream; where there are more than 50 of them, half of its even share.
const LEAST: f64 = 0.01;
/// Seconds that are added to every cost: a millisecond more or less makes no provider better.
const TOLERANCE: f64 = 0.01;

pub(super) fn order(places: &mut [Place], draw: Draw) {
    match draw {
        Draw::Free { random, .. } => rendezvous::order(places, random, weight),
        Draw::Key(number) => rendezvous::order(places, number, super::weighted::weight),
    }
}

pub(super) fn weight(candidate: &Candidate) -> f64 {
    candidate.adaptive_share
}

/// What is known of an upstream.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// How much mail comes to it beside others that cost the same.
    pub weight: u32,
    /// What its mails have cost.
    pub cost: Cost,
    /// What those in flight have taken so far, in seconds.
    pub so_far: f64,
}

/// The shares that these upstreams would have in the long run; their sum is 1.
pub fn targets(upstreams: &[Known]) -> Vec<f64> {
    let answered: Vec<_> = upstreams.iter().filter_map(|upstream| upstream.cost.seconds()).collect();
    // Without any answer there is nothing to compare with. One that had none is taken for as good as the others.
    let mean = (!answered.is_empty()).then(|| answered.iter().sum::<f64>() / answered.len() as f64);
    let merit = |upstream: &Known| {
        let cost = mean.map(|mean| upstream.cost.seconds().unwrap_or(mean).max(upstream.so_far));
        f64::from(upstream.weight) / (cost.unwrap_or_default() + TOLERANCE).powi(3)
    };
    let merits: Vec<_> = upstreams.iter().map(merit).collect();
    let all: f64 = merits.iter().sum();
    let least = LEAST.min(0.5 / upstreams.len().max(1) as f64);
    // What the least shares take comes from what the others have above it.
    let above: Vec<_> = merits.iter().map(|merit| (merit / all - least).max(0.0)).collect();
    let scale = (1.0 - least * upstreams.len() as f64) / above.iter().sum::<f64>();
    above.into_iter().map(|above| least + scale * above).collect()
}

/// How far shares go towards their targets in so many seconds: all of the way, unless one of them would be more than halved
/// in a second. Their sum stays what it is.
pub fn step(shares: &mut [f64], targets: &[f64], seconds: f64) {
    let kept = (-seconds.max(0.0)).exp2();
    let falling = shares.iter().zip(targets).filter(|(share, target)| target < share);
    let way = falling.map(|(share, target)| share * (1.0 - kept) / (share - target)).fold(1.0, f64::min);
    for (share, target) in shares.iter_mut().zip(targets) {
        *share += (target - *share) * way;
    }
}
