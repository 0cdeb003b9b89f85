//! What the plan of a mail costs, by strategy and number of upstreams: one table, one run.
//!
//! `cargo bench --bench routing` prints it: nanoseconds of the best of many chunks, and allocations of one plan.
//! `SMSP_BENCH_COUNT=ROW` makes 10,000 plans of that row and prints nothing, so that `valgrind --tool=callgrind` can count
//! instructions on any machine: those of a plan are a ten-thousandth of its total, less what starting costs (`none`).

#![expect(clippy::print_stdout, reason = "the table is the purpose")]
#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use smsp::delivery::routing::{ALL_MAIL, Candidate, Draw, Strategy, identity, rank};

const COUNTED: u64 = 10_000;
const CHUNK: u64 = 1000;
const CHUNKS: u64 = 200;

struct Row {
    name: String,
    strategy: Strategy,
    candidates: Vec<Candidate>,
    with_key: bool,
}

impl Row {
    fn plans(&self, count: u64) {
        for number in 0..count {
            let random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let draw = if self.with_key { Draw::Key(random) } else { Draw::Free { turn: number as usize, random } };
            black_box(rank(self.strategy, draw, black_box(&self.candidates)));
        }
    }

    fn nanoseconds(&self) -> f64 {
        let chunk = |_| {
            let start = Instant::now();
            self.plans(CHUNK);
            start.elapsed().as_nanos() as f64 / CHUNK as f64
        };
        (0..CHUNKS).map(chunk).fold(f64::INFINITY, f64::min)
    }
}

fn candidates(count: usize) -> Vec<Candidate> {
    let candidate = |upstream| Candidate {
        upstream,
        identity: identity(&format!("u{upstream}")),
        weight: 1 + upstream as u32,
        floor: if upstream > 0 { 100 } else { 0 },
        adaptive_share: 1.0 / count as f64,
        circuit_share: ALL_MAIL,
        left_out: None,
    };
    (0..count).map(candidate).collect()
}

fn rows() -> Vec<Row> {
    let strategies = [
        ("priority", Strategy::Priority),
        ("round-robin", Strategy::RoundRobin),
        ("weighted", Strategy::Weighted),
        ("adaptive", Strategy::Adaptive),
    ];
    let row = |(name, strategy, count, with_key): (&str, Strategy, usize, bool)| Row {
        name: format!("{name}-{count}{}", if with_key { "-key" } else { "" }),
        strategy,
        candidates: candidates(count),
        with_key,
    };
    let sizes = [(4, false), (4, true), (32, false), (32, true)];
    let each = |(name, strategy)| sizes.map(|(count, with_key)| row((name, strategy, count, with_key)));
    strategies.into_iter().flat_map(each).collect()
}

fn main() -> ExitCode {
    let rows = rows();
    if let Ok(name) = std::env::var("SMSP_BENCH_COUNT") {
        let row = rows.iter().find(|row| row.name == name);
        row.iter().for_each(|row| row.plans(COUNTED));
        return if row.is_some() || name == "none" { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    println!("{:20}{:>10}{:>8}", "ns per plan", "best", "allocs");
    for row in &rows {
        let allocations = allocation_counter::measure(|| row.plans(1)).count_total;
        println!("{:20}{:10.0}{allocations:8}", row.name, row.nanoseconds());
    }
    ExitCode::SUCCESS
}
