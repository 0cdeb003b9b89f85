//! What a circuit costs, beside what nothing can go below and beside what others offer: one table, one run.
//!
//! `cargo bench --bench circuit` prints it. `SMSP_BENCH_GATES=1` makes it exit with 1 if a gate is exceeded; that is
//! for a quiet machine whose `floor-swap` is well below the gates. `SMSP_BENCH_COUNT=ROW` takes a million turns of that
//! row and prints nothing, so that `valgrind --tool=callgrind` can count instructions on any machine: those of a turn
//! are the millions of its total.
//!
//! A round gives every row 40 chunks of 4096 turns, one row after the other, and keeps the median of each. `best` is
//! the round that neighbours disturbed least, and what gates look at; `median` is the round in the middle. A row that
//! ends in `-2` runs in two threads: only chunks count during which the other thread got half as far at least, and
//! only rounds most of whose chunks do (`NaN`: there were none, the machine is too busy); figures are those of one
//! thread. Blame passes through a `black_box`, so that no answer is known when this is compiled. `admit` forgets
//! its permit, which costs nothing: a mail settles its own, as in other rows.
//!
//! Allocations are counted, in one chunk of the thread that measures. Locks need no count: the
//! architecture test (`functional_tests/architecture.rs`) keeps `Mutex` and `RwLock` out of the circuit, and all that it waits for is its
//! own compare-and-swap.

#![expect(clippy::print_stdout, reason = "the table is the purpose")]
#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use failsafe::CircuitBreaker as _;
use smsp::delivery::circuit::{CallResult, Circuit, Rates, Settings, Settled};
use smsp::model::outcome::Blame;

const TURNS: u64 = 4096;
const CHUNKS: usize = 40;
/// The parts of a chunk that the other thread reports as done.
const PARTS: u64 = 16;
const ROUNDS: u64 = 60;
const COUNTED: u64 = 1_000_000;

/// Does so many turns, from this one on, as this thread.
type Work = Box<dyn Fn(usize, u64, u64) + Sync>;

struct Row {
    name: &'static str,
    /// Nanoseconds; a row that has a gate is ours and may not allocate either.
    gate: Option<f64>,
    two_threads: bool,
    work: Work,
    rounds: Vec<f64>,
}

impl Row {
    fn new(name: &'static str, turn: impl Fn(usize, u64) + Sync + 'static) -> Self {
        let work = Box::new(move |thread, from, turns| (from..from + turns).for_each(|i| turn(thread, i)));
        Self { name, gate: None, two_threads: false, work, rounds: Vec::new() }
    }

    fn gate(self, nanoseconds: f64) -> Self {
        Self { gate: Some(nanoseconds), ..self }
    }

    fn two_threads(self) -> Self {
        Self { two_threads: true, ..self }
    }

    fn round(&mut self, round: u64) {
        let from = round * TURNS * CHUNKS as u64;
        let mut chunks = if self.two_threads { self.chunks_beside_another(from) } else { self.chunks(from) };
        self.rounds.extend((chunks.len() > CHUNKS / 2).then(|| median(&mut chunks)));
    }

    fn chunks(&self, from: u64) -> Vec<f64> {
        (0..CHUNKS as u64).map(|chunk| self.chunk(from + chunk * TURNS)).collect()
    }

    fn chunk(&self, from: u64) -> f64 {
        let start = Instant::now();
        (self.work)(0, from, TURNS);
        start.elapsed().as_nanos() as f64 / TURNS as f64
    }

    /// Those during which the other thread did at least half as much.
    fn chunks_beside_another(&self, from: u64) -> Vec<f64> {
        let (at, parts, stop) = (AtomicU64::new(from), AtomicU64::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    (self.work)(1, at.load(Ordering::Relaxed), TURNS / PARTS);
                    parts.fetch_add(1, Ordering::Relaxed);
                }
            });
            while parts.load(Ordering::Relaxed) == 0 {
                thread::yield_now();
            }
            let beside = |chunk| {
                at.store(from + chunk * TURNS, Ordering::Relaxed);
                let before = parts.load(Ordering::Relaxed);
                let took = self.chunk(from + chunk * TURNS);
                (parts.load(Ordering::Relaxed) - before >= PARTS / 2).then_some(took)
            };
            let chunks = (0..CHUNKS as u64).filter_map(beside).collect();
            stop.store(true, Ordering::Relaxed);
            chunks
        })
    }

    fn allocations(&self) -> u64 {
        allocation_counter::measure(|| (self.work)(0, 0, TURNS)).count_total
    }

    fn best(&self) -> f64 {
        self.rounds.iter().copied().fold(f64::NAN, f64::min)
    }
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

const STREAK: Settings =
    Settings { consecutive_failures: 5, probes_to_close: 3, rates: None, ramps: true, start_closed: true, shards: 1 };

/// As the service has it, but for a share of failures that no row reaches.
fn window(shards: usize) -> Circuit {
    let rates = Rates {
        bucket: black_box(1000),
        min_calls: 20,
        failure_rate: 1.0,
        slow_rate: Some(1.0),
        early_failures: Some(2),
    };
    Circuit::new(Settings { rates: Some(rates), shards, ..STREAK })
}

fn open() -> Circuit {
    let circuit = Circuit::new(Settings { consecutive_failures: 1, ..STREAK });
    round_trip(&circuit, Blame::Failure, 0, 0);
    circuit
}

/// One mail that changes nothing; a thousand of them take a millisecond.
#[inline(always)]
fn round_trip(circuit: &Circuit, blame: Blame, thread: usize, i: u64) -> bool {
    let Some(permit) = black_box(circuit).admit() else { return false };
    let blame = black_box(blame);
    let (is_repeat, has_alternative) = (false, true);
    let result = CallResult { blame, slow: false, now: i >> 10, not_before: 0, thread, is_repeat, has_alternative };
    permit.settle(result) == Settled::NoTransition
}

fn one_in_ten(i: u64) -> Blame {
    if i.is_multiple_of(10) { Blame::Failure } else { Blame::Success }
}

fn mail(name: &'static str, circuit: Circuit, blame: impl Fn(u64) -> Blame + Sync + 'static) -> Row {
    Row::new(name, move |thread, i| {
        black_box(round_trip(&circuit, blame(i), thread, i));
    })
}

fn success(_: u64) -> Blame {
    Blame::Success
}

fn rows() -> Vec<Row> {
    vec![
        floor_load(),
        floor_add("floor-add"),
        floor_add("floor-add-2").two_threads(),
        floor_swap(),
        floor_mutex("floor-mutex"),
        floor_mutex("floor-mutex-2").two_threads(),
        admit("admit", Circuit::new(STREAK)).gate(1.0),
        admit("reject", open()).gate(1.0),
        mail("streak", Circuit::new(STREAK), success).gate(2.0),
        mail("window", window(1), success).gate(6.0),
        mail("window-failures", window(1), one_in_ten),
        mail("window-shared-2", window(1), success).two_threads(),
        mail("window-sharded-2", window(2), success).gate(8.0).two_threads(),
        recloser("recloser"),
        recloser("recloser-2").two_threads(),
        failsafe("failsafe"),
        failsafe("failsafe-2").two_threads(),
    ]
}

fn floor_load() -> Row {
    let word = AtomicU64::new(0);
    Row::new("floor-load", move |_, _| {
        black_box(black_box(&word).load(Ordering::Acquire));
    })
}

fn floor_add(name: &'static str) -> Row {
    let word = AtomicU64::new(0);
    Row::new(name, move |_, _| {
        black_box(black_box(&word).fetch_add(1, Ordering::Relaxed));
    })
}

/// What a window needs: one more, but only if no other thread was faster.
fn floor_swap() -> Row {
    let word = AtomicU64::new(0);
    Row::new("floor-swap", move |_, _| {
        let word = black_box(&word);
        let seen = word.load(Ordering::Relaxed);
        black_box(word.compare_exchange_weak(seen, seen + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok());
    })
}

fn floor_mutex(name: &'static str) -> Row {
    let mutex = Mutex::new(());
    Row::new(name, move |_, _| {
        black_box(black_box(&mutex).lock().is_ok());
    })
}

fn admit(name: &'static str, circuit: Circuit) -> Row {
    Row::new(name, move |_, _| {
        black_box(black_box(&circuit).admit().map(std::mem::forget).is_some());
    })
}

fn recloser(name: &'static str) -> Row {
    let recloser = recloser::Recloser::default();
    Row::new(name, move |_, _| {
        black_box(black_box(&recloser).call(|| black_box(Ok::<(), ()>(()))).is_ok());
    })
}

/// With its cheaper policy: failures in a row.
fn failsafe(name: &'static str) -> Row {
    let wait = failsafe::backoff::constant(Duration::from_secs(30));
    let policy = failsafe::failure_policy::consecutive_failures(5, wait);
    let failsafe = failsafe::Config::new().failure_policy(policy).build();
    Row::new(name, move |_, _| {
        black_box(black_box(&failsafe).call(|| black_box(Ok::<(), ()>(()))).is_ok());
    })
}

fn count(row: &str) -> ExitCode {
    match rows().iter().find(|known| known.name == row) {
        Some(row) => (row.work)(0, 0, COUNTED),
        None => {
            println!("no row {row}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn table(mut rows: Vec<Row>) -> bool {
    (0..ROUNDS).for_each(|round| rows.iter_mut().for_each(|row| row.round(round)));
    let best = |name: &str| rows.iter().find(|row| row.name == name).map_or(f64::NAN, Row::best);
    let (load, add) = (best("floor-load"), best("floor-add"));
    println!(
        "{:18}{:>9}{:>9}{:>8}{:>8}{:>8}{:>8}",
        "ns per turn", "best", "median", "x load", "x add", "allocs", "gate"
    );
    let mut all_hold = true;
    for row in &mut rows {
        let (best, allocations) = (row.best(), row.allocations());
        let (typical, held) = (median(&mut row.rounds), row.gate.map(|gate| best <= gate && allocations == 0));
        let gate = row.gate.map_or_else(String::new, |gate| gate.to_string());
        let verdict = held.map_or("", |held| if held { "holds" } else { "EXCEEDED" });
        println!(
            "{:18}{best:9.2}{typical:9.2}{:8.1}{:8.1}{allocations:8}{gate:>8} {verdict}",
            row.name,
            best / load,
            best / add
        );
        all_hold &= held != Some(false);
    }
    all_hold
}

fn main() -> ExitCode {
    if let Ok(row) = std::env::var("SMSP_BENCH_COUNT") {
        return count(&row);
    }
    let all_hold = table(rows());
    if all_hold || std::env::var_os("SMSP_BENCH_GATES").is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
