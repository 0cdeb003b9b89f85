//! What the plan of a mail costs, by strategy, number of upstreams and number of rules: one table, one run.
//!
//! A row with rules has rules of every kind, and a mail that none of them holds for, so that all are looked at. `many`:
//! the mail has 50 recipients, 10 tags and 20 headers. Locks need no count: the architecture test
//! (`functional_tests/architecture.rs`) keeps them out of routing and dispatch.
//!
//! `cargo bench --bench routing` prints it: nanoseconds of the best of many chunks, and allocations of one plan.
//! `SMSP_BENCH_COUNT=ROW` makes 10,000 plans of that row and prints nothing, so that `valgrind --tool=callgrind` can count
//! instructions on any machine: those of a plan are a ten-thousandth of its total, less what starting costs (`none`).

#![expect(clippy::print_stdout, reason = "the table is the purpose")]
#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]
#![expect(clippy::expect_used, clippy::panic, reason = "a bench that cannot be set up has no figure")]

#[path = "routing/mails.rs"]
mod mails;

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use smsp::delivery::routing::rules::Rules;
use smsp::delivery::routing::{ALL_MAIL, Candidate, Draw, Strategy, identity, rank};
use smsp::model::submission::Submission;

const COUNTED: u64 = 10_000;
const CHUNK: u64 = 1000;
const CHUNKS: u64 = 200;

struct Row {
    name: String,
    strategy: Strategy,
    candidates: Vec<Candidate>,
    with_key: bool,
    rules: Rules,
    submission: Submission,
}

impl Row {
    fn plans(&self, count: u64) {
        for number in 0..count {
            black_box(black_box(&self.rules).find(black_box(&self.submission)));
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
    let plain = |name, strategy, count, with_key| Row {
        name: format!("{name}-{count}{}", if with_key { "-key" } else { "" }),
        strategy,
        candidates: candidates(count),
        with_key,
        rules: Rules::default(),
        submission: mails::small(),
    };
    let ruled = |name: &str, submission| Row {
        name: name.to_owned(),
        rules: rules(),
        submission,
        ..plain("", Strategy::Priority, 4, false)
    };
    let sizes = [(4, false), (4, true), (32, false), (32, true)];
    let each = |(name, strategy)| sizes.map(|(count, with_key)| plain(name, strategy, count, with_key));
    let rows = strategies.into_iter().flat_map(each);
    rows.chain([ruled("rules-100", mails::small()), ruled("rules-100-many", mails::many())]).collect()
}

/// A hundred that hold for no mail of this bench.
fn rules() -> Rules {
    let conditions = |number: usize| match number % 10 {
        0 => format!("caller=shop-{number:03}"),
        1 => format!("from=orders@shop{number:03}.example.com"),
        2 => format!("from=*.shop{number:03}.example.com"),
        3 => format!("to=*@*.customer{number:03}.example"),
        4 => format!("to=*ada{number:03}*@*.example.org"),
        5 => format!("tag=otp-{number:03}"),
        6 => format!("tag=\"Password Reset {number:03}\"|\"*reset {number:03}\""),
        7 => format!("header.X-Kind=\"urgent {number:03}*\""),
        8 => format!("header.X-Kind=*campaign{number:03}*"),
        _ => format!("caller=billing to=example.org|*.example.org tag=newsletter-{number:03}"),
    };
    let upstreams: Vec<Arc<str>> = (0..4).map(|upstream| format!("u{upstream}").into()).collect();
    let rule = |number| format!("{} -> u{}{}", conditions(number), number % 4, if number % 3 == 0 { "!" } else { "" });
    let text = (0..100).map(rule).collect::<Vec<_>>().join("\n");
    Rules::read(&text, &upstreams).unwrap_or_else(|problems| panic!("{problems:?}"))
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
