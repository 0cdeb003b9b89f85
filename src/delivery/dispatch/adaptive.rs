//! What adaptive routing has learned on this node: the cost and the share of each upstream.
//!
//! No lock: a mail adds its cost by compare-and-swap; the shares are moved by whichever mail comes first after [`STEP`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::delivery::routing::adaptive::{self, Cost};
use crate::delivery::routing::{Candidate, Strategy};
use crate::delivery::upstream::transfer_time;
use crate::model::outcome::Blame;
use crate::model::receipt::Attempt;

/// How often the shares are moved, in milliseconds.
const STEP: u64 = 100;

/// One upstream.
struct Learned {
    weight: u32,
    /// The bits of a [`Cost`].
    cost: AtomicU64,
    /// The bits of a share.
    share: AtomicU64,
}

/// What was learned of every upstream.
pub(super) struct Adaptive {
    upstreams: Vec<Learned>,
    epoch: Instant,
    /// When the shares were moved last, in milliseconds.
    stepped: AtomicU64,
}

impl Adaptive {
    /// Nothing yet; `None`: the strategy has no use for it.
    pub(super) fn new(strategy: Strategy, candidates: &[Candidate]) -> Option<Self> {
        let bits = |share: f64| AtomicU64::new(share.to_bits());
        let shares = adaptive::targets(candidates.iter().map(|candidate| (candidate.weight, None)));
        let learned = |(candidate, share): (&Candidate, f64)| Learned {
            weight: candidate.weight,
            cost: AtomicU64::new(Cost::UNKNOWN.to_bits()),
            share: bits(share),
        };
        let upstreams = candidates.iter().zip(shares).map(learned).collect();
        let learned = Self { upstreams, epoch: Instant::now(), stepped: AtomicU64::new(0) };
        (strategy == Strategy::Adaptive).then_some(learned)
    }

    /// The share of an upstream now.
    pub(super) fn share(&self, upstream: usize) -> f64 {
        f64::from_bits(self.upstreams[upstream].share.load(Ordering::Relaxed))
    }

    /// Learns from an attempt with a mail of this size, if it says anything of the provider.
    pub(super) fn learn(&self, upstream: usize, attempt: &Attempt, size: usize) {
        let failed = match attempt.verdict.blame() {
            Blame::Success => false,
            Blame::Failure | Blame::Account | Blame::Throttled => true,
            Blame::Neutral => return,
        };
        let Some(took) = attempt.took else { return };
        let (sample, now) = (adaptive::sample(took, transfer_time(size), failed), self.now() as u32);
        let with = |bits| Some(Cost::from_bits(bits).with(sample, now).to_bits());
        // It never fails: there is always a next value.
        let _ = self.upstreams[upstream].cost.fetch_update(Ordering::Relaxed, Ordering::Relaxed, with);
    }

    /// Moves the shares, if it is time to.
    pub(super) fn step(&self) {
        let (now, stepped) = (self.now(), self.stepped.load(Ordering::Relaxed));
        let since = now.saturating_sub(stepped);
        let due =
            since >= STEP && self.stepped.compare_exchange(stepped, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if !due {
            return;
        }
        let cost = |learned: &Learned| Cost::from_bits(learned.cost.load(Ordering::Relaxed)).seconds();
        let targets = adaptive::targets(self.upstreams.iter().map(|learned| (learned.weight, cost(learned))));
        let mut shares: Vec<_> = (0..self.upstreams.len()).map(|upstream| self.share(upstream)).collect();
        adaptive::step(&mut shares, &targets, Duration::from_millis(since).as_secs_f64());
        for (learned, share) in self.upstreams.iter().zip(shares) {
            learned.share.store(share.to_bits(), Ordering::Relaxed);
        }
    }

    fn now(&self) -> u64 {
        self.epoch.elapsed().as_millis() as u64
    }
}
