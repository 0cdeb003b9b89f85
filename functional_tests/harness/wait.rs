//! Waiting for a condition instead of sleeping: as fast as the machine allows, bounded, and with evidence when it fails.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longer than anything that works takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const POLL: Duration = Duration::from_millis(10);

/// Asks again until `check` gives a value; panics with its last evidence when `within` is over.
pub(crate) async fn eventually_within<T>(
    within: Duration,
    claim: &str,
    mut check: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + within;
    loop {
        match check().await {
            Ok(value) => return value,
            Err(evidence) if Instant::now() >= deadline => panic!("not within {within:?}: {claim}\n{evidence}"),
            Err(_) => sleep(POLL).await,
        }
    }
}

/// `eventually_within` with [`PATIENCE`].
pub(crate) async fn eventually<T>(claim: &str, check: impl AsyncFnMut() -> Result<T, String>) -> T {
    eventually_within(PATIENCE, claim, check).await
}

/// For checks that are true or false.
pub(crate) fn when(condition: bool, evidence: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(evidence()) }
}
