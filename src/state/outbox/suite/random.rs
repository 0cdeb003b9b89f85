//! Random runs of commands, each on a store and on its model.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Builder;

use super::bench::Bench;

/// Commands of one run, at most.
const LENGTH: usize = 60;
const RUNS: u32 = 60;

/// Each run has a store of its own, which `start` makes.
pub(super) fn run<C: Debug, F: Future<Output = Option<Bench>>>(
    start: impl Fn() -> F,
    command: impl Strategy<Value = C>,
    play: impl AsyncFn(&Bench, &[C]) -> Result<(), TestCaseError>,
) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    // `PROPTEST_CASES` asks for another number of runs.
    let cases = std::env::var("PROPTEST_CASES").map_or(RUNS, |_| Config::default().cases);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let run = |commands: Vec<C>| {
        runtime.block_on(async {
            match start().await {
                Some(bench) => play(&bench, &commands).await,
                None => Ok(()),
            }
        })
    };
    runner.run(&vec(command, 1..LENGTH), run).unwrap_or_else(|error| panic!("{error}"));
}
