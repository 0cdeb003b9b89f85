//! What adaptive routing has learned on this node: the cost and the share of each upstream.
//!
//! No lock: a mail adds itself to those in flight when it begins, and its cost by compare-and-swap when it ends; the shares
//! are moved by whichever mail comes first after [`STEP`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::delivery::routing::adaptive::{self, Cost, InFlight, Known, STEP};
use crate::delivery::routing::{Candidate, Strategy};
use crate::delivery::upstream::{is_timed, transfer_time};
use crate::model::outcome::Blame;
use crate::model::receipt::Attempt;

/// One upstream.
struct Learned {
    weight: u32,
    /// The bits of a [`Cost`].
    cost: AtomicU64,
    /// The bits of [`InFlight`].
    in_flight: AtomicU64,
    /// The bits of a share.
    share: AtomicU64,
}

impl Learned {
    fn known(&self, now: u64) -> Known {
        let cost = Cost::from_bits(self.cost.load(Ordering::Relaxed));
        let so_far = InFlight::from_bits(self.in_flight.load(Ordering::Relaxed)).seconds(now);
        Known { weight: self.weight, cost, so_far }
    }
}

/// A mail is in flight until this is dropped.
pub(super) struct MailInFlight<'a> {
    in_flight: &'a AtomicU64,
    one: u64,
}

impl Drop for MailInFlight<'_> {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(self.one, Ordering::Relaxed);
    }
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
        let known = |candidate: &Candidate| Known { weight: candidate.weight, cost: Cost::UNKNOWN, so_far: 0.0 };
        let known: Vec<_> = candidates.iter().map(known).collect();
        let learned = |(known, share): (&Known, f64)| Learned {
            weight: known.weight,
            cost: AtomicU64::new(known.cost.to_bits()),
            in_flight: AtomicU64::default(),
            share: AtomicU64::new(share.to_bits()),
        };
        let upstreams = known.iter().zip(adaptive::targets(&known)).map(learned).collect();
        let learned = Self { upstreams, epoch: Instant::now(), stepped: AtomicU64::new(0) };
        (strategy == Strategy::Adaptive).then_some(learned)
    }

    /// The share of an upstream now.
    pub(super) fn share(&self, upstream: usize) -> f64 {
        f64::from_bits(self.upstreams[upstream].share.load(Ordering::Relaxed))
    }

    /// Counts a mail of this size among those in flight; `None`: it is too large to tell how fast the provider is.
    pub(super) fn begin(&self, upstream: usize, size: usize) -> Option<MailInFlight<'_>> {
        let in_flight = &self.upstreams[upstream].in_flight;
        is_timed(size).then(|| {
            let one = InFlight::one(self.now());
            in_flight.fetch_add(one, Ordering::Relaxed);
            MailInFlight { in_flight, one }
        })
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
        for (learned, share) in self.upstreams.iter().zip(self.after(now, since)) {
            learned.share.store(share.to_bits(), Ordering::Relaxed);
        }
    }

    /// The shares that a mail would find that came now. Moves none.
    pub(super) fn upcoming(&self) -> Vec<f64> {
        let now = self.now();
        let since = now.saturating_sub(self.stepped.load(Ordering::Relaxed));
        self.after(now, if since >= STEP { since } else { 0 })
    }

    /// The shares after a step of so many milliseconds.
    fn after(&self, now: u64, since: u64) -> Vec<f64> {
        let known: Vec<_> = self.upstreams.iter().map(|learned| learned.known(now)).collect();
        let targets = adaptive::targets(&known);
        let mut shares: Vec<_> = (0..self.upstreams.len()).map(|upstream| self.share(upstream)).collect();
        adaptive::step(&mut shares, &targets, Duration::from_millis(since).as_secs_f64());
        shares
    }

    fn now(&self) -> u64 {
        self.epoch.elapsed().as_millis() as u64
    }
}
