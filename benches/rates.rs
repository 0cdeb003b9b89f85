//! What the rates of an upstream cost a mail: to look whether tokens are left, and to take them.
//!
//! `cargo bench --bench rates` prints it: nanoseconds of the best of many chunks, and allocations of one mail.
//! `SMSP_BENCH_COUNT=ROW` does that for 10,000 mails of that row and prints nothing, so that `valgrind --tool=callgrind` can
//! count instructions on any machine: those of a mail are a ten-thousandth of its total, less what starting costs
//! (`without`).

#![expect(clippy::print_stdout, reason = "the table is the purpose")]
#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]
#![expect(clippy::expect_used, clippy::panic, reason = "a bench that cannot be set up has no figure")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use smsp::app::config::Config;
use smsp::delivery::upstream::Upstream;
use smsp::delivery::upstream::history::Events;
use smsp::model::message::Message;
use smsp::runtime::ids;
use smsp::runtime::metrics::Metrics;

const COUNTED: u64 = 10_000;
const CHUNK: u64 = 1000;
const CHUNKS: u64 = 200;

/// Rates that no bench uses up, and a warm-up that has long ended.
const ROWS: [(&str, &str, &str); 4] = [
    ("without", "none", "none"),
    ("one", "1000000000/s", "none"),
    ("two", "1000000000/s,1000000000/d", "none"),
    ("warm-up", "1000000000/s", "2026-01-01:1000000000/d*2..1000000000/d"),
];

fn upstream(rates: &str, ramp_up: &str) -> Upstream {
    let settings = [
        ("SMSP_API_KEY", "key"),
        ("SMSP_POLL_MESSAGE_ADDRESS", "probes@example.org"),
        ("SMSP_MOCK_EMAIL_SERVICE", "true"),
        ("SMSP_RATE", rates),
        ("SMSP_RAMP_UP", ramp_up),
    ];
    let pairs = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut config = Config::load(pairs.into_iter()).unwrap_or_else(|errors| panic!("{errors}"));
    let mock = config.upstreams.remove(0);
    Upstream::new(mock.name, mock.kind, mock.provider, mock.settings, &Metrics::default(), Events::new(1))
}

/// As dispatch does: a plan looks, and the hand-over takes.
fn mails(upstream: &Upstream, message: &Message, count: u64) {
    for _ in 0..count {
        black_box(black_box(upstream).leaves_out(message));
        assert!(black_box(upstream).take_token());
    }
}

fn nanoseconds(upstream: &Upstream, message: &Message) -> f64 {
    let chunk = |_| {
        let start = Instant::now();
        mails(upstream, message, CHUNK);
        start.elapsed().as_nanos() as f64 / CHUNK as f64
    };
    (0..CHUNKS).map(chunk).fold(f64::INFINITY, f64::min)
}

fn main() -> ExitCode {
    let address = |text: &str| text.parse().expect("an address");
    let message = Message::probe(ids::fresh().into(), address("a@example.org"), address("b@example.org"));
    if let Ok(name) = std::env::var("SMSP_BENCH_COUNT") {
        let Some((_, rates, ramp_up)) = ROWS.into_iter().find(|(row, ..)| *row == name) else {
            return ExitCode::FAILURE;
        };
        mails(&upstream(rates, ramp_up), &message, COUNTED);
        return ExitCode::SUCCESS;
    }
    println!("{:12}{:>10}{:>8}", "ns per mail", "best", "allocs");
    for (name, rates, ramp_up) in ROWS {
        let upstream = upstream(rates, ramp_up);
        let allocations = allocation_counter::measure(|| mails(&upstream, &message, 1)).count_total;
        println!("{name:12}{:10.0}{allocations:8}", nanoseconds(&upstream, &message));
    }
    ExitCode::SUCCESS
}
