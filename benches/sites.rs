//! What a site costs that direct delivery remembers: memory while nothing happens, and time when the table is full.
//!
//! `cargo test --bench sites` prints both, and holds the memory: at most 2 KiB, for 10,000 sites whose keys are as long as a
//! key may be.

#![expect(clippy::print_stdout, reason = "the figures are the purpose")]
#![expect(clippy::expect_used, reason = "a bench that cannot be set up has no figure")]

use std::process::ExitCode;
use std::sync::Arc;

use smsp::delivery::mx::sites::{Answer, SiteKey, Sites};
use smsp::runtime::unix_time::UnixTime;
use tokio::time::Instant;

const SITES: i64 = 10_000;
/// The limit for one idle site.
const MAX_BYTES: i64 = 2048;

/// Servers whose names are this long together.
fn key(number: i64, length: usize) -> SiteKey {
    let name = format!("mx{number}.example.org");
    let long = format!("{name},{}", "a".repeat(length.saturating_sub(name.len() + 1)));
    SiteKey::of(&long.split(',').map(Arc::from).collect::<Vec<_>>())
}

fn fill(sites: &Arc<Sites>, first: i64, length: usize) {
    let now = Instant::now();
    for number in first..first + SITES {
        let permit = sites.admit(&key(number, length), UnixTime(number), now).expect("an idle site takes a mail");
        permit.end(Answer::Accepted, true, now);
    }
}

fn main() -> ExitCode {
    let mut most = 0;
    for length in [20, 60, 255] {
        let sites = Sites::new(20);
        let bytes = allocation_counter::measure(|| fill(&sites, 0, length)).bytes_current / SITES;
        let started = std::time::SystemTime::now();
        fill(&sites, SITES, length);
        let each = started.elapsed().unwrap_or_default() / u32::try_from(SITES).expect("few");
        println!(
            "a site with a key of {length} bytes: {bytes} bytes; {each:?} for a mail to a new one of a full table"
        );
        most = most.max(bytes);
    }
    if most > MAX_BYTES { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
