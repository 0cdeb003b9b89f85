//! What chooses an upstream for each mail, and learns from the answers.

use std::time::Duration;

use crate::delivery::routing::adaptive::{Cost, InFlight, Known, STEP, sample, step, targets};
use crate::delivery::routing::{ALL_MAIL, Candidate, Draw, Strategy, identity, rank};

/// Seconds that an average remembers.
const MEMORY: f64 = 10.0;

/// An answer that is yet to come: when it comes, from where, how long it took, whether it is a failure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Answer {
    pub(super) micros: u64,
    pub(super) upstream: usize,
    pub(super) took: u64,
    pub(super) failed: bool,
}

pub(super) trait Router {
    /// For a mail at this time in microseconds.
    fn choose(&mut self, now: u64, random: &mut fastrand::Rng) -> usize;
    fn learn(&mut self, answer: Answer);
}

/// Ours, as dispatch runs it, with one thread and small mails.
pub(super) struct Adaptive {
    costs: Vec<Cost>,
    in_flight: Vec<u64>,
    shares: Vec<f64>,
    /// Milliseconds.
    stepped: u64,
}

impl Adaptive {
    pub(super) fn new(upstreams: usize) -> Self {
        Self {
            costs: vec![Cost::UNKNOWN; upstreams],
            in_flight: vec![0; upstreams],
            shares: vec![1.0 / upstreams as f64; upstreams],
            stepped: 0,
        }
    }

    fn known(&self, now: u64) -> Vec<Known> {
        let known =
            |(&cost, &bits): (&Cost, &u64)| Known { weight: 1, cost, so_far: InFlight::from_bits(bits).seconds(now) };
        self.costs.iter().zip(&self.in_flight).map(known).collect()
    }
}

impl Router for Adaptive {
    fn choose(&mut self, now: u64, random: &mut fastrand::Rng) -> usize {
        let now = now / 1000;
        if now - self.stepped >= STEP {
            let targets = targets(&self.known(now));
            step(&mut self.shares, &targets, (now - self.stepped) as f64 / 1e3);
            self.stepped = now;
        }
        let candidate = |(upstream, &adaptive_share): (usize, &f64)| Candidate {
            upstream,
            identity: identity(&format!("u{upstream}")),
            weight: 1,
            floor: 0,
            adaptive_share,
            circuit_share: ALL_MAIL,
            left_out: None,
        };
        let candidates: Vec<_> = self.shares.iter().enumerate().map(candidate).collect();
        let draw = Draw::Free { turn: 0, random: random.u64(..) };
        let chosen = rank(Strategy::Adaptive, draw, &candidates).asked()[0].upstream();
        self.in_flight[chosen] = self.in_flight[chosen].wrapping_add(InFlight::one(now));
        chosen
    }

    fn learn(&mut self, Answer { micros, upstream, took, failed }: Answer) {
        let sample = sample(Duration::from_micros(took), Duration::ZERO, failed);
        self.costs[upstream] = self.costs[upstream].with(sample, (micros / 1000) as u32);
        self.in_flight[upstream] = self.in_flight[upstream].wrapping_sub(InFlight::one((micros - took) / 1000));
    }
}

/// Power of two choices by peak EWMA, as tower and linkerd have it: of two at random, the one whose latency times the mails
/// that are pending there is less. The average jumps up and decays, also while nothing comes.
pub(super) struct PeakEwma(Vec<Load>);

struct Load {
    latency: f64,
    at: f64,
    pending: u32,
}

impl Load {
    fn at(&self, now: f64) -> f64 {
        self.latency * (-(now - self.at) / MEMORY).exp()
    }
}

impl PeakEwma {
    pub(super) fn new(upstreams: usize) -> Self {
        Self((0..upstreams).map(|_| Load { latency: 0.1, at: 0.0, pending: 0 }).collect())
    }
}

impl Router for PeakEwma {
    fn choose(&mut self, now: u64, random: &mut fastrand::Rng) -> usize {
        let now = now as f64 / 1e6;
        let one = random.usize(..self.0.len());
        let other = (one + random.usize(1..self.0.len())) % self.0.len();
        let load = |index: usize| self.0[index].at(now) * f64::from(self.0[index].pending + 1);
        let chosen = if load(other) < load(one) { other } else { one };
        self.0[chosen].pending += 1;
        chosen
    }

    fn learn(&mut self, answer: Answer) {
        let (now, took) = (answer.micros as f64 / 1e6, answer.took as f64 / 1e6);
        let load = &mut self.0[answer.upstream];
        let kept = (-(now - load.at) / MEMORY).exp();
        let averaged = load.latency * kept + took * (1.0 - kept);
        load.latency = if took > load.at(now) { took } else { averaged };
        load.at = now;
        load.pending -= 1;
    }
}

pub(super) struct RoundRobin {
    upstreams: usize,
    turn: usize,
}

impl RoundRobin {
    pub(super) fn new(upstreams: usize) -> Self {
        Self { upstreams, turn: 0 }
    }
}

impl Router for RoundRobin {
    fn choose(&mut self, _: u64, _: &mut fastrand::Rng) -> usize {
        self.turn += 1;
        self.turn % self.upstreams
    }

    fn learn(&mut self, _: Answer) {}
}
