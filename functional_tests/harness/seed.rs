//! The seed of tests with random input: `SMSP_TEST_SEED` repeats what a failing test has printed.

/// The seed that is asked for, else a fresh one. All of them fit 32 bits, which other tools take too.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("SMSP_TEST_SEED").ok();
    given.map_or_else(|| fastrand::u64(..1 << 32), |seed| seed.parse().expect("SMSP_TEST_SEED is a number"))
}
