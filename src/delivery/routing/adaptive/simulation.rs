//! Adaptive routing beside P2C-EWMA and round robin, in simulated time: `cargo test adaptive -- --nocapture` prints the table
//! that stands in docs/explanation/routing.md, and compares it with what stands there.
//!
//! Every upstream gets 100 mails a second on average, at random times, for two minutes. An answer takes 100 ms, give or take
//! a fifth; a failure takes 5 ms.

mod routers;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::f64::consts::LN_2;
use std::fmt;

use super::LEAST;
use routers::{Adaptive, Answer, PeakEwma, RoundRobin, Router};

/// It has one table.
const DOCUMENT: &str = include_str!("../../../../docs/explanation/routing.md");
const SECONDS: f64 = 120.0;
/// Mails a second for each upstream.
const RATE: f64 = 100.0;
const LATENCY: f64 = 0.1;
const FAILURE_LATENCY: f64 = 0.005;

/// What is wrong with the last of the upstreams, at a time; the others are well.
#[derive(Clone, Copy, Debug)]
enum Fault {
    TenTimesSlower,
    FailsFast,
    Recovers,
}

impl Fault {
    fn latency(self) -> f64 {
        if matches!(self, Self::TenTimesSlower) { 10.0 * LATENCY } else { LATENCY }
    }

    fn failing(self, time: f64) -> f64 {
        match self {
            Self::TenTimesSlower => 0.0,
            Self::FailsFast => 0.3,
            Self::Recovers => f64::from(time < SECONDS / 2.0) * 0.3,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TenTimesSlower => "is ten times slower",
            Self::FailsFast => "fails 30 %, fast",
            Self::Recovers => "does so for a minute",
        })
    }
}

/// What came of a run: times of accepted mails in milliseconds, failures of a thousand mails, and the share that the last
/// upstream had of the last ten seconds, as a part of an even share.
struct Outcome {
    mean: f64,
    p95: f64,
    failed: f64,
    regained: f64,
}

fn run(mut router: impl Router, upstreams: usize, fault: Fault) -> Outcome {
    let mut random = fastrand::Rng::with_seed(11);
    let (mut pending, mut times) = (BinaryHeap::<Reverse<Answer>>::new(), Vec::new());
    let (mut time, mut failed, mut late, mut late_last) = (0.0, 0_u32, 0_u32, 0_u32);
    while time < SECONDS {
        time -= (1.0 - random.f64()).ln() / (RATE * upstreams as f64);
        let now = (time * 1e6) as u64;
        while let Some(Reverse(answer)) = pending.peek().copied().filter(|Reverse(answer)| answer.micros <= now) {
            pending.pop();
            router.learn(answer);
        }
        let upstream = router.choose(now, &mut random);
        let is_last = upstream == upstreams - 1;
        let latency = if is_last { fault.latency() } else { LATENCY };
        let fails = is_last && random.f64() < fault.failing(time);
        let took = if fails { FAILURE_LATENCY } else { latency * (0.8 + 0.4 * random.f64()) };
        if fails {
            failed += 1
        } else {
            times.push(took * 1e3)
        }
        if time > SECONDS - 10.0 {
            late += 1;
            late_last += u32::from(is_last);
        }
        let took = (took * 1e6) as u64;
        pending.push(Reverse(Answer { micros: now + took, upstream, took, failed: fails }));
    }
    times.sort_by(f64::total_cmp);
    Outcome {
        mean: times.iter().sum::<f64>() / times.len() as f64,
        p95: times[times.len() * 95 / 100],
        failed: f64::from(failed) * 1e3 / (times.len() as f64 + f64::from(failed)),
        regained: f64::from(late_last) * upstreams as f64 / f64::from(late),
    }
}

#[test]
fn adaptive_is_beside_p2c_ewma_and_round_robin_as_the_table_says() {
    let mut table =
        String::from("| upstreams | the last one | adaptive | P2C-EWMA | round robin |\n|---|---|---|---|---|\n");
    for fault in [Fault::TenTimesSlower, Fault::FailsFast, Fault::Recovers] {
        for upstreams in 2..=6 {
            let ours = run(Adaptive::new(upstreams), upstreams, fault);
            let others =
                [run(PeakEwma::new(upstreams), upstreams, fault), run(RoundRobin::new(upstreams), upstreams, fault)];
            let cell = |o: &Outcome| format!("{:.0} ms, {:.0} ms, {:.1} ‰", o.mean, o.p95, o.failed);
            let cells = [cell(&ours), cell(&others[0]), cell(&others[1])].join(" | ");
            table += &format!("| {upstreams} | {fault} | {cells} |\n");
            check(&ours, &others, fault, upstreams);
        }
    }
    println!("{table}");
    let written: String = DOCUMENT.lines().filter(|line| line.starts_with('|')).flat_map(|row| [row, "\n"]).collect();
    assert_eq!(written, table, "the table of docs/explanation/routing.md");
}

/// What the mean is longer by, in milliseconds, for two limits that P2C-EWMA does not have: a slow upstream keeps a hundredth
/// of the mail, so that it is seen when it recovers, and its share falls there from an even one by half a second.
fn forced(fault: Fault, upstreams: usize) -> f64 {
    let slower = 1e3 * (fault.latency() - LATENCY);
    let fall = (1.0 / upstreams as f64 - LEAST) / LN_2;
    slower * (LEAST + fall / SECONDS)
}

fn check(ours: &Outcome, [p2c, round_robin]: &[Outcome; 2], fault: Fault, upstreams: usize) {
    let case = format!("{fault}, {upstreams} upstreams");
    let forced = forced(fault, upstreams);
    assert!(ours.mean <= p2c.mean.max(1e3 * LATENCY + forced) * 1.01, "{case}: mean {} and {}", ours.mean, p2c.mean);
    assert!(ours.mean <= round_robin.mean * 1.01 && ours.p95 <= round_robin.p95 * 1.01, "{case}");
    assert!(ours.p95 <= p2c.p95 * 1.01, "{case}: p95 {} and {}", ours.p95, p2c.p95);
    match fault {
        Fault::TenTimesSlower => assert!(ours.mean < round_robin.mean * 0.9, "{case}"),
        Fault::FailsFast => assert!(ours.failed < p2c.failed / 2.0 && ours.failed < round_robin.failed / 2.0, "{case}"),
        Fault::Recovers => {
            assert!(ours.failed < p2c.failed && ours.failed < round_robin.failed, "{case}");
            assert!(ours.regained > 0.8, "{case}: regained {}", ours.regained);
        }
    }
}
